/** What the month's calls cost by the emulator's book, without a line of the meter's own arithmetic. */
import { toNano } from "../src/money.ts";
import type { SeededMonth } from "./month.ts";

/** One thing that was billed, in nano-dollars. */
export interface Bill {
  /** When it was ordered, in milliseconds since the epoch. */
  at: number;
  endpointId: string;
  customer: string | null;
  gross: bigint;
  net: bigint;
}

export interface Billed {
  /** What the meter has heard of. */
  bills: Bill[];
  /** Ordered, billed, and not heard of yet. */
  open: Bill[];
}

/** Billed by fal's own count of units, which carries the account's discount already. */
const UNDISCOUNTED = "fal-ai/flux/dev";

/** From the 1,000th purchase of a month on it is 5 % less, from the 5,001st on 10 %, in the order of settling. */
export function billedIn({ emulator, calls, settled }: Pick<SeededMonth, "emulator" | "calls" | "settled">): Billed {
  const lines = new Map(emulator.book.lines.map((line) => [line.requestId, line]));
  const charged = new Map<string, number>();
  const bills = settled.map((requestId): Bill => {
    const line = lines.get(requestId);
    if (!line) throw new Error(`${requestId} was settled, and is twice settled or in nobody's book`);
    lines.delete(requestId);
    const nth = (charged.get(monthOf(line.at)) ?? 0) + 1;
    charged.set(monthOf(line.at), nth);
    const percent = line.endpointId === UNDISCOUNTED || nth < 1_000 ? 0n : nth < 5_001 ? 5n : 10n;
    const gross = toNano(line.amount);
    return { ...orderOf(line), gross, net: gross - (gross * percent) / 100n };
  });
  const open = [...lines.values()].map((line): Bill => {
    const gross = toNano(line.amount);
    return { ...orderOf(line), gross, net: gross };
  });
  return { bills, open };

  /** Work takes the emulator no time, so what is billed at one instant was ordered at it. */
  function orderOf({ at, endpointId }: { at: number; endpointId: string }) {
    const call = calls.get(at);
    if (!call) throw new Error(`nobody ordered the ${endpointId} of ${new Date(at).toISOString()}`);
    return { at, endpointId, customer: call.customer };
  }
}

/** Of Berlin, whose clocks went back on 25 October 2026 at 01:00 UTC. */
function monthOf(at: number): string {
  const hours = at < Date.parse("2026-10-25T01:00:00Z") ? 2 : 1;
  return new Date(at + hours * 3_600_000).toISOString().slice(0, 7);
}
