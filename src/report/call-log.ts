import type { Tags } from "../call.ts";
import type { MeterEvent, MeterEventOf } from "../events.ts";
import { type Decimal, money } from "../money.ts";
import { type Logger, logLine } from "./log.ts";

/** The tightest first; empty where no budget covers the call. */
type LeftOf = (
  call: { endpointId: string; tags: Tags },
  at: number,
) => readonly { budget: string; limit: Decimal; remaining: Decimal }[];

/** What is known of a call before it ends. */
interface Begun {
  at: number;
  size: string | null;
  estimated: Decimal | null;
  /** `null` until it is sent. */
  waitedMs: number | null;
}

type Ended = MeterEventOf<"call-settled" | "cache-hit" | "call-joined">;

/** How a call ended, which its own line says with the rest. */
const SUMMED_UP: ReadonlySet<MeterEvent["type"]> = new Set(["call-settled", "cache-hit", "call-joined"]);
/** Calls under way that are remembered; one that is forgotten is told of with less. */
const MOST_BEGUN = 10_000;

/**
 * Writes every event as a line of its own, and one line at `info` for every call once it has ended: what was asked, estimated and
 * billed, whether it was bought or had from the cache, how long it waited, and what its tightest budget has left.
 */
export function createCallLog(logger: Logger, leftOf: LeftOf): (event: MeterEvent) => void {
  const begun = new Map<string, Begun>();

  function begin({ purchaseId, at, size, expected }: MeterEventOf<"call-priced">) {
    begun.set(purchaseId, { at, size, estimated: expected, waitedMs: null });
    const [oldest] = begun.keys();
    if (begun.size > MOST_BEGUN && oldest !== undefined) begun.delete(oldest);
  }

  function end(event: Ended) {
    const { purchaseId, endpointId, tags, requestId } = event;
    const call = begun.get(purchaseId);
    begun.delete(purchaseId);
    const [left] = leftOf(event, call?.at ?? event.at);
    const estimated = call?.estimated ?? (event.type === "call-settled" ? event.estimated : null);
    const waitedMs = event.type === "call-settled" ? (call?.waitedMs ?? null) : null;
    const parts = [
      [endpointId, call?.size].filter(Boolean).join(" "),
      `estimated ${amount(estimated)}`,
      endOf(event),
      waitedMs === null ? null : `waited ${seconds(waitedMs)}`,
      left ? `${money(left.remaining)} left of ${money(left.limit)} in "${left.budget}"` : null,
    ];
    const facts = {
      event: "call",
      ...{ purchaseId, requestId, endpointId, tags, size: call?.size ?? null, waitedMs },
      estimated: estimated?.toFixed() ?? null,
      ...factsOf(event),
      ...(left && { budget: left.budget, remaining: left.remaining.toFixed() }),
    };
    const level = event.type === "call-settled" && event.overrun ? "warn" : "info";
    logger[level](facts, parts.filter((part) => part !== null).join(" · "));
  }

  return (event) => {
    const { level, message } = logLine(event);
    logger[SUMMED_UP.has(event.type) ? "debug" : level]({ event: event.type }, message);
    if (event.type === "call-priced") begin(event);
    else if (event.type === "budget-refused") begun.delete(event.purchaseId);
    else if (event.type === "call-sent") {
      const call = begun.get(event.purchaseId);
      if (call) call.waitedMs = event.waitedMs;
      // What a settlement leaves of the budgets is heard of right after it is told.
    } else if (event.type === "call-settled") queueMicrotask(() => end(event));
    else if (event.type === "cache-hit" || event.type === "call-joined") end(event);
  };
}

function endOf(event: Ended): string {
  if (event.type === "cache-hit") return `from the cache, saved ${amount(event.saved)}`;
  if (event.type === "call-joined") return `joined a call under way, saved ${amount(event.saved)}`;
  const { outcome, actual, basis, overrun } = event;
  if (outcome === "free") return "not cached, free";
  const above = overrun ? ", above what was held" : "";
  return `not cached, ${outcome === "expired" ? "assumed billed" : "billed"} ${amount(actual)} (${basis}${above})`;
}

function factsOf(event: Ended) {
  if (event.type !== "call-settled")
    return { cache: event.type === "cache-hit" ? "hit" : "join", saved: event.saved?.toFixed() ?? null };
  return { cache: "miss", outcome: event.outcome, basis: event.basis, billed: event.actual?.toFixed() ?? null };
}

function amount(value: Decimal | null): string {
  return value === null ? "unknown" : money(value);
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
