import { describe, expect, it } from "vitest";
import { decimal, lessPercent } from "../../src/money.ts";
import { type DiscountTier, discountTiers, resolveDiscounts } from "../../src/price/discount.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";

/** As a store picks it when a purchase is settled. */
function tierAt(tiers: readonly DiscountTier[], ordinal: number): DiscountTier {
  return tiers.findLast(({ from }) => from <= ordinal)!;
}

describe("volume discounts", () => {
  it.each([
    [1, "0.04"],
    [999, "0.04"],
    [1000, "0.038"],
    [5000, "0.038"],
    [5001, "0.036"],
    [10000, "0.036"],
    [10001, "0.036"],
  ])("the purchase number %i of a month costs %s of four cents", (ordinal, amount) => {
    const { percent } = tierAt(discountTiers(resolveDiscounts()), ordinal);
    expect(lessPercent(decimal("0.04"), percent).toFixed()).toBe(amount);
  });

  it("is taken exactly, to the last nano-dollar and beyond", () => {
    expect(lessPercent(decimal("0.000000001"), 5).toFixed()).toBe("0.00000000095");
    expect(lessPercent(decimal("0.03"), 12.5).toFixed()).toBe("0.02625");
  });

  it("takes nothing off purchase by purchase in the other modes", () => {
    for (const mode of ["volume", "none"] as const) {
      expect(discountTiers(resolveDiscounts({ mode }))).toEqual([{ from: 1, percent: 0 }]);
    }
  });

  it("prefers tiers given, then a contract's, and begins every list at the first purchase", () => {
    const contract = resolvePrices({}, { tiers: [{ from: 10, percent: 20 }] });
    expect(discountTiers(resolveDiscounts({}, contract.contractTiers))).toEqual([
      { from: 1, percent: 0 },
      { from: 10, percent: 20 },
    ]);
    const given = resolveDiscounts({ tiers: [{ from: 1, percent: 3 }] }, contract.contractTiers);
    expect(tierAt(discountTiers(given), 10).percent).toBe(3);
  });

  it.each([
    [{ mode: "monthly" }, "discounts.mode"],
    [{ tier: [] }, "discounts.tier"],
    [{ tiers: [] }, "discounts.tiers"],
    [
      {
        tiers: [
          { from: 2, percent: 5 },
          { from: 2, percent: 6 },
        ],
      },
      "discounts.tiers",
    ],
    [{ tiers: [{ from: 1, percent: 101 }] }, "discounts.tiers"],
    [{ tiers: [null] }, "discounts.tiers"],
  ])("refuses %j and names the option", (options, option) => {
    expect(() => resolveDiscounts(options as never)).toThrowError(
      expect.objectContaining({ name: "OptionsError", option }),
    );
  });
});
