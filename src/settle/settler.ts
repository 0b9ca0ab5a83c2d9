import type { Clock } from "../clock.ts";
import type { Events } from "../events.ts";
import { fromNano, type Nano } from "../money.ts";
import type { CounterState, Entry, Hold, Store } from "../store/store.ts";
import { type ExpiredVerdict, expiredPosting } from "./expiry.ts";
import { type BillingVerdict, type Prices, postingFor } from "./posting.ts";
import type { Verdict } from "./settlement.ts";

/** The part of a hold that settling needs; the buyer has it at hand, a collector finds it in the store. */
export type OpenPurchase = Pick<Hold, "id" | "at" | "amount" | "charges" | "purchase">;

export interface SettlerParts {
  store: Store;
  events: Events;
  clock: Clock;
  /** Prices in force for an endpoint when the call was sent. */
  pricesAt(endpointId: string, at: number): Omit<Prices, "inferenceSeconds">;
  /** Told of counters that a settlement moved, for alerts. */
  onCounters(counters: readonly CounterState[], at: number): void;
  /** Told of every purchase that was settled, for learning from its bill. */
  onSettled(entry: Entry): void;
}

export interface Evidence {
  requestId: string | null;
  inferenceSeconds: number | null;
  /** How the purchase was recognised, where it had been lost; the entry's note says so. */
  how?: string | null;
  /** Told of a purchase that was closed before, and how. */
  onClosed?(entry: Entry): Promise<void>;
}

export interface Settler {
  /**
   * Writes a verdict down. Answers what the purchase cost, or `null` while that is open or unknown.
   * Never throws: the money is spent and the answer is the caller's; a store that fails here leaves the hold held.
   */
  conclude(
    purchase: OpenPurchase,
    verdict: Verdict | BillingVerdict | ExpiredVerdict,
    evidence: Evidence,
  ): Promise<Nano | null>;
}

/** How long a write that must not be lost is tried again before it is left to reconciliation. */
const RETRY_AFTER_MS = [10, 50, 250];

export function createSettler(parts: SettlerParts): Settler {
  const { store, events, clock } = parts;

  async function persist<T>(verb: string, write: () => Promise<T>): Promise<T | undefined> {
    for (const wait of [...RETRY_AFTER_MS, null]) {
      try {
        return await write();
      } catch (error) {
        if (wait === null)
          events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb, message: messageOf(error) });
        else await clock.sleep(wait);
      }
    }
    return undefined;
  }

  async function post(
    purchase: OpenPurchase,
    verdict: Extract<Verdict, { outcome: "charged" | "free" }> | BillingVerdict | ExpiredVerdict,
    evidence: Evidence,
  ) {
    const { endpointId, estimate } = purchase.purchase;
    const prices = { ...parts.pricesAt(endpointId, purchase.at), inferenceSeconds: evidence.inferenceSeconds };
    const posting = verdict.outcome === "expired" ? expiredPosting(verdict) : postingFor(verdict, estimate, prices);
    const note = [posting.note, evidence.how].filter((part) => typeof part === "string").join("; ") || null;
    const settlement = { at: clock.now(), requestId: evidence.requestId, ...posting, note };
    const answer = await persist("settle", () => store.settle(purchase.id, settlement));
    if (answer?.outcome !== "settled") {
      if (answer?.entry) await evidence.onClosed?.(answer.entry);
      return answer?.entry?.actual ?? null;
    }
    announce(purchase, answer.entry);
    parts.onCounters(answer.counters, purchase.at);
    parts.onSettled(answer.entry);
    return answer.entry.actual;
  }

  function announce(purchase: OpenPurchase, entry: Entry) {
    if (!events.hears("call-settled") && !events.hears("price-drift")) return;
    const { expected, low, high } = entry.estimate;
    const at = entry.settledAt ?? clock.now();
    const facts = { purchaseId: entry.id, endpointId: entry.endpointId, tags: entry.tags, at };
    events.emit({
      ...facts,
      type: "call-settled",
      outcome: entry.outcome,
      requestId: entry.requestId,
      estimated: expected === null ? null : fromNano(expected),
      actual: entry.actual === null ? null : fromNano(entry.actual),
      basis: entry.basis,
      overrun: entry.actual !== null && purchase.amount !== null && entry.actual > purchase.amount,
    });
    const { actual } = entry;
    const byBill = entry.basis === "billed-units" || entry.basis === "billing-event";
    const billed = byBill && actual !== null && expected !== null && low !== null && high !== null;
    if (billed && (actual < low || actual > high)) {
      events.emit({
        type: "price-drift",
        at,
        endpointId: entry.endpointId,
        estimated: fromNano(expected),
        actual: fromNano(actual),
        basis: entry.estimate.basis,
      });
    }
  }

  return {
    async conclude(purchase, verdict, evidence) {
      switch (verdict.outcome) {
        case "charged":
        case "free":
        case "expired":
          return post(purchase, verdict, evidence);
        case "pending":
          await persist("bind", () => store.bind(purchase.id, verdict.requestId));
          return null;
        case "unknown":
          await persist("doubt", () => store.doubt(purchase.id, verdict.why, clock.now()));
          return null;
        case "undecided":
          return null;
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error;
}
