import { fromNano, type Nano, toNano } from "../../money.ts";
import { periodAt } from "../period.ts";
import type { LedgerPurchase } from "../purchases.ts";
import type { Calendars } from "../summary.ts";
import { countsForVolume, isDiscounted, tierReached, type VolumeDiscounts } from "../volume-credit.ts";
import { type Advice, counted, evidenceOf, shown } from "./advise.ts";

/** A tier further away than a fifth of its way is only worth a word when this month's pace reaches it. */
const NEAR = 0.8;
/** A month's first calls say nothing about its pace. */
const LEAST_ELAPSED_MS = 3 * 86_400_000;

/**
 * How far the next volume tier is. `saving` is what it takes off the purchases that this month's pace still brings beyond it;
 * `purchases` are all that are known, of which this month's count.
 */
export function nextVolumeTier(
  purchases: readonly LedgerPurchase[],
  discounts: VolumeDiscounts,
  at: number,
  calendars: Calendars,
): Advice[] {
  if (discounts.mode === "none") return [];
  const month = periodAt(calendars, "month", at);
  const ours = purchases.filter(
    (each) => countsForVolume(each) && each.entry.at >= month.start && each.entry.at < month.end,
  );
  const reached = tierReached(discounts.tiers, ours.length);
  const next = discounts.tiers.find(({ from, percent }) => from > ours.length && percent > reached.percent);
  if (!next || ours.length === 0) return [];
  const projected = Math.floor(
    (ours.length * (month.end - month.start)) / Math.max(LEAST_ELAPSED_MS, at - month.start),
  );
  if (projected < next.from && ours.length < next.from * NEAR) return [];
  const discounted = ours.filter(isDiscounted);
  if (discounted.length === 0) return [];
  const spent = discounted.reduce<Nano>((total, { cost }) => total + (cost ?? 0n), 0n);
  const beyond = Math.max(0, projected - next.from + 1);
  const saved = toNano(
    fromNano(spent)
      .div(ours.length)
      .mul(beyond)
      .mul(next.percent - reached.percent)
      .div(100),
  );
  return [
    {
      kind: "next-volume-tier",
      title: `${counted(next.from - ours.length, "purchase")} until ${next.percent} % off${saved > 0n ? `, worth ${shown(saved)} by the end of the month at this pace` : ""}`,
      saving: fromNano(saved),
      endpointId: null,
      evidence: evidenceOf(
        ours.map(({ entry }) => entry),
        spent,
      ),
      how: "Where work can be moved, do it in this month rather than at the start of the next.",
    },
  ];
}
