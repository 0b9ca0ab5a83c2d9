import type { Tags } from "./call.ts";
import type { Decimal } from "./money.ts";

interface CallFacts {
  /** Our id of the purchase. */
  purchaseId: string;
  endpointId: string;
  tags: Tags;
  /** Milliseconds since the epoch, by the meter's clock. */
  at: number;
}

/** What a meter tells of its work. No event carries a key, an input or an output. */
export type MeterEvent =
  | (CallFacts & {
      type: "call-priced";
      /** What was asked for, such as `1024x768, 2 × image`; `null` where the input does not say. */
      size: string | null;
      low: Decimal | null;
      expected: Decimal | null;
      high: Decimal | null;
      basis: string;
    })
  | (CallFacts & { type: "cache-hit"; requestId: string; saved: Decimal | null })
  | (CallFacts & { type: "call-joined"; requestId: string | null; saved: Decimal | null })
  | (CallFacts & { type: "budget-held"; amount: Decimal | null; budgets: readonly string[] })
  | (CallFacts & {
      type: "budget-refused";
      budget: string;
      limit: Decimal;
      spent: Decimal;
      held: Decimal;
      requested: Decimal;
      resetsAt: Date | null;
    })
  | {
      type: "budget-warned";
      at: number;
      budget: string;
      fraction: number;
      limit: Decimal;
      spent: Decimal;
      held: Decimal;
      resetsAt: Date | null;
    }
  | { type: "budget-reset"; at: number; budget: string; windowStart: Date; resetsAt: Date | null }
  | (CallFacts & { type: "call-queued"; waiting: number })
  | (CallFacts & { type: "call-sent"; waitedMs: number })
  | (CallFacts & {
      type: "call-settled";
      outcome: string;
      requestId: string | null;
      estimated: Decimal | null;
      actual: Decimal | null;
      basis: string;
      overrun: boolean;
    })
  | (CallFacts & { type: "hold-expired"; amount: Decimal | null })
  | (CallFacts & { type: "hold-recovered"; outcome: string; amount: Decimal | null })
  | { type: "rate-limited"; at: number; endpointId: string; retryAfterMs: number | null }
  | { type: "price-changed"; at: number; endpointId: string; before: string; after: string; effectiveFrom: Date }
  | { type: "price-drift"; at: number; endpointId: string; estimated: Decimal; actual: Decimal; basis: string }
  | { type: "store-failed"; at: number; store: string; verb: string; message: string };

export type MeterEventType = MeterEvent["type"];
export type MeterEventOf<T extends MeterEventType> = Extract<MeterEvent, { type: T }>;
export type MeterListener<T extends MeterEventType> = (event: MeterEventOf<T>) => void;

export interface Events {
  emit(event: MeterEvent): void;
  /** Whether anybody listens, so that a hot path need not make an event for nobody. */
  hears(type: MeterEventType): boolean;
  /** Hears one type of event, or all with `"*"`. Returns the function that stops it. */
  on<T extends MeterEventType>(type: T | "*", listener: MeterListener<T>): () => void;
}

/**
 * Promise 9: observing cannot break a call. A listener that throws, or whose promise rejects, is told to `onBroken` once
 * per failure and the call goes on.
 */
export function createEvents(onBroken: (error: unknown) => void = () => {}): Events {
  const listeners = new Map<string, Set<(event: never) => unknown>>();
  const tell = (listener: (event: never) => unknown, event: MeterEvent) => {
    try {
      const answer = listener(event as never);
      if (answer instanceof Promise) answer.catch(swallow(onBroken));
    } catch (error) {
      swallow(onBroken)(error);
    }
  };
  return {
    hears: (type) => (listeners.get(type)?.size ?? 0) + (listeners.get("*")?.size ?? 0) > 0,
    emit(event) {
      for (const type of [event.type, "*"]) {
        const heard = listeners.get(type);
        if (heard) for (const listener of [...heard]) tell(listener, event);
      }
    },
    on(type, listener) {
      const heard = listeners.get(type) ?? new Set();
      listeners.set(type, heard.add(listener as (event: never) => unknown));
      return () => heard.delete(listener as (event: never) => unknown);
    },
  };
}

function swallow(onBroken: (error: unknown) => void) {
  return (error: unknown) => {
    try {
      onBroken(error);
    } catch {
      // A reporter that throws has nobody left to tell.
    }
  };
}
