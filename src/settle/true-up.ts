/** Holds the ledger against fal's own billing. Part of the line: it settles what is open and corrects what is settled. */
import type { Clock } from "../clock.ts";
import { MeterError } from "../errors.ts";
import type { Events } from "../events.ts";
import { correctionEntry } from "../ledger/entry.ts";
import { type Decimal, fromNano, type Nano } from "../money.ts";
import type { Billed } from "../price/learned-bills.ts";
import type { Entry, Hold, Store } from "../store/store.ts";
import type { Platform } from "../wire/platform.ts";
import { readAudit } from "./audit.ts";
import { batchesOf, billsOf, questionOf, type RequestBill } from "./billing-events.ts";
import type { BillingVerdict } from "./posting.ts";
import type { Settler } from "./settler.ts";

export interface TrueUpParts {
  store: Store;
  settler: Settler;
  events: Events;
  clock: Clock;
  platform: Platform;
  /** Learns from a bill that differs from what was booked. */
  learn(billed: Billed): void;
  /** The day that an instant lies in, by the meter's time zone. */
  dayOf(at: number): string;
}

/** One endpoint on one day: what the ledger had booked, and what fal billed for the same purchases. */
export interface BillingDifference {
  endpointId: string;
  /** The day's first instant, as an ISO time. */
  day: string;
  /** Purchases that fal's billing knows. */
  purchases: number;
  /** Of those, open ones and ones whose amount was unknown: they are in no sum of `booked`. */
  unbooked: number;
  booked: Decimal;
  billed: Decimal;
  /** `billed − booked`. */
  difference: Decimal;
}

export interface TrueUp {
  /** Purchases asked after. */
  checked: number;
  /** Open ones that are settled now. */
  settled: number;
  /** Settled ones that a correction was written for. */
  corrected: number;
  /** Purchases that fal's billing does not know, or not yet: what was booked stands, and what is open stays held. */
  missing: number;
  /** Why not all could be asked after; `null` where all were. */
  failure: string | null;
  differences: BillingDifference[];
}

const PAGE = 500;
/** Beyond this many, a narrower span must be asked for. */
const MOST_CORRECTIONS = 100_000;

type Asked = { requestId: string; at: number } & ({ hold: Hold } | { entry: Entry; known: Nano | null });

/**
 * Idempotent: what agrees is left alone, and a correction is written once.
 * @throws StoreError; MeterError where the span holds more corrections than can be weighed at once
 */
export async function trueUp(parts: TrueUpParts, { since, until }: { since: number; until: number }): Promise<TrueUp> {
  const { store } = parts;
  const corrections = await correctionsIn(store, since, until);
  const result: TrueUp = { checked: 0, settled: 0, corrected: 0, missing: 0, failure: null, differences: [] };
  const days = new Map<string, BillingDifference>();
  for await (const page of askedIn(store, since, until, corrections)) {
    for (const batch of batchesOf(page)) {
      const failure = await compare(parts, batch, result, days);
      if (failure !== null) return { ...result, failure, differences: [...days.values()] };
    }
  }
  return { ...result, differences: [...days.values()] };
}

async function correctionsIn(store: Store, since: number, until: number): Promise<Map<string, Nano>> {
  const sums = new Map<string, Nano>();
  let after: number | undefined;
  for (;;) {
    const page = await store.entries({
      since,
      until,
      kinds: ["correction"],
      limit: PAGE,
      ...(after !== undefined && { after }),
    });
    for (const { about, actual } of page) if (about !== null) sums.set(about, (sums.get(about) ?? 0n) + (actual ?? 0n));
    if (page.length < PAGE) return sums;
    if (sums.size > MOST_CORRECTIONS)
      throw new MeterError("The span holds too many corrections: reconcile a shorter one.");
    after = page.at(-1)?.seq;
  }
}

/** Holds first: one that settles now must not be met again as an entry. */
async function* askedIn(
  store: Store,
  since: number,
  until: number,
  corrections: ReadonlyMap<string, Nano>,
): AsyncGenerator<Asked[]> {
  const held = new Set<string>();
  let afterHold: string | undefined;
  for (;;) {
    const page = await store.openHolds({
      before: until,
      limit: PAGE,
      ...(afterHold !== undefined && { after: afterHold }),
    });
    const found = page.flatMap((hold) =>
      hold.requestId !== null && hold.at >= since ? [{ requestId: hold.requestId, at: hold.at, hold }] : [],
    );
    for (const { hold } of found) held.add(hold.id);
    yield found;
    if (page.length < PAGE) break;
    afterHold = page.at(-1)?.id;
  }
  let after: number | undefined;
  for (;;) {
    const page = await store.entries({
      since,
      until,
      kinds: ["purchase"],
      limit: PAGE,
      ...(after !== undefined && { after }),
    });
    yield page.flatMap((entry) => {
      if (entry.requestId === null || held.has(entry.id)) return [];
      const later = corrections.get(entry.id);
      const known = later === undefined ? entry.actual : (entry.actual ?? 0n) + later;
      return [{ requestId: entry.requestId, at: entry.at, entry, known }];
    });
    if (page.length < PAGE) return;
    after = page.at(-1)?.seq;
  }
}

