import { resolve } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import { OptionsError, StoreError } from "../errors.ts";
import { dollars, type MoneyInput, toNano } from "../money.ts";
import { notesMax, wholeNumber } from "./bounds.ts";
import { openConnection } from "./sqlite-connection.ts";
import { loadDriver, type OpenDatabase } from "./sqlite-driver.ts";
import { storeFailure } from "./sqlite-failure.ts";
import { prepareFile } from "./sqlite-file.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import type { Store } from "./store.ts";

export interface SqliteStoreOptions {
  /**
   * A hold, bill or correction above this many US dollars is on the disk before the call goes on, so that not even a power
   * cut forgets it. Smaller ones survive a crash of the process, and a power cut may take the last of them. @default "1.00"
   */
  fullSyncAbove?: MoneyInput;
  /** Bytes of stored results; the least recently used go first. At least 1. @default 256 MiB */
  maxResultBytes?: number;
  /** Notes kept of one kind; the oldest go first. At least 1. @default 10_000 */
  maxNotes?: number;
  /** Bytes of the whole file, to 4 KiB. Beyond it every writing verb fails with reason `full`. At least 1. @default 64 GiB */
  maxFileBytes?: number;
  /** How long a transaction is tried again while other processes write, in milliseconds. At least 1. @default 5_000 */
  retryForMs?: number;
  /** What the time of the retries is taken from. @default the system's */
  clock?: Clock;
}

/**
 * A ledger in one file, for all processes of one machine. Not for network disks: they cannot lock it.
 *
 * Makes the file, readable by its owner only, and its folder where they are missing. Entries are kept for good.
 * @throws StoreError `corrupt`, `read-only`, `full`, `busy`, `newer-schema`, `unreachable` or `failed`, with nothing half-written.
 * @throws OptionsError when an option is out of its bounds.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<Store> {
  if (typeof path !== "string" || path === "") throw new OptionsError("path", "the path of a file", path);
  const name = `sqlite:${path}`;
  const fullSyncAbove = toNano(dollars(options.fullSyncAbove ?? "1.00", "fullSyncAbove"));
  const resultBytesMax = wholeNumber(options.maxResultBytes, 256 * 1024 * 1024, "maxResultBytes");
  const notesKept = wholeNumber(options.maxNotes, notesMax, "maxNotes");
  const connection = {
    store: name,
    path: resolve(path),
    clock: options.clock ?? systemClock,
    retryForMs: wholeNumber(options.retryForMs, 5_000, "retryForMs"),
    fileBytesMax: wholeNumber(options.maxFileBytes, 64 * 1024 ** 3, "maxFileBytes"),
  };
  const driver = await driverFor(name);
  try {
    prepareFile(connection.path);
  } catch (error) {
    throw storeFailure(name, error);
  }
  return createSqliteStore(name, await openConnection(driver, connection), {
    fullSyncAbove,
    resultBytesMax,
    notesKept,
  });
}

async function driverFor(name: string): Promise<OpenDatabase> {
  try {
    return await loadDriver();
  } catch {
    throw new StoreError(name, "unreachable", "this runtime has no SQLite and the package for it does not load");
  }
}
