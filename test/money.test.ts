import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionsError } from "../src/errors.ts";
import { decimal, dollars, fromNano, money, plain, toNano, toNanoUp } from "../src/money.ts";

describe("dollars", () => {
  it("keeps a decimal string to the last digit", () => {
    expect(plain(dollars("0.000000001", "limit"))).toBe("0.000000001");
    expect(plain(dollars(0.1, "limit").add(dollars("0.2", "limit")))).toBe("0.3");
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "1e3", "-1", "five", "", "0x10", 1e13, null, {}])(
    "refuses %s and names the option",
    (bad) => {
      expect(() => dollars(bad as number, "budgets[0].limit")).toThrow(OptionsError);
      expect(() => dollars(bad as number, "budgets[0].limit")).toThrow(/^budgets\[0\]\.limit must be/);
    },
  );
});

describe("nano-dollars", () => {
  it("round a bill to the nearest and a hold up", () => {
    expect(toNano(decimal("0.0000000014"))).toBe(1n);
    expect(toNano(decimal("0.0000000015"))).toBe(2n);
    expect(toNanoUp(decimal("0.0000000011"))).toBe(2n);
  });

  it("come back as the same dollars, whatever the amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (nano) => {
        expect(toNano(fromNano(nano))).toBe(nano);
      }),
    );
  });
});

describe("money for people", () => {
  it("has two decimals at least, every digit that counts, and no exponent", () => {
    expect(money(decimal("0.04"))).toBe("$0.04");
    expect(money(decimal("1234.5"))).toBe("$1,234.50");
    expect(money(decimal("0.0000001"))).toBe("$0.0000001");
    expect(plain(decimal("0.0000001"))).toBe("0.0000001");
  });
});
