/** How the budgets stand that meters wrote into the ledger. */

import { type RegisteredBudget, standingOf } from "../budget/registry.ts";
import type { BudgetStanding } from "../budget/standing.ts";
import { plain } from "../money.ts";
import type { Ledger } from "./ledger.ts";

/** A budget, and where it stands: once, or once for each value that it is split by. */
export interface Stood {
  budget: RegisteredBudget;
  standing: BudgetStanding;
}

export interface ShownBudget {
  name: string;
  /** Whose, where the budget is split. */
  split: string | null;
  /** `day`, or `rolling 24h`. */
  per: string;
  onExceed: "refuse" | "warn";
  limit: string;
  spent: string;
  held: string;
  remaining: string;
  /** `(spent + held) / limit`, for a bar; 1 is full, more is an overrun. */
  used: number;
  windowStart: Date | null;
  resetsAt: Date | null;
}

export interface Budgets {
  /** The fullest first. */
  budgets: ShownBudget[];
  /** Beyond the ones sent. */
  more: number;
  /** Registered by another version and not understood by this one. */
  unreadable: number;
}

const BUDGETS_MOST = 200;

export async function standingsIn({ store, registry, at }: Ledger): Promise<Stood[]> {
  const stood: Stood[] = [];
  for (const budget of registry.budgets) {
    for (const standing of await standingOf(budget, store, at)) stood.push({ budget, standing });
  }
  return stood;
}

export async function budgetsOf(ledger: Ledger): Promise<Budgets> {
  const all = (await standingsIn(ledger)).map(shownBudget).sort((a, b) => b.used - a.used);
  return {
    budgets: all.slice(0, BUDGETS_MOST),
    more: Math.max(0, all.length - BUDGETS_MOST),
    unreadable: ledger.registry.unreadable.length,
  };
}

function shownBudget({ budget: { rule }, standing }: Stood): ShownBudget {
  const { name, limit, spent, held, remaining, windowStart, resetsAt, split } = standing;
  const taken = spent.add(held);
  return {
    name,
    split: split ?? null,
    per: periodOf(rule.per),
    onExceed: rule.onExceed,
    limit: plain(limit),
    spent: plain(spent),
    held: plain(held),
    remaining: plain(remaining),
    used: limit.isZero() ? (taken.isZero() ? 0 : 1) : Number(taken.div(limit).toFixed(4)),
    windowStart,
    resetsAt,
  };
}

const HOUR_MS = 3_600_000;

export function periodOf(per: RegisteredBudget["rule"]["per"]): string {
  if (typeof per === "string") return per;
  const hours = per.rollingMs / HOUR_MS;
  if (hours >= 48 && hours % 24 === 0) return `rolling ${hours / 24} days`;
  return hours >= 1
    ? `rolling ${Number(hours.toFixed(1))} h`
    : `rolling ${Number((per.rollingMs / 60_000).toFixed(1))} min`;
}
