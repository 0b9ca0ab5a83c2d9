import { type Decimal, fromNano } from "../money.ts";
import type { CounterState } from "../store/store.ts";
import type { BudgetRule } from "./budget.ts";
import { counterPrefix, parseCounterId, type SplitValue } from "./counter.ts";
import { remainingOf } from "./gate.ts";
import type { Windows } from "./window.ts";

/** How a budget stands in its current window. */
export interface BudgetStanding {
  name: string;
  limit: Decimal;
  /** Settled in this window. */
  spent: Decimal;
  /** Promised to calls under way. */
  held: Decimal;
  /** `limit − spent − held`, never below zero. */
  remaining: Decimal;
  /** First instant of the window; `null` for a budget per request or for all time. */
  windowStart: Date | null;
  /** When the window ends, or for a rolling one when its oldest amount leaves; `null` where nothing will change by itself. */
  resetsAt: Date | null;
  /** For a budget with `splitBy`: whose standing this is, `"(none)"` for the calls without the tag. */
  split?: string;
}

const NOTHING = { spent: 0n, held: 0n, nextReleaseAt: null };

/**
 * Every budget as it stands at `at`: one line for each, and for a split one a line for each value seen in this window.
 * Counters of other windows and of other budgets are passed over; a budget with no counter yet has spent nothing.
 */
export function standings(
  rules: readonly BudgetRule[],
  counters: readonly CounterState[],
  at: number,
  windows: Windows,
): BudgetStanding[] {
  return rules.flatMap((rule) => {
    const prefix = counterPrefix(rule, at, windows);
    const seen = counters
      .filter(({ counter }) => counter.startsWith(prefix))
      .flatMap((state) => {
        const split = parseCounterId(state.counter)?.split;
        return split && isOf(rule, split) ? [{ state, split }] : [];
      })
      .sort((a, b) => (a.state.counter < b.state.counter ? -1 : 1));
    if (seen.length === 0) return [standing(rule, NOTHING, at, windows)];
    return seen.map(({ state, split }) => ({ ...standing(rule, state, at, windows), ...shownSplit(split) }));
  });
}

/** A budget that was split otherwise earlier in the window left counters that are no longer its own. */
function isOf(rule: BudgetRule, split: SplitValue): boolean {
  if (rule.split?.by === "tag") return split.by === "tag" && split.tag === rule.split.tag;
  return split.by === (rule.split?.by ?? "all");
}

function standing(
  rule: BudgetRule,
  state: Pick<CounterState, "spent" | "held" | "nextReleaseAt">,
  at: number,
  windows: Windows,
): BudgetStanding {
  const { start, end } = boundsOf(rule, state.nextReleaseAt, at, windows);
  return {
    name: rule.name,
    limit: rule.limitDollars,
    spent: fromNano(state.spent),
    held: fromNano(state.held),
    remaining: fromNano(remainingOf(rule.limit, state)),
    windowStart: start === null ? null : new Date(start),
    resetsAt: end === null ? null : new Date(end),
  };
}

function boundsOf({ per }: BudgetRule, nextReleaseAt: number | null, at: number, windows: Windows) {
  if (per === "request" || per === "total") return { start: null, end: null };
  if (typeof per === "string") return windows.at(per, at);
  return { start: at - per.rollingMs, end: nextReleaseAt };
}

function shownSplit(split: SplitValue): { split?: string } {
  return split.by === "all" ? {} : { split: split.value ?? "(none)" };
}
