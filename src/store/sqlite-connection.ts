import type { Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import type { Database, OpenDatabase, Row, Statement, Value } from "./sqlite-driver.ts";
import { isBusy, storeFailure } from "./sqlite-failure.ts";
import { migrate, rollBack, versionOf } from "./sqlite-schema.ts";

/** SQLite waits by blocking the whole process, so it does that only while the file is opened and closed. */
const blockForMs = 10;
/**
 * How long a transaction waits that found another process writing: shorter and more often would be its turn sooner once, and make
 * more of all holds wait.
 */
const pauseMs = { least: 2, first: 4, most: 25 };
const pageBytes = 4_096;
/** The write-ahead log is moved into the file at this length: rarely enough that one call in a hundred does not feel it. */
const logPages = 4_000;
/** A log that had to grow longer, because somebody was reading, is cut back to this. */
const logBytesMax = 32 * 1024 * 1024;

/** Prepared once, used for good. */
interface Query {
  /** Answers how many rows changed. */
  run(...values: Value[]): number;
  /** Answers the number of the row inserted. */
  insert(...values: Value[]): number;
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
}

export interface Connection {
  query(sql: string): Query;
  /** Runs `work` as one transaction that sees one moment, and changes nothing. */
  read<T>(work: () => T): Promise<T>;
  /** Runs `work` as one transaction: whole or not at all. `lasting` ones are on the disk before the answer. */
  write<T>(work: () => T, lasting?: boolean): Promise<T>;
  /** Writes what is good to know and may as well be lost: tried once, and never a reason to fail. */
  hint(work: () => void): void;
  close(): void;
}

export interface ConnectionOptions {
  store: string;
  path: string;
  clock: Clock;
  retryForMs: number;
  fileBytesMax: number;
}

/**
 * Opens the file and brings it to the current schema.
 *
 * A transaction that finds another process writing is undone and tried again after a short random pause, until
 * `retryForMs` have passed. Taking the write lock at its beginning makes that safe: nothing was read that could be stale.
 * @throws StoreError for whatever keeps the file from being used.
 */
export async function openConnection(Driver: OpenDatabase, options: ConnectionOptions): Promise<Connection> {
  const { store, clock, retryForMs } = options;

  async function persist<T>(attempt: () => T): Promise<T> {
    const until = clock.now() + retryForMs;
    for (let tries = 1; ; tries += 1) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || clock.now() >= until) throw storeFailure(store, error);
      }
      await clock.sleep(pauseMs.least + Math.random() * Math.min(pauseMs.most, pauseMs.first * 2 ** (tries - 1)));
    }
  }

  let open: Database | null = await persist(() => openDatabase(Driver, options));
  const database = open;
  const prepared = new Map<string, Statement>();
  let syncing = false;

  /** Prepared when it is first run, inside a transaction that is tried again where another process is in the way. */
  function statementOf(sql: string): Statement {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = database.prepare(sql);
      statement.setReadBigInts(true);
      prepared.set(sql, statement);
    }
    return statement;
  }

  const query = (sql: string): Query => ({
    run: (...values) => Number(statementOf(sql).run(...values).changes),
    insert: (...values) => Number(statementOf(sql).run(...values).lastInsertRowid),
    get: (...values) => statementOf(sql).get(...values) as Row | undefined,
    all: (...values) => statementOf(sql).all(...values) as Row[],
  });

  const begin = query("BEGIN");
  const beginWriting = query("BEGIN IMMEDIATE");
  const commit = query("COMMIT");

  function transaction<T>(first: Query, work: () => T): T {
    if (!open) throw new StoreError(store, "closed", "close() was called");
    first.run();
    try {
      const answer = work();
      commit.run();
      return answer;
    } catch (error) {
      rollBack(database);
      throw error;
    }
  }

  function syncEvery(commitLasts: boolean): void {
    if (!open || syncing === commitLasts) return;
    database.exec(`PRAGMA synchronous = ${commitLasts ? "FULL" : "NORMAL"}`);
    syncing = commitLasts;
  }

  return {
    query,
    read: (work) => persist(() => transaction(begin, work)),
    write: (work, lasting = false) =>
      persist(() => {
        syncEvery(lasting);
        return transaction(beginWriting, work);
      }),
    hint(work) {
      try {
        transaction(beginWriting, work);
      } catch {
        // The disk is full or another process writes: the answer that was read is as good without it.
      }
    },
    close() {
      if (!open) return;
      open = null;
      moveLog(database);
      // The package leaves the file open until its statements are collected, so none may be kept.
      prepared.clear();
      database.close();
    },
  };
}

/** Moves the log into the file, so that the file alone is the whole ledger when it is copied. */
function moveLog(database: Database): void {
  try {
    database.exec(`PRAGMA busy_timeout = ${blockForMs}`);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Somebody else is at work, or the disk is full: the log stays, and whoever opens the file next reads it.
  }
}

function openDatabase(Driver: OpenDatabase, { store, path, fileBytesMax }: ConnectionOptions): Database {
  const database = new Driver(path);
  try {
    // First, for every later line may meet another process.
    database.exec(`PRAGMA busy_timeout = ${blockForMs}`);
    versionOf(database, store);
    const { journal_mode: mode } = database.prepare("PRAGMA journal_mode = WAL").get() as Row;
    if (mode !== "wal") {
      throw new StoreError(store, "failed", "its file system cannot be shared between processes; use a local disk");
    }
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec(`PRAGMA wal_autocheckpoint = ${logPages}`);
    database.exec(`PRAGMA journal_size_limit = ${logBytesMax}`);
    migrate(database, store);
    database.exec(`PRAGMA max_page_count = ${Math.ceil(fileBytesMax / pageBytes)}`);
    database.exec("PRAGMA busy_timeout = 0");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
