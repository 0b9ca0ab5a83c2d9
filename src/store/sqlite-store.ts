import type { Nano } from "../money.ts";
import { createBooking } from "./booking.ts";
import { requirePage } from "./bounds.ts";
import { createGroups } from "./rollup.ts";
import type { Connection } from "./sqlite-connection.ts";
import { createSqliteCounters, createSqliteOrdinals } from "./sqlite-counters.ts";
import { createSqliteEntries } from "./sqlite-entries.ts";
import { createSqliteHolds } from "./sqlite-holds.ts";
import { createSqliteNotes } from "./sqlite-notes.ts";
import { createSqlitePermits } from "./sqlite-permits.ts";
import { createSqliteResults } from "./sqlite-results.ts";
import type { Settlement, Store } from "./store.ts";

export interface SqliteBounds {
  /** Above this a transaction is on the disk before its answer. */
  fullSyncAbove: Nano;
  resultBytesMax: number;
  notesKept: number;
}

/** The verbs of the port, each one transaction of the connection. */
export function createSqliteStore(name: string, connection: Connection, bounds: SqliteBounds): Store {
  const { read, write } = connection;
  const holds = createSqliteHolds(connection);
  const entries = createSqliteEntries(connection);
  const counters = createSqliteCounters(connection);
  const booking = createBooking({ holds, entries, counters, ordinals: createSqliteOrdinals(connection) });
  const results = createSqliteResults(connection, bounds.resultBytesMax);
  const permits = createSqlitePermits(connection);
  const notes = createSqliteNotes(connection, bounds.notesKept);

  const isLarge = (amount: Nano | null) =>
    amount !== null && (amount > bounds.fullSyncAbove || -amount > bounds.fullSyncAbove);
  const posts = ({ post }: Settlement) => [post.amount, ...(post.ordinal?.tiers.map((tier) => tier.amount) ?? [])];

  return {
    name,
    hold: (request) => write(() => booking.hold(request), isLarge(request.amount)),
    bind: (id, requestId) => write(() => booking.bind(id, requestId)),
    settle: (id, settlement) => write(() => booking.settle(id, settlement), posts(settlement).some(isLarge)),
    doubt: (id, why) => write(() => booking.doubt(id, why)),
    record: (entry) => write(() => booking.record(entry), entry.kind === "correction" && isLarge(entry.actual)),
    findHold: (by) => read(() => ("key" in by ? holds.boundOf(by.key) : holds.find(by))),
    findEntry: (by) => read(() => entries.find(by)),
    async openHolds(query) {
      requirePage(query.limit);
      return read(() => holds.list(query));
    },
    async entries(query) {
      requirePage(query.limit);
      return read(() => entries.list(query));
    },
    totals: (query) =>
      read(() => {
        const groups = createGroups(query.by);
        entries.addTotals(groups, query);
        holds.addTotals(groups, query);
        return groups.rows();
      }),
    counters: ({ prefix, at }) => read(() => counters.list(prefix, at)),
    share: (requestId) => write(() => booking.share(requestId)),
    unshare: (requestId) => write(() => booking.unshare(requestId)),
    take: (request) => write(() => permits.take(request)),
    keep: (kept, at) => write(() => permits.keep(kept, at)),
    putResult: (result) => write(() => results.put(result)),
    async getResult(by, at) {
      const found = await read(() => results.get(by, at));
      if (found?.unmarked) connection.hint(() => results.mark(found.result.key, at));
      return found?.result;
    },
    deleteResults: (by) => write(() => results.delete(by)),
    putNote: (note) => write(() => notes.put(note)),
    getNote: (kind, key, at) => read(() => notes.get(kind, key, at)),
    listNotes: (kind, at) => read(() => notes.list(kind, at)),
    deleteNote: (kind, key) => write(() => notes.delete(kind, key)),
    async close() {
      connection.close();
    },
  };
}
