import { StoreError, type StoreFailure } from "../errors.ts";

/** Primary result codes of SQLite, from its documentation "Result and Error Codes". */
const REASONS: Record<number, StoreFailure> = {
  3: "read-only",
  5: "busy",
  6: "busy",
  8: "read-only",
  11: "corrupt",
  13: "full",
  14: "unreachable",
  26: "corrupt",
};

/**
 * The package that stands in for `node:sqlite` throws some of its errors (those of `all`) without their code. SQLite's English for
 * each is always the same: its documentation of `sqlite3_errstr`.
 */
const WORDS: Record<string, StoreFailure> = {
  "database is locked": "busy",
  "database table is locked": "busy",
  "attempt to write a readonly database": "read-only",
  "database disk image is malformed": "corrupt",
  "database or disk is full": "full",
  "unable to open database file": "unreachable",
  "file is not a database": "corrupt",
};

/** The shared memory beside the file could not be made larger: SQLITE_IOERR_SHMSIZE, what a full disk looks like there. */
const shmSize = 4_874;

/** What the operating system calls it, when a folder or file could not be made. */
const SYSTEM_REASONS: Record<string, StoreFailure> = {
  EROFS: "read-only",
  EACCES: "read-only",
  EPERM: "read-only",
  ENOSPC: "full",
  EDQUOT: "full",
};

/** Another process writes at this moment; the same transaction may pass a moment later. */
export function isBusy(error: unknown): boolean {
  return reasonOf(error) === "busy";
}

/**
 * Turns what SQLite or the file system threw into a `StoreError`. Anything else is handed on as it is.
 * SQLite's messages name tables and columns, never values.
 */
export function storeFailure(store: string, error: unknown): unknown {
  if (isUnreadable(error)) return new StoreError(store, "corrupt", "a row does not read as it was written");
  const reason = reasonOf(error);
  return reason ? new StoreError(store, reason, (error as Error).message) : error;
}

/** What reading a row throws when it holds text for a number, or no JSON: never its message, which quotes the row. */
function isUnreadable(error: unknown): boolean {
  const kinds = [TypeError, SyntaxError, RangeError];
  return kinds.some((kind) => error instanceof kind) && reasonOf(error) === undefined;
}

function reasonOf(error: unknown): StoreFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { errcode, code, syscall } = error as { errcode?: unknown; code?: unknown; syscall?: unknown };
  if (typeof errcode === "number") return errcode === shmSize ? "full" : (REASONS[errcode & 0xff] ?? "failed");
  if (typeof code !== "string") return undefined;
  if (code === "ERR_SQLITE_ERROR") return WORDS[error.message] ?? "failed";
  return typeof syscall === "string" ? (SYSTEM_REASONS[code] ?? "unreachable") : undefined;
}
