import type { Entry } from "../store/store.ts";
import type { Advice } from "./advice/advise.ts";
import { estimateDrift, lostBills } from "./advice/bills.ts";
import { type DraftPrice, draftFirst, mergeRequests, type PriceOfUnits, wholeMinutes } from "./advice/bursts.ts";
import { type CheaperWay, cheaperWays } from "./advice/cheaper.ts";
import { repeatedRequests, repeatsOf } from "./advice/repeats.ts";
import { nextVolumeTier } from "./advice/volume.ts";
import { paidPurchases, purchasesOf } from "./purchases.ts";
import type { Calendars } from "./summary.ts";
import type { VolumeDiscounts } from "./volume-credit.ts";

/** What the ledger cannot know: the prices of what was not bought. Without one, its advice is not given. */
export interface AdvicePrices {
  /** Cheaper ways to have bought the same: a smaller size tier, a cheaper sibling, no sound. */
  cheaper?: (entry: Entry) => readonly CheaperWay[];
  draft?: DraftPrice;
  units?: PriceOfUnits;
}

export interface AdviceInput {
  /** Of the range to be advised on, and of the whole current month for the volume tiers. */
  entries: readonly Entry[];
  at: number;
  calendars: Calendars;
  discounts: VolumeDiscounts;
  /** How long a cache would keep an answer, in milliseconds. @default a day */
  cacheTtlMs?: number;
  prices?: AdvicePrices;
}

const DAY_MS = 86_400_000;

/** What the ledger says could cost less, the largest saving first. Of a ledger without waste it says nothing. */
export function advice({ entries, at, calendars, discounts, cacheTtlMs = DAY_MS, prices = {} }: AdviceInput): Advice[] {
  const purchases = purchasesOf(entries);
  const paid = paidPurchases(entries);
  // A repeat is waste already; where it was one of a burst it is not counted again.
  const repeats = new Set(repeatsOf(paid, cacheTtlMs).map(({ entry }) => entry.id));
  const firsts = paid.filter(({ entry }) => !repeats.has(entry.id));
  const found = [
    ...repeatedRequests(paid, cacheTtlMs),
    ...(prices.cheaper ? cheaperWays(firsts, prices.cheaper) : []),
    ...(prices.draft ? draftFirst(firsts, prices.draft) : []),
    ...(prices.units ? wholeMinutes(firsts, prices.units) : []),
    ...mergeRequests(firsts, prices.units),
    ...nextVolumeTier(purchases, discounts, at, calendars),
    ...estimateDrift(paid),
    ...lostBills(purchases),
  ];
  return found.sort((a, b) => b.saving.cmp(a.saving));
}
