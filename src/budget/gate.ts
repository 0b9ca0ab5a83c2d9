import type { EndpointId, Tags } from "../call.ts";
import type { BudgetRefusal } from "../errors.ts";
import { fromNano, type Nano, zero } from "../money.ts";
import type { Charge, CounterState } from "../store/store.ts";
import type { Alert, BudgetRule } from "./budget.ts";
import { counterOf } from "./counter.ts";
import type { Windows } from "./window.ts";

/** What stands between a call and the money. */
export interface Guards {
  /** For the store: all of them hold the call's amount, or none does. */
  readonly charges: Charge[];
  /** Budgets per request, which need no counter. */
  readonly requestCaps: BudgetRule[];
}

/** Money counted under a budget. */
type Counted = Pick<CounterState, "spent" | "held">;

/** The budgets that guard a call made at `at`. */
export function chargesFor(
  rules: readonly BudgetRule[],
  call: { endpointId: EndpointId; tags: Tags },
  at: number,
  windows: Windows,
): Guards {
  const charges: Charge[] = [];
  const requestCaps: BudgetRule[] = [];
  for (const rule of rules) {
    if (!rule.matches(call)) continue;
    const { per } = rule;
    if (per === "request") {
      requestCaps.push(rule);
      continue;
    }
    charges.push({
      counter: counterOf(rule, call, at, windows),
      budget: rule.name,
      limit: rule.onExceed === "warn" ? null : rule.limit,
      window:
        typeof per === "string"
          ? { kind: "fixed", endsAt: windows.at(per, at).end }
          : { kind: "rolling", lengthMs: per.rollingMs },
    });
  }
  return { charges, requestCaps };
}

/** The first budget per request that a call of this price crosses and that refuses; an unknown price crosses none. */
export function checkRequestCaps(caps: readonly BudgetRule[], high: Nano | null): BudgetRule | null {
  return caps.find((rule) => rule.onExceed === "refuse" && exceeds(rule, high)) ?? null;
}

/** The budgets per request that a call of this price crosses and that only warn. */
export function warnedRequestCaps(caps: readonly BudgetRule[], high: Nano | null): BudgetRule[] {
  return caps.filter((rule) => rule.onExceed === "warn" && exceeds(rule, high));
}

function exceeds(rule: BudgetRule, high: Nano | null): boolean {
  return high !== null && high > rule.limit;
}

/** What refused a call: a cap on one request, or a charge that the store would not hold. */
export type RefusedBy = { endpointId: EndpointId; requested: Nano } & (
  | { cap: { name: string; limit: Nano } }
  | { charge: Charge; counter: CounterState }
);

/**
 * Why a call was refused. The same call could pass later when its amount fits the limit at all and either the window
 * ends or, where it never does, the money held now would make room once given back. A cap on one request never lets it.
 */
export function refusal(by: RefusedBy): BudgetRefusal {
  const { endpointId, requested } = by;
  const asked = { endpointId, requested: fromNano(requested) };
  if ("cap" in by) {
    const limit = fromNano(by.cap.limit);
    return {
      ...asked,
      budget: by.cap.name,
      limit,
      spent: zero,
      held: zero,
      remaining: limit,
      resetsAt: null,
      transient: false,
    };
  }
  const { charge, counter } = by;
  const limit = charge.limit ?? 0n;
  const { window } = charge;
  const resetsAt = window.kind === "rolling" ? counter.nextReleaseAt : window.endsAt;
  const endless = window.kind === "fixed" && window.endsAt === null;
  return {
    ...asked,
    budget: charge.budget,
    limit: fromNano(limit),
    spent: fromNano(counter.spent),
    held: fromNano(counter.held),
    remaining: fromNano(remainingOf(limit, counter)),
    resetsAt: resetsAt === null ? null : new Date(resetsAt),
    transient: (endless ? counter.spent : 0n) + requested <= limit,
  };
}

/** `limit − spent − held`; an overrun leaves nothing, not less. */
export function remainingOf(limit: Nano, { spent, held }: Counted): Nano {
  const left = limit - spent - held;
  return left > 0n ? left : 0n;
}

/** The alerts of a budget that were not reached before and are now, lowest first. */
export function crossedAlerts(rule: BudgetRule, before: Counted, after: Counted): Alert[] {
  const was = before.spent + before.held;
  const is = after.spent + after.held;
  return rule.alerts.filter(({ nano }) => was < nano && nano <= is);
}
