import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionsError } from "../src/errors.ts";
import { decimal, dollars, fromNano, lessPercent, money, plain, sum, toNano, toNanoUp } from "../src/money.ts";

describe("dollars", () => {
  it("keeps a decimal string to the last digit", () => {
    expect(plain(dollars("0.000000001", "limit"))).toBe("0.000000001");
    expect(plain(dollars(0.1, "limit").add(dollars("0.2", "limit")))).toBe("0.3");
  });

  it("takes any plain amount up to a trillion, as a number, a string or a Decimal", () => {
    for (const amount of ["0", "5", "1234.5", "999999999999.999999999999999999"]) {
      expect(plain(dollars(amount, "limit"))).toBe(amount);
      expect(plain(dollars(decimal(amount), "limit"))).toBe(amount);
    }
    expect(plain(dollars(1e-7, "limit"))).toBe("0.0000001");
    expect(plain(dollars(1e12, "limit"))).toBe("1000000000000");
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

  it("has a comma before every three digits of whole dollars and none behind the point", () => {
    expect(money(decimal("123456789.1234567"))).toBe("$123,456,789.1234567");
    expect(money(decimal("123"))).toBe("$123.00");
  });

  it("has its sign before the dollar, and nothing at all has none", () => {
    expect(money(decimal("-1234.5"))).toBe("-$1,234.50");
    expect(money(fromNano(0n))).toBe("$0.00");
  });
});

describe("arithmetic", () => {
  it("keeps 40 digits and never prints an exponent, whatever others do to decimal.js", () => {
    expect(plain(decimal(1).div(3))).toBe(`0.${"3".repeat(40)}`);
    expect(String(decimal("0.000000000000000000000000000001"))).toBe("0.000000000000000000000000000001");
    expect(String(decimal(`1${"0".repeat(30)}`))).toBe(`1${"0".repeat(30)}`);
  });

  it("adds up any number of amounts, and none to zero", () => {
    expect(plain(sum([decimal("0.1"), decimal("0.2"), decimal("-0.05")]))).toBe("0.25");
    expect(plain(sum([]))).toBe("0");
  });

  it("takes a percentage off exactly, and none from the amount itself", () => {
    expect(plain(lessPercent(decimal("0.30"), 15))).toBe("0.255");
    expect(plain(lessPercent(decimal("0.30"), 100))).toBe("0");
    const amount = decimal("0.30");
    expect(lessPercent(amount, 0)).toBe(amount);
  });
});
