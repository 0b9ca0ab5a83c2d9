/** What a value of a column is in JavaScript. Integers are read as bigints, so that money stays exact. */
export type Value = null | number | bigint | string | Uint8Array;
export type Row = Record<string, Value>;

/** The part of `node:sqlite` that the store uses; `@photostructure/sqlite` has the same. */
export interface Statement {
  run(...values: Value[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: Value[]): unknown;
  all(...values: Value[]): unknown[];
  setReadBigInts(on: boolean): void;
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export type OpenDatabase = new (path: string) => Database;

interface Driver {
  DatabaseSync: OpenDatabase;
}

/** The runtime's own SQLite where it has one (Node 22.13 and later), else the package with the same API. */
export async function loadDriver(): Promise<OpenDatabase> {
  // Held in a variable because the type library of older Node versions does not know the module.
  const builtIn: string = "node:sqlite";
  try {
    return ((await import(builtIn)) as Driver).DatabaseSync;
  } catch {
    return ((await import("@photostructure/sqlite")) as unknown as Driver).DatabaseSync;
  }
}
