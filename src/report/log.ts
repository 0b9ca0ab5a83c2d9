import type { MeterEvent } from "../events.ts";
import { type Decimal, money } from "../money.ts";

/** Where lines go: pino, console, or anything of that shape. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export type LogLevel = keyof Logger;

/** A line that a person can read about an event, and how loud it is. Never an input, an output or a key. */
export function logLine(event: MeterEvent): { level: LogLevel; message: string } {
  switch (event.type) {
    case "call-priced":
      return {
        level: "debug",
        message: `${event.endpointId} estimated ${bracket(event.low, event.high)} (${event.basis})`,
      };
    case "cache-hit":
      return { level: "info", message: `${event.endpointId} from the cache, saved ${amount(event.saved)}` };
    case "call-joined":
      return { level: "info", message: `${event.endpointId} joined a call under way, saved ${amount(event.saved)}` };
    case "budget-held":
      return { level: "debug", message: `${event.endpointId} holds ${amount(event.amount)}` };
    case "budget-refused":
      return {
        level: "warn",
        message: `${event.endpointId} refused: ${amount(event.requested)} does not fit "${event.budget}" (spent ${amount(event.spent)}, held ${amount(event.held)} of ${amount(event.limit)})`,
      };
    case "budget-warned":
      return {
        level: "warn",
        message: `budget "${event.budget}" at ${Math.round(event.fraction * 100)} %: spent ${amount(event.spent)}, held ${amount(event.held)} of ${amount(event.limit)}`,
      };
    case "budget-reset":
      return { level: "info", message: `budget "${event.budget}" begins anew` };
    case "call-queued":
      return { level: "debug", message: `${event.endpointId} waits behind ${event.waiting}` };
    case "call-sent":
      return { level: "debug", message: `${event.endpointId} sent after ${Math.round(event.waitedMs)} ms` };
    case "call-settled":
      return {
        level: event.overrun ? "warn" : "info",
        message: `${event.endpointId} ${event.outcome}: ${amount(event.actual)} (${event.basis}), estimated ${amount(event.estimated)}${event.overrun ? ", above what was held" : ""}`,
      };
    case "hold-expired":
      return { level: "warn", message: `${event.endpointId} never settled: ${amount(event.amount)} assumed billed` };
    case "hold-recovered":
      return { level: "info", message: `${event.endpointId} recovered as ${event.outcome}: ${amount(event.amount)}` };
    case "rate-limited":
      return {
        level: "warn",
        message: `${event.endpointId} answered 429${event.retryAfterMs === null ? "" : `, again in ${event.retryAfterMs} ms`}`,
      };
    case "price-changed":
      return {
        level: "warn",
        message: `${event.endpointId} price ${event.before} → ${event.after} from ${event.effectiveFrom.toISOString()}`,
      };
    case "price-drift":
      return {
        level: "warn",
        message: `${event.endpointId} billed ${amount(event.actual)}, estimated ${amount(event.estimated)} (${event.basis})`,
      };
    case "store-failed":
      return { level: "error", message: `ledger ${event.verb} failed: ${event.message}` };
  }
}

function amount(value: Decimal | null): string {
  return value === null ? "unknown" : money(value);
}

function bracket(low: Decimal | null, high: Decimal | null): string {
  if (low === null || high === null) return amount(high);
  return low.eq(high) ? money(high) : `${money(low)}–${money(high)}`;
}
