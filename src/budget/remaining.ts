import { type Decimal, fromNano } from "../money.ts";
import type { CounterState } from "../store/store.ts";
import type { BudgetRule } from "./budget.ts";
import { counterOf } from "./counter.ts";
import { remainingOf } from "./gate.ts";
import type { Windows } from "./window.ts";

/** What a budget had left when it was last heard of. */
export interface Left {
  budget: string;
  limit: Decimal;
  /** `limit − spent − held`, never below zero. */
  remaining: Decimal;
}

/** What the holds and settlements of this process have seen of its budgets: for telling, never for deciding. */
export interface Remaining {
  /** Counters as a hold or a settlement left them. */
  moved(counters: readonly CounterState[]): void;
  /** Of the budgets that a call of `at` counts under, those that were heard of, the tightest first. */
  left(call: Parameters<typeof counterOf>[1], at: number): Left[];
}

/** Counters remembered; beyond it the one that moved longest ago is forgotten. */
const MOST_COUNTERS = 10_000;

export function createRemaining(rules: readonly BudgetRule[], windows: Windows): Remaining {
  const latest = new Map<string, CounterState>();
  return {
    moved(counters) {
      for (const state of counters) {
        latest.delete(state.counter);
        latest.set(state.counter, state);
        const [oldest] = latest.keys();
        if (latest.size > MOST_COUNTERS && oldest !== undefined) latest.delete(oldest);
      }
    },
    left: (call, at) =>
      rules
        .flatMap((rule): Left[] => {
          const state = rule.matches(call) ? latest.get(counterOf(rule, call, at, windows)) : undefined;
          if (!state) return [];
          const remaining = fromNano(remainingOf(rule.limit, state));
          return [{ budget: rule.name, limit: rule.limitDollars, remaining }];
        })
        .sort((a, b) => a.remaining.cmp(b.remaining)),
  };
}
