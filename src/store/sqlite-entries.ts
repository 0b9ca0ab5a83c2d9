import type { EntryTable } from "./booking.ts";
import type { Groups } from "./rollup.ts";
import {
  bucketOf,
  cutDays,
  cutRange,
  dayOf,
  noSums,
  type Span,
  type Sums,
  type SumsKey,
  sumsOfEntry,
  tagsText,
} from "./rollup.ts";
import type { Connection } from "./sqlite-connection.ts";
import type { Row, Value } from "./sqlite-driver.ts";
import { entryDetail, entryOf } from "./sqlite-records.ts";
import type { Entry, EntryQuery, TotalsQuery } from "./store.ts";

export interface SqliteEntries extends EntryTable {
  list(query: EntryQuery): Entry[];
  /** Adds the sums of a range. */
  addTotals(groups: Groups, query: TotalsQuery): void;
}

/** The row of sums that an entry belongs to is written in the entry's own transaction, so the two never disagree. */
export function createSqliteEntries({ query }: Connection): SqliteEntries {
  const has = query("SELECT 1 FROM entries WHERE id = ? AND kind = ?");
  const byId = query("SELECT * FROM entries WHERE id = ? AND kind = 'purchase'");
  const byRequest = query("SELECT * FROM entries WHERE request_id = ? AND kind = 'purchase' ORDER BY seq DESC LIMIT 1");
  const insert = query(
    `INSERT INTO entries (id, kind, endpoint_id, request_id, at, settled_at, outcome, actual, saved, expected, basis, tags,
       detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addTo = (table: string) =>
    query(
      `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (bucket, endpoint_id, tags, basis) DO UPDATE SET
         spent = spent + excluded.spent, saved = saved + excluded.saved, calls = calls + excluded.calls,
         charged = charged + excluded.charged, cached = cached + excluded.cached, joined = joined + excluded.joined,
         refused = refused + excluded.refused, unknown = unknown + excluded.unknown,
         estimated = estimated + excluded.estimated`,
    );
  const [addQuarter, addDay] = [addTo("rollups"), addTo("day_rollups")];
  const edge = query(
    "SELECT kind, outcome, actual, saved, expected, at, endpoint_id, tags, basis FROM entries WHERE at >= ? AND at < ?",
  );

  return {
    has: (id, kind) => has.get(id, kind) !== undefined,
    find(by) {
      const row = "id" in by ? byId.get(by.id) : byRequest.get(by.requestId);
      return row && entryOf(row);
    },
    append(entry) {
      const { id, kind, endpointId, requestId, at, settledAt, outcome, actual, saved, basis } = entry;
      const { expected } = entry.estimate;
      const tags = tagsText(entry.tags);
      const detail = entryDetail(entry);
      const seq = insert.insert(
        id,
        kind,
        endpointId,
        requestId,
        at,
        settledAt,
        outcome,
        actual,
        saved,
        expected,
        basis,
        tags,
        detail,
      );
      const sums = sumsOfEntry({ kind, outcome, actual, saved, expected });
      const { spent, saved: spared, calls, charged, cached, joined, refused, unknown, estimated } = sums;
      const row = [endpointId, tags, basis, spent, spared, calls, charged, cached, joined, refused, unknown, estimated];
      addQuarter.run(bucketOf(at), ...row);
      addDay.run(dayOf(at), ...row);
      return { ...entry, seq };
    },
    list(asked) {
      const { sql, values } = pageSql(asked);
      return query(sql)
        .all(...values)
        .map(entryOf);
    },
    addTotals(groups, asked) {
      const { whole, edges } = cutRange(asked);
      const addSpan = (table: string, { from, to }: Span) => {
        for (const row of query(totalsSql(table, asked.by)).all(from, to)) groups.add(keyOf(row), sumsOfRollups(row));
      };
      if (whole && asked.by.includes("bucket")) addSpan("rollups", whole);
      else if (whole) {
        const { days, quarters } = cutDays(whole);
        if (days) addSpan("day_rollups", days);
        for (const span of quarters) addSpan("rollups", span);
      }
      for (const { from, to } of edges) {
        for (const row of edge.all(from, to)) groups.add(keyOf(row), sumsOfEntry(entryAmounts(row)));
      }
    },
  };
}

function pageSql({ since, until, after, endpoint, requestId, kinds, limit, newest }: EntryQuery): {
  sql: string;
  values: Value[];
} {
  const conditions: string[] = [];
  const values: Value[] = [];
  const where = (condition: string, value: Value | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  // Newest first stops after a page when it walks back from the end, so the index on time is kept out of it.
  const at = newest ? "+at" : "at";
  where(`${at} >= ?`, since);
  where(`${at} < ?`, until);
  where(newest ? "seq < ?" : "seq > ?", after);
  where("endpoint_id GLOB ?", endpoint === undefined ? undefined : sqliteGlob(endpoint));
  where("request_id = ?", requestId);
  where("kind IN (SELECT value FROM json_each(?))", kinds && JSON.stringify(kinds));
  const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const order = `ORDER BY seq ${newest ? "DESC" : "ASC"}`;
  const page = `SELECT seq FROM entries ${filter} ${order} LIMIT ?`;
  return { sql: `SELECT * FROM entries WHERE seq IN (${page}) ${order}`, values: [...values, limit] };
}

/** SQLite's own globs know more signs than ours, where all but `*` is literal. */
export function sqliteGlob(endpoint: string): string {
  return endpoint.replace(/[?[]/g, "[$&]");
}

/** Only the columns asked for tell rows apart, so that the sums of a year come back as a handful of rows. */
function totalsSql(table: string, by: TotalsQuery["by"]): string {
  const columns = [
    by.includes("bucket") ? "bucket" : "0",
    by.includes("endpoint") ? "endpoint_id" : "''",
    by.includes("tags") ? "tags" : "''",
    by.includes("basis") ? "basis" : "''",
  ];
  const names = ["at", "endpoint_id", "tags", "basis"];
  const grouped = columns.filter((column) => /^[a-z]/.test(column));
  return `SELECT ${columns.map((column, i) => `${column} AS ${names[i]}`).join(", ")},
      sum(spent) AS spent, sum(saved) AS saved, sum(calls) AS calls, sum(charged) AS charged, sum(cached) AS cached,
      sum(joined) AS joined, sum(refused) AS refused, sum(unknown) AS unknown, sum(estimated) AS estimated
    FROM ${table} WHERE bucket >= ? AND bucket < ?
    ${grouped.length === 0 ? "HAVING count(*) > 0" : `GROUP BY ${grouped.join(", ")}`}`;
}

function keyOf(row: Row): SumsKey {
  return {
    bucket: bucketOf(Number(row.at)),
    endpointId: row.endpoint_id as string,
    tags: row.tags as string,
    basis: row.basis as string,
  };
}

function entryAmounts(row: Row): Parameters<typeof sumsOfEntry>[0] {
  return {
    kind: row.kind as Entry["kind"],
    outcome: row.outcome as Entry["outcome"],
    actual: row.actual as bigint | null,
    saved: row.saved as bigint | null,
    expected: row.expected as bigint | null,
  };
}

function sumsOfRollups(row: Row): Sums {
  return {
    ...noSums(),
    spent: row.spent as bigint,
    saved: row.saved as bigint,
    calls: Number(row.calls),
    charged: Number(row.charged),
    cached: Number(row.cached),
    joined: Number(row.joined),
    refused: Number(row.refused),
    unknown: Number(row.unknown),
    estimated: row.estimated as bigint,
  };
}
