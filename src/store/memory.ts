import { StoreError } from "../errors.ts";
import { createBooking } from "./booking.ts";
import { notesMax, requirePage, wholeNumber } from "./bounds.ts";
import { createMemoryCounters, createMemoryOrdinals } from "./memory-counters.ts";
import { createMemoryEntries, keyOfHold } from "./memory-entries.ts";
import { copyCharges, copyEntry, copyHold, copyPurchase, createMemoryHolds } from "./memory-holds.ts";
import { createMemoryNotes } from "./memory-notes.ts";
import { createMemoryPermits } from "./memory-permits.ts";
import { createMemoryResults } from "./memory-results.ts";
import { createGroups, sumsOfHold } from "./rollup.ts";
import type { HoldAnswer, Store } from "./store.ts";

export interface MemoryStoreOptions {
  /** Entries kept to be read one by one; the oldest go first, and stay in the totals. At least 1. @default 100_000 */
  maxEntries?: number;
  /** Bytes of stored results; the least recently used go first. At least 1. @default 64 MiB */
  maxResultBytes?: number;
  /** Notes kept of one kind; the oldest go first. At least 1. @default 10_000 */
  maxNotes?: number;
}

/** A process with more open holds than this has lost track of them. */
const openHoldsMax = 100_000;

const name = "memory:";

/**
 * A ledger that lives and dies with the process: for tests, for the browser and the edge, and where nothing may be written.
 *
 * Every verb happens at once, so none can see another half done. A rolling window is exact up to 100,000 amounts.
 * @throws OptionsError when a bound is no whole number of at least 1.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const holds = createMemoryHolds();
  const entries = createMemoryEntries(wholeNumber(options.maxEntries, 100_000, "maxEntries"));
  const counters = createMemoryCounters();
  const booking = createBooking({ holds, entries, counters, ordinals: createMemoryOrdinals() });
  const results = createMemoryResults(wholeNumber(options.maxResultBytes, 64 * 1024 * 1024, "maxResultBytes"));
  const notes = createMemoryNotes(wholeNumber(options.maxNotes, notesMax, "maxNotes"));
  const permits = createMemoryPermits();
  let closed = false;

  function requireOpen(): void {
    if (closed) throw new StoreError(name, "closed", "close() was called");
  }

  return {
    name,
    async hold(request) {
      requireOpen();
      if (holds.size >= openHoldsMax && !holds.has(request.id)) {
        throw new StoreError(name, "failed", `${openHoldsMax} holds are open and wait to be settled`);
      }
      const { charges, purchase } = request;
      return ownCopy(booking.hold({ ...request, charges: copyCharges(charges), purchase: copyPurchase(purchase) }));
    },
    async bind(id, requestId) {
      requireOpen();
      booking.bind(id, requestId);
    },
    async settle(id, settlement) {
      requireOpen();
      const answer = booking.settle(id, settlement);
      if (answer.outcome === "settled") return { ...answer, entry: copyEntry(answer.entry) };
      return { ...answer, entry: answer.entry && copyEntry(answer.entry) };
    },
    async doubt(id, why) {
      requireOpen();
      booking.doubt(id, why);
    },
    async record(entry) {
      requireOpen();
      booking.record(copyEntry(entry));
    },
    async findHold(by) {
      requireOpen();
      const hold = "key" in by ? holds.boundOf(by.key) : holds.find(by);
      return hold && copyHold(hold);
    },
    async findEntry(by) {
      requireOpen();
      const entry = entries.find(by);
      return entry && copyEntry(entry);
    },
    async openHolds(query) {
      requireOpen();
      requirePage(query.limit);
      return holds.list(query, (id) => entries.find({ id })?.at).map(copyHold);
    },
    async entries(query) {
      requireOpen();
      requirePage(query.limit);
      return entries.list(query).map(copyEntry);
    },
    async totals(query) {
      requireOpen();
      const groups = createGroups(query.by);
      entries.addTotals(groups, query);
      const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = query;
      for (const hold of holds.values()) {
        if (hold.at >= since && hold.at < until) groups.add(keyOfHold(hold), sumsOfHold(hold.amount));
      }
      return groups.rows();
    },
    async counters({ prefix, at }) {
      requireOpen();
      return counters.list(prefix, at);
    },
    async share(requestId) {
      requireOpen();
      return booking.share(requestId);
    },
    async unshare(requestId) {
      requireOpen();
      return booking.unshare(requestId);
    },
    async take(request) {
      requireOpen();
      return permits.take(request);
    },
    async keep(kept, at) {
      requireOpen();
      return permits.keep(kept, at);
    },
    async putResult(result) {
      requireOpen();
      results.put(result);
    },
    async getResult(by, at) {
      requireOpen();
      return results.get(by, at);
    },
    async deleteResults(by) {
      requireOpen();
      return results.delete(by);
    },
    async putNote(note) {
      requireOpen();
      notes.put(note);
    },
    async getNote(kind, key, at) {
      requireOpen();
      return notes.get(kind, key, at);
    },
    async listNotes(kind, at) {
      requireOpen();
      return notes.list(kind, at);
    },
    async deleteNote(kind, key) {
      requireOpen();
      notes.delete(kind, key);
    },
    async close() {
      closed = true;
    },
  };
}

function ownCopy(answer: HoldAnswer): HoldAnswer {
  return answer.outcome === "joined" ? { outcome: "joined", hold: copyHold(answer.hold) } : answer;
}
