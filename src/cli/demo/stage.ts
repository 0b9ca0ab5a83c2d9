import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Budget } from "../../budget/budget.ts";
import { createFalClient, type MeteredFalClient } from "../../client.ts";
import { type Emulator, startEmulator } from "../../emulator/emulator.ts";
import { openSqliteStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";

/** Where the demo plays: a client, its ledger in a folder of its own, and the fal that it talks to. */
export interface Stage {
  readonly client: MeteredFalClient;
  readonly store: Store;
  /** `null` when it is fal itself. */
  readonly emulator: Emulator | null;
  readonly credentials: string;
  /** Holds the ledger and the pictures; left behind, to be looked at. */
  readonly folder: string;
  readonly budgets: readonly Budget[];
  readonly concurrency: number;
  close(): Promise<void>;
}

/** Slow enough to watch, quick enough to wait for. */
const LATENCY_MS = { run: 900, queue: 400, work: 1_100 };

const CONCURRENCY = 6;

/** A fal on this machine. Nothing leaves it, and no key is read. */
export async function emulatedStage(): Promise<Stage> {
  const emulator = await startEmulator({ latencyMs: LATENCY_MS });
  // A day that ends now, not at midnight: the demo may be seen at any hour.
  const budgets: Budget[] = [
    { name: "$1 a day", limit: "1.00", per: { rolling: "24h" } },
    { name: "$0.50 a request", limit: "0.50", per: "request" },
  ];
  return stage(emulator, "none", budgets);
}

/** fal itself, under a budget that no mistake of the demo can cross. */
export function liveStage(credentials: string): Promise<Stage> {
  return stage(null, credentials, [{ name: "$0.25 in total", limit: "0.25", per: "total" }]);
}

async function stage(emulator: Emulator | null, credentials: string, budgets: readonly Budget[]): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "fal-meter-demo-"));
  const store = await openSqliteStore(join(folder, "ledger.db"));
  const client = createFalClient({
    credentials,
    ...(emulator && { fetch: emulator.fetch }),
    meter: { store, budgets, limits: { concurrency: CONCURRENCY }, cache: { ttl: "1h" } },
  });
  return {
    ...{ client, store, emulator, credentials, folder, budgets },
    concurrency: CONCURRENCY,
    async close() {
      await client.meter.close();
      await emulator?.close();
    },
  };
}
