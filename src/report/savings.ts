import { type Decimal, fromNano } from "../money.ts";
import type { Entry } from "../store/store.ts";
import type { SpendTotals } from "./summary.ts";

interface Sample {
  entries: readonly Entry[];
  taken: "all" | "sample";
}

/** What was not bought because it had been bought before, or was being bought. */
export interface Savings {
  /** Exact, whatever was sampled. */
  saved: Decimal;
  cachedCalls: number;
  joinedCalls: number;
  /** The cached part of `saved`; `null` where the entries that tell the parts apart were only sampled. */
  cached: Decimal | null;
  joined: Decimal | null;
}

export function savingsOf(totals: SpendTotals, { entries, taken }: Sample): Savings {
  const part = (kind: Entry["kind"]) =>
    taken === "sample" ? null : fromNano(savedBy(entries.filter((entry) => entry.kind === kind)));
  return {
    saved: totals.saved,
    cachedCalls: totals.cached,
    joinedCalls: totals.joined,
    cached: part("hit"),
    joined: part("join"),
  };
}

/** What budgets kept from being bought. It was not saved: the caller did not get it. */
export interface Refusals {
  calls: number;
  /** What the refused calls could have cost; `null` where entries were only sampled. Calls of unknown price are not in it. */
  requested: Decimal | null;
  /** The most refused first. */
  budgets: { budget: string; calls: number; requested: Decimal }[];
  taken: Sample["taken"];
}

export function refusalsOf(totals: SpendTotals, { entries, taken }: Sample): Refusals {
  const refusals = entries.filter(({ kind }) => kind === "refusal");
  const names = [...new Set(refusals.map(({ about }) => about ?? ""))];
  const budgets = names.map((budget) => {
    const its = refusals.filter(({ about }) => (about ?? "") === budget);
    return { budget, calls: its.length, requested: fromNano(savedBy(its)) };
  });
  return {
    calls: totals.refused,
    requested: taken === "sample" ? null : fromNano(savedBy(refusals)),
    budgets: budgets.sort((a, b) => b.calls - a.calls || (a.budget < b.budget ? -1 : 1)),
    taken,
  };
}

function savedBy(entries: readonly Entry[]): bigint {
  return entries.reduce((total, { saved }) => total + (saved ?? 0n), 0n);
}
