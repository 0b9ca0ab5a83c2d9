import { type Decimal, fromNano, type Nano, toNano } from "../money.ts";
import type { LedgerPurchase } from "./purchases.ts";

/** From the `from`-th purchase of the calendar month on, `percent` is taken off. */
export interface VolumeTier {
  from: number;
  percent: number;
}

/** How a meter gives the volume discount: purchase by purchase, as a credit for the whole month, or not at all. */
export interface VolumeDiscounts {
  mode: "purchase" | "volume" | "none";
  tiers: readonly VolumeTier[];
}

/** The tier reached, given on the whole month. */
export interface VolumeCredit {
  /** Charged purchases; free and cached calls do not count. */
  purchases: number;
  percent: number;
  /** The first purchase of the tier. */
  from: number;
  /** What the percentage is taken of: amounts settled from the rate card or a contract. */
  of: Decimal;
  amount: Decimal;
}

/** Other prices may carry the account's own discount already. */
const DISCOUNTED_BASES = new Set(["rate-card", "contract"]);

/** The tier that the `count`-th purchase of a month falls in. */
export function tierReached(tiers: readonly VolumeTier[], count: number): VolumeTier {
  return tiers.findLast(({ from }) => from <= count) ?? { from: 1, percent: 0 };
}

/** Whether a purchase counts towards the month's tiers: fal charged for it, and the amount is known. */
export function countsForVolume({ entry }: LedgerPurchase): boolean {
  return entry.outcome === "charged" && entry.actual !== null;
}

export function isDiscounted({ entry }: LedgerPurchase): boolean {
  return DISCOUNTED_BASES.has(entry.basis);
}

/** `null` unless the discount is given on the whole month. */
export function volumeCreditOf(
  purchases: readonly LedgerPurchase[],
  { mode, tiers }: VolumeDiscounts,
): VolumeCredit | null {
  if (mode !== "volume") return null;
  const counted = purchases.filter(countsForVolume);
  const { percent, from } = tierReached(tiers, counted.length);
  const discounted = counted.filter(isDiscounted).reduce<Nano>((sum, { cost }) => sum + (cost ?? 0n), 0n);
  const of = fromNano(discounted < 0n ? 0n : discounted);
  return { purchases: counted.length, percent, from, of, amount: fromNano(toNano(of.mul(percent).div(100))) };
}
