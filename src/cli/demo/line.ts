import { describeFailure, isMeterError } from "../../errors.ts";
import type { MeterEvent } from "../../events.ts";
import { type Decimal, money } from "../../money.ts";
import { plainName, shortened } from "../../report/plain-text.ts";
import { readable } from "../table.ts";
import type { Paint } from "../terminal.ts";

/** What became of one call. */
export interface Line {
  tone: "bought" | "free" | "refused" | "lost";
  endpointId: string;
  /** What was paid, or the word for why nothing was. */
  paid: string;
  why: string;
}

/** A line for each event that ends a call; `null` for all others. */
export function lineOf(event: MeterEvent): Line | null {
  switch (event.type) {
    case "call-settled": {
      const { endpointId, outcome, actual, estimated } = event;
      if (outcome === "free") return { tone: "free", endpointId, paid: "free", why: "failed, so not billed" };
      const differs = actual !== null && estimated !== null && !actual.eq(estimated);
      return { tone: "bought", endpointId, paid: amount(actual), why: differs ? `estimated ${amount(estimated)}` : "" };
    }
    case "cache-hit":
      return { tone: "free", endpointId: event.endpointId, paid: "cached", why: `saves ${amount(event.saved)}` };
    case "call-joined":
      return {
        tone: "free",
        endpointId: event.endpointId,
        paid: "joined",
        why: `shares a call, saves ${amount(event.saved)}`,
      };
    case "budget-refused":
      return {
        tone: "refused",
        endpointId: event.endpointId,
        paid: "refused",
        why: `${amount(event.requested)} over "${plainName(event.budget)}"`,
      };
    default:
      return null;
  }
}

/** A line for an error that no event tells of: an answer that was lost. */
export function lineOfError(endpointId: string, error: unknown): Line | null {
  if (!isMeterError(error) || (error as Error).name !== "OutcomeUnknownError") return null;
  return { tone: "lost", endpointId, paid: "held", why: "answer lost; not sent again" };
}

/** A failure that the demo did not plan, in a sentence. */
export function failureText(endpointId: string, error: unknown): string {
  return plainName(`${endpointId}: ${describeFailure(error)}`);
}

const MARKS = { bought: "✓", free: "○", refused: "✗", lost: "?" } as const;
const ENDPOINT_WIDTH = 35;
const PAID_WIDTH = 10;

/** One line of at most `columns` characters. */
export function written({ tone, endpointId, paid, why }: Line, columns: number, paint: Paint): string {
  const colour = { bought: paint.green, free: paint.cyan, refused: paint.red, lost: paint.yellow }[tone];
  const width = Math.min(ENDPOINT_WIDTH, Math.max(12, columns - 40));
  const endpoint = shortened(plainName(endpointId), width).padEnd(width);
  const head = `${MARKS[tone]} ${endpoint} ${paid.padEnd(PAID_WIDTH)} `;
  const room = Math.max(0, columns - head.length);
  return `${colour(MARKS[tone])} ${endpoint} ${colour(paid.padEnd(PAID_WIDTH))} ${paint.dim([...why].slice(0, room).join(""))}`.trimEnd();
}

function amount(value: Decimal | null): string {
  return value === null ? "unknown" : money(readable(value));
}