/** Answers why fal could not be asked; `null` where it was. */
async function compare(
  parts: TrueUpParts,
  batch: Asked[],
  result: TrueUp,
  days: Map<string, BillingDifference>,
): Promise<string | null> {
  const answer = await parts.platform.list(
    "/models/billing-events",
    questionOf(batch, parts.clock.now()),
    "billing_events",
  );
  if (answer.kind === "refused") return `refused with ${answer.status}: billing events need an admin key`;
  if (answer.kind === "failed") return answer.why;
  const bills = answer.kind === "listed" ? billsOf(answer.rows) : new Map<string, RequestBill>();
  for (const asked of batch) {
    result.checked++;
    const bill = bills.get(asked.requestId);
    if (!bill) {
      if (!("entry" in asked) || asked.known !== 0n) result.missing++;
    } else if ("hold" in asked) {
      if (await settle(parts, asked.hold, bill)) result.settled++;
      count(days, parts, asked.hold.purchase.endpointId, asked.at, null, bill.cost);
    } else {
      if (await correct(parts, asked.entry, asked.known, bill)) result.corrected++;
      count(days, parts, asked.entry.endpointId, asked.at, asked.known, bill.cost);
    }
  }
  return null;
}

async function settle({ store, settler, events, clock }: TrueUpParts, hold: Hold, bill: RequestBill): Promise<boolean> {
  const charged: BillingVerdict = {
    outcome: "charged",
    by: "billing-event",
    amount: fromNano(bill.cost),
    units: bill.units,
  };
  const verdict =
    bill.cost === 0n ? ({ outcome: "free", why: "fal's billing events charge nothing" } as const) : charged;
  const how = await readAudit(store, hold.id, clock.now());
  await settler.conclude(hold, verdict, { requestId: bill.requestId, inferenceSeconds: null, how });
  if (await store.findHold({ id: hold.id })) return false;
  const { endpointId, tags } = hold.purchase;
  const facts = { purchaseId: hold.id, endpointId, tags, at: clock.now() };
  events.emit({ type: "hold-recovered", ...facts, outcome: verdict.outcome, amount: fromNano(bill.cost) });
  return true;
}

async function correct(
  { store, events, clock, learn }: TrueUpParts,
  entry: Entry,
  known: Nano | null,
  bill: RequestBill,
): Promise<boolean> {
  if (known === bill.cost) return false;
  const { endpointId, estimate } = entry;
  const at = clock.now();
  // The same difference found by two processes at once is one correction.
  const id = `billing:${entry.id}:${known ?? "unknown"}:${bill.cost}`;
  const note =
    known === null
      ? "by fal's billing events"
      : `by fal's billing events, after $${fromNano(known).toFixed()} was booked`;
  const difference = bill.cost - (known ?? 0n);
  await store.record(
    correctionEntry(id, entry, { difference, at, basis: "billing-event", billableUnits: bill.units, note }),
  );
  if (bill.cost > 0n) {
    const billed = { endpointId, estimate, actual: bill.cost, billableUnits: bill.units, basis: "billing-event" };
    learn(entry.billableUnits !== null ? { ...billed, corrects: { actual: entry.actual } } : billed);
  }
  const { low, expected, high } = estimate;
  if (expected !== null && ((low !== null && bill.cost < low) || (high !== null && bill.cost > high))) {
    const actual = fromNano(bill.cost);
    events.emit({ type: "price-drift", at, endpointId, estimated: fromNano(expected), actual, basis: estimate.basis });
  }
  return true;
}

function count(
  days: Map<string, BillingDifference>,
  { dayOf }: TrueUpParts,
  endpointId: string,
  at: number,
  known: Nano | null,
  cost: Nano,
) {
  const day = dayOf(at);
  const zero = fromNano(0n);
  const key = `${day} ${endpointId}`;
  const row = days.get(key) ?? {
    endpointId,
    day,
    purchases: 0,
    unbooked: 0,
    booked: zero,
    billed: zero,
    difference: zero,
  };
  const booked = row.booked.add(fromNano(known ?? 0n));
  const billed = row.billed.add(fromNano(cost));
  const unbooked = row.unbooked + (known === null ? 1 : 0);
  days.set(key, {
    endpointId,
    day,
    purchases: row.purchases + 1,
    unbooked,
    booked,
    billed,
    difference: billed.sub(booked),
  });
}
