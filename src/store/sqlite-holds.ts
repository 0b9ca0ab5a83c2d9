import type { HoldTable } from "./booking.ts";
import type { Groups } from "./rollup.ts";
import { bucketOf, sumsOfHold, tagsText } from "./rollup.ts";
import type { Connection } from "./sqlite-connection.ts";
import { holdDetail, holdOf } from "./sqlite-records.ts";
import type { Hold, Store, TotalsQuery } from "./store.ts";

export interface SqliteHolds extends HoldTable {
  boundOf(key: string): Hold | undefined;
  list(query: Parameters<Store["openHolds"]>[0]): Hold[];
  /** Adds the open holds of a range. */
  addTotals(groups: Groups, range: TotalsQuery): void;
}

export function createSqliteHolds({ query }: Connection): SqliteHolds {
  const has = query("SELECT 1 FROM holds WHERE id = ?");
  const byId = query("SELECT * FROM holds WHERE id = ?");
  const byRequest = query("SELECT * FROM holds WHERE request_id = ? ORDER BY at DESC LIMIT 1");
  const bound = query(
    `SELECT * FROM holds WHERE key = ? AND request_id IS NOT NULL AND sharers > 0 ORDER BY at DESC LIMIT 1`,
  );
  const joinable = query(
    `SELECT * FROM holds WHERE key = ? AND at >= ? AND sharers > 0
     ORDER BY request_id IS NOT NULL DESC, at DESC LIMIT 1`,
  );
  const insert = query(
    `INSERT INTO holds (id, at, amount, state, request_id, key, sharers, doubt, endpoint_id, tags, basis, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = query("UPDATE holds SET state = ?, request_id = ?, sharers = ?, doubt = ? WHERE id = ?");
  const remove = query("DELETE FROM holds WHERE id = ?");
  // The last hold seen may have been resolved since; its entry still tells where the page went on.
  const page = query(
    `SELECT * FROM holds WHERE at < ?1 AND (at, id) > (
       coalesce(
         (SELECT at FROM holds WHERE id = ?2), (SELECT at FROM entries WHERE id = ?2 AND kind = 'purchase'), -9e15
       ), ?2)
     ORDER BY at, id LIMIT ?3`,
  );
  const inRange = query("SELECT at, amount, endpoint_id, tags, basis FROM holds WHERE at >= ? AND at < ?");
  const found = (row: ReturnType<typeof byId.get>) => row && holdOf(row);

  return {
    has: (id) => has.get(id) !== undefined,
    find: (by) => found("id" in by ? byId.get(by.id) : byRequest.get(by.requestId)),
    boundOf: (key) => found(bound.get(key)),
    joinable: (key, since) => found(joinable.get(key, since)),
    insert(hold) {
      const { id, at, amount, purchase, state, requestId, sharers, doubt } = hold;
      const { key, endpointId, tags, estimate } = purchase;
      const detail = holdDetail(hold);
      const labels = tagsText(tags);
      insert.run(id, at, amount, state, requestId, key, sharers, doubt, endpointId, labels, estimate.basis, detail);
    },
    update(id, { state, requestId, sharers, doubt }) {
      update.run(state, requestId, sharers, doubt, id);
    },
    remove(id) {
      remove.run(id);
    },
    list: ({ before = Number.MAX_SAFE_INTEGER, after = "", limit }) => page.all(before, after, limit).map(holdOf),
    addTotals(groups, { since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER }) {
      for (const row of inRange.all(since, until)) {
        const key = {
          bucket: bucketOf(Number(row.at)),
          endpointId: row.endpoint_id as string,
          tags: row.tags as string,
          basis: row.basis as string,
        };
        groups.add(key, sumsOfHold(row.amount as bigint | null));
      }
    },
  };
}
