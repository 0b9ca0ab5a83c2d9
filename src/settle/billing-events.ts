import { type Decimal, decimal, fromNano, type Nano, toNano } from "../money.ts";

/** What fal billed for one request, its events added up. */
export interface RequestBill {
  readonly requestId: string;
  readonly cost: Nano;
  /** Billed units as plain decimals; `null` where an event said none. */
  readonly units: string | null;
}

/** One row of `GET /models/billing-events` (fal's Platform API spec). */
interface BillingEvent {
  requestId: string;
  cost: Decimal;
  units: Decimal | null;
}

const LARGEST = 1e9;

/** `null` for a row that names no request or no cost. The total counts, and the estimate in nano-dollars where no total stands. */
function readEvent(row: unknown): BillingEvent | null {
  const event = (row ?? {}) as Record<string, unknown>;
  const { request_id: requestId, cost_total: total, cost_estimate_nano_usd: nano, output_units: units } = event;
  if (typeof requestId !== "string" || requestId === "") return null;
  const cost = isAmount(total) ? decimal(total) : isAmount(nano, 1e18) ? fromNano(BigInt(Math.round(nano))) : null;
  return cost && { requestId, cost, units: isAmount(units) ? decimal(units) : null };
}

function isAmount(value: unknown, most = LARGEST): value is number {
  return typeof value === "number" && value >= 0 && value <= most;
}

/** The bills that rows of billing events come to, by request id; several events of one request are one bill. */
export function billsOf(rows: readonly unknown[]): Map<string, RequestBill> {
  const events = new Map<string, BillingEvent>();
  for (const row of rows) {
    const event = readEvent(row);
    if (!event) continue;
    const { requestId, cost, units } = event;
    const before = events.get(requestId);
    const both = before
      ? { requestId, cost: before.cost.add(cost), units: before.units && units && before.units.add(units) }
      : event;
    events.set(requestId, both);
  }
  return new Map(
    [...events].map(([requestId, { cost, units }]) => [
      requestId,
      { requestId, cost: toNano(cost), units: units?.toFixed() ?? null },
    ]),
  );
}

/** Ids in one question, and its longest span (fal's Platform API spec). */
const BATCH = 50;
const LONGEST_SPAN_MS = 90 * 86_400_000;
/** A job may be billed days after it was sent. */
const LATE_MS = 7 * 86_400_000;
const EARLY_MS = 3_600_000;

/** Splits purchases into questions: at most 50 of them, within fewer days than one question may span. */
export function batchesOf<Sent extends { at: number }>(purchases: readonly Sent[]): Sent[][] {
  const batches: Sent[][] = [];
  let batch: Sent[] = [];
  let first = 0;
  for (const purchase of [...purchases].sort((a, b) => a.at - b.at)) {
    const full = batch.length === BATCH || purchase.at - first > LONGEST_SPAN_MS - LATE_MS - EARLY_MS;
    if (batch.length === 0 || full) {
      batch = [];
      batches.push(batch);
      first = purchase.at;
    }
    batch.push(purchase);
  }
  return batches;
}

/** The question for a batch: its request ids and the time that their events can be of. */
export function questionOf(batch: readonly { at: number; requestId: string }[], now: number): Record<string, string> {
  const start = Math.min(...batch.map(({ at }) => at)) - EARLY_MS;
  const end = Math.min(Math.max(...batch.map(({ at }) => at)) + LATE_MS, Math.max(now, start) + EARLY_MS);
  return {
    request_id: batch.map(({ requestId }) => requestId).join(","),
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    limit: "10000",
  };
}
