import type { Events } from "../events.ts";
import { fromNano } from "../money.ts";
import type { CounterState } from "../store/store.ts";
import type { BudgetRule } from "./budget.ts";
import { parseCounterId } from "./counter.ts";
import { crossedAlerts } from "./gate.ts";
import type { Windows } from "./window.ts";

/** Tells of budgets that reach a threshold and of windows that begin, once each in this process. */
export interface Alerts {
  /** Counters as a hold or a settlement left them. */
  moved(counters: readonly CounterState[], at: number): void;
}

/** Counters remembered; beyond it the oldest is forgotten and may be told of again. */
const MOST_COUNTERS = 10_000;

const NOTHING = { spent: 0n, held: 0n };

export function createAlerts(rules: readonly BudgetRule[], windows: Windows, events: Events): Alerts {
  const ruleByKey = new Map(rules.map((rule) => [rule.key, rule]));
  /** The most that each counter has come to; a threshold is crossed once although money is given back and held again. */
  const peaks = new Map<string, Pick<CounterState, "spent" | "held">>();
  const lastWindow = new Map<string, string>();

  function begin(rule: BudgetRule, windowId: string, at: number) {
    const before = lastWindow.get(rule.key);
    if (before === windowId) return;
    lastWindow.set(rule.key, windowId);
    if (before === undefined || typeof rule.per !== "string" || rule.per === "request") return;
    const { start, end } = windows.at(rule.per, at);
    events.emit({
      type: "budget-reset",
      at,
      budget: rule.name,
      windowStart: new Date(start),
      resetsAt: end === null ? null : new Date(end),
    });
  }

  function warn(rule: BudgetRule, state: CounterState, at: number) {
    const before = peaks.get(state.counter) ?? NOTHING;
    if (state.spent + state.held <= before.spent + before.held) return;
    peaks.delete(state.counter);
    peaks.set(state.counter, state);
    const [oldest] = peaks.keys();
    if (peaks.size > MOST_COUNTERS && oldest !== undefined) peaks.delete(oldest);
    const resetsAt =
      typeof rule.per === "string" && rule.per !== "request" ? windows.at(rule.per, at).end : state.nextReleaseAt;
    for (const { fraction } of crossedAlerts(rule, before, state)) {
      events.emit({
        type: "budget-warned",
        at,
        budget: rule.name,
        fraction,
        limit: rule.limitDollars,
        spent: fromNano(state.spent),
        held: fromNano(state.held),
        resetsAt: resetsAt === null ? null : new Date(resetsAt),
      });
    }
  }

  return {
    moved(counters, at) {
      for (const state of counters) {
        const name = parseCounterId(state.counter);
        const rule = name && ruleByKey.get(name.key);
        if (!rule) continue;
        if (typeof rule.per === "string") begin(rule, name.windowId, at);
        if (rule.alerts.length > 0) warn(rule, state, at);
      }
    },
  };
}
