/** The budgets that meters wrote into a ledger, so that this process can show them. */

import { isMeterError } from "../errors.ts";
import type { Note, Store } from "../store/store.ts";
import { type Budget, type BudgetRule, resolveBudgets } from "./budget.ts";
import { counterPrefix } from "./counter.ts";
import { type BudgetStanding, standings } from "./standing.ts";
import { createWindows, validWeekStart, type WeekStart } from "./window.ts";
import { validZone } from "./zone.ts";

export interface RegisteredBudget {
  rule: BudgetRule;
  timezone: string;
  weekStart: WeekStart;
  /** When a meter last registered it, in milliseconds since the epoch. */
  registeredAt: number;
}

/** A note that this version cannot read; another version wrote it. */
export interface UnreadableBudget {
  key: string;
  why: string;
}

export interface Registry {
  budgets: RegisteredBudget[];
  unreadable: UnreadableBudget[];
}

export async function readRegistry(store: Store, at: number): Promise<Registry> {
  const registry: Registry = { budgets: [], unreadable: [] };
  for (const note of await store.listNotes("budget", at)) {
    try {
      registry.budgets.push(readNote(note));
    } catch (error) {
      if (!isMeterError(error) && !(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
      registry.unreadable.push({ key: note.key, why: (error as Error).message });
    }
  }
  return registry;
}

function readNote({ key, value, at }: Note): RegisteredBudget {
  const { budget, timezone, weekStart } = JSON.parse(value) as { budget: Budget; timezone: string; weekStart: string };
  const [rule] = resolveBudgets([budget]);
  // The note's key is what its counters are known by: a budget without a name of its own was given one when it was written.
  return {
    rule: { ...rule!, key },
    timezone: validZone(timezone, "timezone"),
    weekStart: validWeekStart(weekStart, "weekStart"),
    registeredAt: at,
  };
}

/** How one budget stands: a line, or one for each value it is split by. */
export async function standingOf(
  { rule, timezone, weekStart }: RegisteredBudget,
  store: Store,
  at: number,
): Promise<BudgetStanding[]> {
  const windows = createWindows(timezone, weekStart);
  const counters = await store.counters({ prefix: counterPrefix(rule, at, windows), at });
  return standings([rule], counters, at, windows);
}
