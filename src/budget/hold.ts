import type { Call } from "../call.ts";
import type { Clock } from "../clock.ts";
import { BudgetExceededError, type OptionsError, StoreError, UnknownPriceError } from "../errors.ts";
import type { Events } from "../events.ts";
import { type Decimal, fromNano, type Nano, toNano, zero } from "../money.ts";
import type { CounterState, EstimateRecord, Hold, HoldAnswer, HoldRequest, Store } from "../store/store.ts";
import type { Alerts } from "./alerts.ts";
import type { BudgetRule } from "./budget.ts";
import { chargesFor, checkRequestCaps, refusal, warnedRequestCaps } from "./gate.ts";
import type { Windows } from "./window.ts";

/**
 * What to do when a budget guards a call whose price nobody knows. `"refuse"` throws `UnknownPriceError`; `"allow"`
 * lets it through and counts it under no budget; `{ assume }` holds and books that many dollars. Without a budget
 * that matches, an unknown price is let through and booked as unknown.
 */
export type UnknownPricePolicy = { kind: "refuse" } | { kind: "allow" } | { kind: "assume"; amount: Decimal };

/** What to do when the ledger cannot be written: refuse the call, or send it unmetered and say so in an event. */
export type StoreFailurePolicy = "refuse" | "allow";

export interface GateParts {
  store: Store;
  events: Events;
  clock: Clock;
  rules: readonly BudgetRule[];
  windows: Windows;
  alerts: Alerts;
  onUnknownPrice: UnknownPricePolicy;
  onStoreFailure: StoreFailurePolicy;
}

export interface Asking {
  call: Call;
  estimate: EstimateRecord;
  /** Why the estimate could not be made from this input, where that is the case. */
  unpriced: OptionsError | null;
  /** The scope's own cap on one call. */
  maxCost: Decimal | null;
  key: string | null;
  digest: string | null;
  joinSince: number | null;
}

export type Answer =
  | { outcome: "held"; purchase: Pick<Hold, "id" | "at" | "amount" | "charges" | "purchase"> }
  /** The store failed and the policy lets the call pass: nothing is held and nothing will be settled. */
  | { outcome: "unmetered" }
  | { outcome: "joined"; hold: Hold };

export interface Gate {
  /**
   * Promise 1: one hold for one paid request, stored before its first byte is sent.
   * @throws BudgetExceededError, UnknownPriceError, OptionsError (an absurd input under a budget), StoreError
   */
  hold(asking: Asking): Promise<Answer>;
}

export function createGate(parts: GateParts): Gate {
  const { store, events, clock, rules, windows, alerts } = parts;

  function amountOf(asking: Asking, guards: readonly string[]): { amount: Nano | null; estimate: EstimateRecord } {
    const { estimate, call, unpriced } = asking;
    if (estimate.high !== null) return { amount: estimate.high, estimate };
    const policy = parts.onUnknownPrice;
    if (unpriced && guards.length > 0) throw unpriced;
    if (policy.kind === "assume") {
      const assumed = toNano(policy.amount);
      const record = {
        low: assumed,
        expected: assumed,
        high: assumed,
        basis: "assumed",
        source: "onUnknownPrice.assume",
      };
      return { amount: assumed, estimate: { ...estimate, ...record } };
    }
    if (policy.kind === "refuse" && guards.length > 0)
      throw new UnknownPriceError(call.endpointId, guards, estimate.source);
    return { amount: null, estimate };
  }

  function refuse(call: Call, at: number, by: Parameters<typeof refusal>[0]): BudgetExceededError {
    const error = new BudgetExceededError(refusal(by));
    const { budget, limit, spent, held, requested, resetsAt } = error;
    const facts = { purchaseId: call.id, endpointId: call.endpointId, tags: call.tags, at };
    events.emit({ type: "budget-refused", ...facts, budget, limit, spent, held, requested, resetsAt });
    return error;
  }

  async function write(request: HoldRequest): Promise<HoldAnswer | null> {
    try {
      return await store.hold(request);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      events.emit({ type: "store-failed", at: request.at, store: store.name, verb: "hold", message: error.message });
      giveBack(request);
      if (parts.onStoreFailure === "refuse") throw error;
      return null;
    }
  }

  /** The store may have held the money before its answer was lost; nothing will be sent under that hold. */
  function giveBack({ id, at }: HoldRequest) {
    const note = "the answer to the hold was lost, and nothing was sent under it";
    const settlement = {
      at,
      outcome: "free",
      requestId: null,
      post: { amount: 0n },
      basis: "free",
      billableUnits: null,
      note,
    } as const;
    store.settle(id, settlement).catch(() => {});
  }

  return {
    async hold(asking) {
      const { call } = asking;
      const at = clock.now();
      const { charges, requestCaps } = chargesFor(rules, call, at, windows);
      const guards = [
        ...charges.filter(({ limit }) => limit !== null).map(({ budget }) => budget),
        ...requestCaps.filter(({ onExceed }) => onExceed === "refuse").map(({ name }) => name),
        ...(asking.maxCost ? ["maxCost"] : []),
      ];
      const { amount, estimate } = amountOf(asking, guards);
      if (amount !== null) {
        if (asking.maxCost && amount > toNano(asking.maxCost)) {
          throw refuse(call, at, {
            endpointId: call.endpointId,
            requested: amount,
            cap: { name: "maxCost", limit: toNano(asking.maxCost) },
          });
        }
        const cap = checkRequestCaps(requestCaps, amount);
        if (cap) throw refuse(call, at, { endpointId: call.endpointId, requested: amount, cap });
        warn(requestCaps, amount, at);
      }
      const { endpointId, transport, tags } = call;
      const purchase = { endpointId, transport, tags, key: asking.key, digest: asking.digest, estimate };
      const request: HoldRequest = { id: call.id, at, amount, charges, purchase };
      if (asking.joinSince !== null) request.joinSince = asking.joinSince;
      const answer = await write(request);
      if (answer === null) return { outcome: "unmetered" };
      if (answer.outcome === "joined") return answer;
      if (answer.outcome === "refused") {
        throw refuse(call, at, { endpointId, requested: amount ?? 0n, charge: answer.charge, counter: answer.counter });
      }
      announce(call, at, amount, charges, answer.counters);
      return { outcome: "held", purchase: { id: call.id, at, amount, charges, purchase } };
    },
  };

  /** A cap on one request that only warns has no counter to be told by. */
  function warn(caps: readonly BudgetRule[], amount: Nano, at: number) {
    for (const { name, limitDollars } of warnedRequestCaps(caps, amount)) {
      const fraction = fromNano(amount).div(limitDollars).toNumber();
      events.emit({
        type: "budget-warned",
        at,
        budget: name,
        fraction,
        limit: limitDollars,
        spent: zero,
        held: fromNano(amount),
        resetsAt: null,
      });
    }
  }

  function announce(
    call: Call,
    at: number,
    amount: Nano | null,
    charges: HoldRequest["charges"],
    counters: readonly CounterState[],
  ) {
    alerts.moved(counters, at);
    if (!events.hears("budget-held")) return;
    const facts = { purchaseId: call.id, endpointId: call.endpointId, tags: call.tags, at };
    const budgets = charges.map(({ budget }) => budget);
    events.emit({ type: "budget-held", ...facts, amount: amount === null ? null : fromNano(amount), budgets });
  }
}
