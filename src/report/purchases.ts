import { type Decimal, fromNano, type Nano } from "../money.ts";
import type { Entry } from "../store/store.ts";

/** A purchase of the ledger with the corrections that name it added up. */
export interface LedgerPurchase {
  readonly entry: Entry;
  /** What it cost; `null` while nobody knows. */
  readonly cost: Nano | null;
}

/** The purchases among entries, in order of sending. Corrections of purchases that are not among them are left out. */
export function purchasesOf(entries: readonly Entry[]): LedgerPurchase[] {
  const corrected = new Map<string, Nano>();
  for (const { kind, about, actual } of entries) {
    if (kind === "correction" && about !== null) corrected.set(about, (corrected.get(about) ?? 0n) + (actual ?? 0n));
  }
  return entries
    .filter(({ kind }) => kind === "purchase")
    .map((entry) => ({ entry, cost: withCorrection(entry.actual, corrected.get(entry.id)) }))
    .sort((a, b) => a.entry.at - b.entry.at || (a.entry.seq ?? 0) - (b.entry.seq ?? 0));
}

function withCorrection(actual: Nano | null, correction: Nano | undefined): Nano | null {
  return correction === undefined ? actual : (actual ?? 0n) + correction;
}

/** Those that fal charged a known amount above zero for. */
export function paidPurchases(entries: readonly Entry[]): { entry: Entry; cost: Nano }[] {
  return purchasesOf(entries).flatMap(({ entry, cost }) =>
    entry.outcome === "charged" && cost !== null && cost > 0n ? [{ entry, cost }] : [],
  );
}

/** What a purchase costs, by the purchases of a range. */
export interface PurchaseCost {
  /** Mean; `null` where no purchase has a known cost. Rounded to the nano-dollar. */
  average: Decimal | null;
  /** 95 of 100 purchases cost no more than this (nearest rank). */
  p95: Decimal | null;
  /** Purchases it is taken from: billed or assumed billed, with a known cost. */
  purchases: number;
  /** `sample` when the range held more entries than were read. */
  taken: "all" | "sample";
}

export function purchaseCost(entries: readonly Entry[], taken: PurchaseCost["taken"]): PurchaseCost {
  const costs = purchasesOf(entries).flatMap(({ entry, cost }) =>
    entry.outcome === "free" || cost === null ? [] : [cost],
  );
  if (costs.length === 0) return { average: null, p95: null, purchases: 0, taken };
  costs.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const total = costs.reduce((sum, cost) => sum + cost, 0n);
  return {
    average: fromNano(total).div(costs.length).toDecimalPlaces(9),
    p95: fromNano(costs[Math.ceil(costs.length * 0.95) - 1]!),
    purchases: costs.length,
    taken,
  };
}
