/** The list of calls: those under way, and those that ended, the newest first. */
import { fromNano, type Nano, plain } from "../money.ts";
import { seqAt } from "../report/reading.ts";
import type { Entry, EstimateRecord, Hold, Store } from "../store/store.ts";
import { passing } from "./figures.ts";
import type { Filter } from "./filter.ts";
import type { Ledger } from "./ledger.ts";

/** A call as it is sent. `null` amounts are unknown. */
export interface ShownCall {
  /** Ours. */
  id: string;
  /** Of the ledger's entry; `null` while the call is open. */
  seq: number | null;
  kind: Entry["kind"];
  /** `held`, `pending` and `unknown` are open. */
  outcome: Entry["outcome"] | Hold["state"];
  endpointId: string;
  transport: Entry["transport"];
  tags: Entry["tags"];
  requestId: string | null;
  sentAt: Date;
  settledAt: Date | null;
  estimate: { low: string | null; expected: string | null; high: string | null; basis: string; source: string };
  /** What is held while it is open. */
  held: string | null;
  actual: string | null;
  saved: string | null;
  /** How the amount is known. */
  basis: string;
  billableUnits: string | null;
  /** The purchase that a correction corrects, or the budget that refused. */
  about: string | null;
  note: string | null;
}

export interface Calls {
  /** Under way, the newest first; on the first page only. */
  open: ShownCall[];
  calls: ShownCall[];
  /** Ask again with this as `before` for older ones; `null` when there are none. */
  next: number | null;
}

export interface CallsPage {
  limit: number;
  /** The `seq` to go on from; `null` begins with the newest. */
  before: number | null;
}

const OPEN_MOST = 2_000;
const PAGE = 500;
/** Entries looked through for one page; a rare tag may need more than one question to be found. */
const SCANNED_MOST = 5_000;
const HOUR_MS = 3_600_000;

/** @throws StoreError when the ledger cannot be read. */
export async function callsOf(ledger: Ledger, filter: Filter, { limit, before }: CallsPage): Promise<Calls> {
  const { store } = ledger;
  const open = before === null ? await openCalls(store, filter, limit) : [];
  // Sent before the end of the range and settled up to an hour after it is still found.
  let after = before ?? (filter.until === null ? null : await seqAt(store, filter.until + HOUR_MS));
  const isWanted = wanted(filter);
  const calls: ShownCall[] = [];
  for (let scanned = 0; scanned < SCANNED_MOST; scanned += PAGE) {
    const entries = await store.entries({ limit: PAGE, newest: true, ...(after !== null && { after }) });
    for (const entry of entries) {
      after = entry.seq ?? null;
      // What was settled before the range was sent before it, and so was everything older.
      if (filter.since !== null && (entry.settledAt ?? entry.at) < filter.since - HOUR_MS)
        return { open, calls, next: null };
      if (!isWanted(entry)) continue;
      calls.push(shownEntry(entry));
      if (calls.length === limit) return { open, calls, next: after };
    }
    if (entries.length < PAGE) return { open, calls, next: null };
  }
  return { open, calls, next: after };
}

async function openCalls(store: Store, filter: Filter, limit: number): Promise<ShownCall[]> {
  const holds = await store.openHolds({ limit: OPEN_MOST });
  const isWanted = wanted(filter);
  const found = holds.filter((hold) => isWanted({ ...hold.purchase, at: hold.at }));
  return found.reverse().slice(0, limit).map(shownHold);
}

/** The test whether a call was sent in the range and is one that was asked for. */
function wanted({
  since,
  until,
  query,
}: Filter): (call: { at: number; endpointId: string; tags: Entry["tags"] }) => boolean {
  const passes = passing(query);
  return (call) => call.at >= (since ?? call.at) && (until === null || call.at < until) && passes(call);
}

function shownEntry(entry: Entry): ShownCall {
  const { id, kind, outcome, endpointId, transport, tags, requestId, basis, billableUnits, about, note } = entry;
  return {
    ...{ id, kind, outcome, endpointId, transport, tags, requestId, basis, billableUnits, about, note },
    seq: entry.seq ?? null,
    sentAt: new Date(entry.at),
    settledAt: entry.settledAt === null ? null : new Date(entry.settledAt),
    estimate: shownEstimate(entry.estimate),
    held: null,
    actual: shownAmount(entry.actual),
    saved: shownAmount(entry.saved),
  };
}

function shownHold({ id, at, amount, purchase, state, requestId, doubt }: Hold): ShownCall {
  const { endpointId, transport, tags, estimate } = purchase;
  return {
    ...{ id, endpointId, transport, tags, requestId },
    seq: null,
    kind: "purchase",
    outcome: state,
    sentAt: new Date(at),
    settledAt: null,
    estimate: shownEstimate(estimate),
    held: shownAmount(amount),
    actual: null,
    saved: null,
    basis: estimate.basis,
    billableUnits: null,
    about: null,
    note: doubt,
  };
}

function shownEstimate({ low, expected, high, basis, source }: EstimateRecord): ShownCall["estimate"] {
  return { low: shownAmount(low), expected: shownAmount(expected), high: shownAmount(high), basis, source };
}

function shownAmount(nano: Nano | null): string | null {
  return nano === null ? null : plain(fromNano(nano));
}
