import { StoreError } from "../errors.ts";
import type { Database, Row } from "./sqlite-driver.ts";

/** Marks the file as this ledger's: "falm" in ASCII, where SQLite keeps the id of the program a file belongs to. */
const applicationId = 0x66_61_6c_6d;

/**
 * Each brings the file from the version of its place in the list to the next, and is never changed once released.
 *
 * Amounts are nano-dollars, times are milliseconds since the epoch. What is searched or summed has a column; the rest of a
 * record is JSON in `detail`. Open holds stay apart from what is spent, one row each, so that no crash can mix them up.
 * Every index is one more page to write with each call: holds have none by time, for the open ones are few.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE holds (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, amount INTEGER, state TEXT NOT NULL, request_id TEXT, key TEXT,
    sharers INTEGER NOT NULL, doubt TEXT, endpoint_id TEXT NOT NULL, tags TEXT NOT NULL, basis TEXT NOT NULL,
    detail TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX holds_request ON holds (request_id) WHERE request_id IS NOT NULL;
  CREATE INDEX holds_key ON holds (key, at) WHERE key IS NOT NULL;

  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, endpoint_id TEXT NOT NULL, request_id TEXT,
    at INTEGER NOT NULL, settled_at INTEGER, outcome TEXT NOT NULL, actual INTEGER, saved INTEGER, expected INTEGER,
    basis TEXT NOT NULL, tags TEXT NOT NULL, detail TEXT NOT NULL
  );
  CREATE UNIQUE INDEX entries_id ON entries (id, kind);
  CREATE INDEX entries_request ON entries (request_id) WHERE request_id IS NOT NULL;
  CREATE INDEX entries_at ON entries (at);

  CREATE TABLE rollups (
    bucket INTEGER NOT NULL, endpoint_id TEXT NOT NULL, tags TEXT NOT NULL, basis TEXT NOT NULL,
    spent INTEGER NOT NULL, saved INTEGER NOT NULL, calls INTEGER NOT NULL, charged INTEGER NOT NULL,
    cached INTEGER NOT NULL, joined INTEGER NOT NULL, refused INTEGER NOT NULL, unknown INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    PRIMARY KEY (bucket, endpoint_id, tags, basis)
  ) WITHOUT ROWID;

  CREATE TABLE counters (
    id TEXT PRIMARY KEY, length_ms INTEGER, spent INTEGER NOT NULL, held INTEGER NOT NULL, drop_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX counters_drop ON counters (drop_at) WHERE drop_at IS NOT NULL;
  CREATE TABLE members (
    counter TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL, spent INTEGER NOT NULL, held INTEGER NOT NULL,
    PRIMARY KEY (counter, at, id)
  ) WITHOUT ROWID;
  CREATE TABLE ordinals (counter TEXT PRIMARY KEY, count INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE results (
    key TEXT PRIMARY KEY, request_id TEXT NOT NULL, endpoint_id TEXT NOT NULL, tags TEXT NOT NULL, transport TEXT NOT NULL,
    status INTEGER NOT NULL, content_type TEXT NOT NULL, cost INTEGER, stored_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL
  );
  CREATE INDEX results_request ON results (request_id);
  CREATE INDEX results_used ON results (used_at);
  CREATE INDEX results_expires ON results (expires_at);
  CREATE TABLE result_bytes (total INTEGER NOT NULL);
  INSERT INTO result_bytes VALUES (0);

  CREATE TABLE notes (
    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL, expires_at INTEGER,
    PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE INDEX notes_at ON notes (kind, at);
  `,
  `
  CREATE TABLE permits (
    pace TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, ends_at INTEGER NOT NULL, back_ends_at INTEGER,
    PRIMARY KEY (pace, id)
  ) WITHOUT ROWID;
  CREATE INDEX permits_end ON permits (ends_at);

  CREATE TABLE day_rollups (
    bucket INTEGER NOT NULL, endpoint_id TEXT NOT NULL, tags TEXT NOT NULL, basis TEXT NOT NULL,
    spent INTEGER NOT NULL, saved INTEGER NOT NULL, calls INTEGER NOT NULL, charged INTEGER NOT NULL,
    cached INTEGER NOT NULL, joined INTEGER NOT NULL, refused INTEGER NOT NULL, unknown INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    PRIMARY KEY (bucket, endpoint_id, tags, basis)
  ) WITHOUT ROWID;
  INSERT INTO day_rollups
    SELECT bucket / 86400000 * 86400000, endpoint_id, tags, basis, sum(spent), sum(saved), sum(calls), sum(charged),
      sum(cached), sum(joined), sum(refused), sum(unknown), sum(estimated)
    FROM rollups GROUP BY 1, 2, 3, 4;
  `,
];

/**
 * Brings the file to this version's schema in one transaction, so that it is never found half-way. Of processes that open
 * it at once, one does the work and the others find it done.
 * @throws StoreError `newer-schema` when a later version wrote it, `corrupt` when it is another program's database.
 */
export function migrate(database: Database, store: string): void {
  if (versionOf(database, store) === MIGRATIONS.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const step of MIGRATIONS.slice(versionOf(database, store))) database.exec(step);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec("COMMIT");
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** Undoes an open transaction. SQLite has already undone it after some failures and then has none to undo. */
export function rollBack(database: Database): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // There was none.
  }
}

/** What the file says of itself, in one statement: read one by one, another process may make its tables in between. */
const STANDING = `
  SELECT user_version AS version, application_id AS owner, (SELECT count(*) FROM sqlite_schema) AS tables
  FROM pragma_user_version, pragma_application_id`;

/** @throws StoreError `newer-schema` or `corrupt`, before anything is written to a file that is not ours to write. */
export function versionOf(database: Database, store: string): number {
  const row = database.prepare(STANDING).get() as Row;
  const [version, owner, tables] = [row.version, row.owner, row.tables].map(Number) as [number, number, number];
  if (owner !== applicationId && (owner !== 0 || tables > 0)) {
    throw new StoreError(store, "corrupt", "it is a database of another program");
  }
  if (version > MIGRATIONS.length) {
    throw new StoreError(store, "newer-schema", `its schema is ${version} and this one knows ${MIGRATIONS.length}`);
  }
  return version;
}
