import { OptionsError, onlyKeys } from "../errors.ts";

/**
 * How the volume discount is given. `purchase`: the n-th purchase of the calendar month gets the tier that n falls in.
 * `volume`: the tier reached applies to the whole month, as a credit on its statement. `none`: full price.
 * @default "purchase"
 */
export type DiscountMode = "purchase" | "volume" | "none";

/** From the `from`-th purchase of the calendar month on, `percent` is taken off. */
export interface DiscountTier {
  /** The ordinal that it begins at, from 1. */
  from: number;
  /** 0 to 100. */
  percent: number;
}

export interface DiscountOptions {
  /** @default "purchase" */
  mode?: DiscountMode;
  /** Tiers of one's own, in ascending order of `from`. @default 5 % from the 1,000th, 10 % from the 5,001st purchase */
  tiers?: readonly DiscountTier[];
}

/** What was taken off an amount. */
export interface Discount {
  percent: number;
  /** The tier's first purchase of the month. */
  from: number;
}

/**
 * The published volume discounts, by the number of purchases in the calendar month. From the 10,001st on an enterprise contract has
 * its own rate; until there is one it stays at 10 %.
 */
const publishedTiers: readonly DiscountTier[] = Object.freeze([
  { from: 1, percent: 0 },
  { from: 1_000, percent: 5 },
  { from: 5_001, percent: 10 },
]);

const MODES: readonly DiscountMode[] = ["purchase", "volume", "none"];
const MOST_TIERS = 20;

/** Discounts with every default filled in. Tiers begin at the first purchase and ascend. */
export interface ResolvedDiscounts {
  mode: DiscountMode;
  tiers: readonly DiscountTier[];
}

/**
 * Reads `discounts`, with a contract's own tiers before the published ones.
 * @throws OptionsError naming the option: an unknown key or mode, tiers out of order, a percent outside 0 to 100.
 */
export function resolveDiscounts(
  options: DiscountOptions = {},
  contractTiers?: readonly DiscountTier[],
): ResolvedDiscounts {
  onlyKeys(options, "discounts", ["mode", "tiers"]);
  const mode = options.mode ?? "purchase";
  if (!MODES.includes(mode)) throw new OptionsError("discounts.mode", '"purchase", "volume" or "none"', mode);
  const tiers = options.tiers ? checkTiers(options.tiers, "discounts.tiers") : (contractTiers ?? publishedTiers);
  return { mode, tiers };
}

/** @throws OptionsError naming `option` when the tiers are not ascending or a percent is outside 0 to 100. */
export function checkTiers(tiers: readonly DiscountTier[], option: string): readonly DiscountTier[] {
  const wanted = `1 to ${MOST_TIERS} tiers { from, percent } with ascending whole from ≥ 1 and percent from 0 to 100`;
  if (!Array.isArray(tiers) || tiers.length === 0 || tiers.length > MOST_TIERS)
    throw new OptionsError(option, wanted, tiers);
  let last = 0;
  for (const tier of tiers as readonly DiscountTier[]) {
    const { from, percent } = tier ?? {};
    const fits = Number.isInteger(from) && from > last && typeof percent === "number" && percent >= 0 && percent <= 100;
    if (!fits) throw new OptionsError(option, wanted, tier);
    last = from;
  }
  return tiers[0]!.from === 1 ? tiers : [{ from: 1, percent: 0 }, ...tiers];
}

/**
 * What a settlement takes off purchase by purchase: the last tier whose `from` is not above the purchase's ordinal. In `volume`
 * mode that is nothing, for the credit stands on the statement.
 */
export function discountTiers(discounts: ResolvedDiscounts): readonly DiscountTier[] {
  return discounts.mode === "purchase" ? discounts.tiers : [{ from: 1, percent: 0 }];
}
