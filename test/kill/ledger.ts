import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Entry, Hold, Store } from "../../src/store/store.ts";
import type { LedgerAddress } from "./orders.ts";

/** A ledger that many processes share, and that is looked at from outside. */
export interface Ledger {
  readonly address: LedgerAddress;
  /** Opens it once more. */
  open(): Promise<Store>;
  /** Throws it away. */
  remove(): void;
}

export function newSqliteLedger(): Ledger {
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-kill-"));
  const path = join(folder, "ledger.db");
  return {
    address: { kind: "sqlite", path },
    open: () => openSqliteStore(path),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function newRedisLedger(url: string, prefix: string): Ledger {
  return {
    address: { kind: "redis", url, prefix },
    open: () => connectRedisStore({ url, prefix, timeoutMs: 20_000 }),
    // It goes with its server.
    remove() {},
  };
}

const PAGE = 500;

/** Everything that the ledger knows of purchases: entries in the order written, and open holds. */
export async function readAll(store: Store): Promise<{ entries: Entry[]; holds: Hold[] }> {
  const entries: Entry[] = [];
  for (let more = true; more; ) {
    const after = entries.at(-1)?.seq;
    const page = await store.entries({ limit: PAGE, ...(after !== undefined && { after }) });
    entries.push(...page);
    more = page.length === PAGE;
  }
  const holds: Hold[] = [];
  for (let more = true; more; ) {
    const after = holds.at(-1)?.id;
    const page = await store.openHolds({ limit: PAGE, ...(after !== undefined && { after }) });
    holds.push(...page);
    more = page.length === PAGE;
  }
  return { entries, holds };
}
