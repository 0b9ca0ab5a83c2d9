import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Entry, Hold, Store } from "../../src/store/store.ts";
import type { LedgerAddress } from "./orders.ts";

/** A ledger that many processes share, and that is looked at from outside. */
export interface Ledger {
  readonly address: LedgerAddress;
  /** Opens it once more. */
  open(): Promise<Store>;
  /** Everybody's clock goes forward: what ends by a clock of the ledger's own ends so much sooner. */
  passTime(ms: number): Promise<void>;
  /** Throws it away. */
  remove(): Promise<void>;
}

export function newSqliteLedger(): Ledger {
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-kill-"));
  const path = join(folder, "ledger.db");
  return {
    address: { kind: "sqlite", path },
    open: () => openSqliteStore(path),
    // It has no clock but its callers'.
    async passTime() {},
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function newRedisLedger(url: string, prefix: string): Ledger {
  const client = new Redis(url);
  return {
    address: { kind: "redis", url, prefix },
    open: () => connectRedisStore({ url, prefix, timeoutMs: 20_000 }),
    // The server's clock cannot be set, so the permits, which go by it, are.
    async passTime(ms) {
      for (const pace of await client.keys(`{fm:${prefix}}:p:*`))
        for (const permit of await client.zrange(pace, 0, -1)) await client.zincrby(pace, -ms, permit);
    },
    // The rest goes with its server.
    remove: async () => void (await client.quit()),
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
