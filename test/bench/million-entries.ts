/** A year with a million entries in it, as a busy studio's meters leave it in a ledger. */

import { systemClock } from "../../src/clock.ts";
import { decimal, toNano } from "../../src/money.ts";
import { openConnection } from "../../src/store/sqlite-connection.ts";
import { loadDriver } from "../../src/store/sqlite-driver.ts";
import { createSqliteEntries } from "../../src/store/sqlite-entries.ts";
import { prepareFile } from "../../src/store/sqlite-file.ts";
import type { Entry, Store } from "../../src/store/store.ts";

export const MILLION = 1_000_000;
const YEAR_MS = 365 * 86_400_000;

/** Endpoint, dollars a call, and how often of a hundred. */
const TRADE: readonly [endpointId: string, cost: string, often: number][] = [
  ["fal-ai/flux-pro/v1.1", "0.04", 30],
  ["fal-ai/flux/dev", "0.025", 28],
  ["fal-ai/nano-banana-pro", "0.15", 12],
  ["fal-ai/recraft/v3/text-to-image", "0.04", 10],
  ["fal-ai/whisper", "0.0064", 8],
  ["fal-ai/kling-video/v2.6/pro/image-to-video", "0.35", 6],
  ["fal-ai/bytedance/seedance/v1/pro/text-to-video", "0.62", 3],
  ["fal-ai/veo3.1/fast", "1.2", 3],
];
const CALLS = TRADE.flatMap(([endpointId, cost, often]) =>
  Array.from({ length: often }, () => ({ endpointId, cost, nano: toNano(decimal(cost)) })),
);
const CUSTOMERS = ["acme", "globex", "initech", "umbrella", "hooli"];

/** The `index`-th of `count` entries that end at `until`: purchases, one hit in seven, and a refusal now and then. */
function entryAt(index: number, count: number, until: number): Entry {
  const at = Math.floor(until - YEAR_MS + ((index + 0.5) * YEAR_MS) / count);
  // Steps that share no factor with what they count, so that every endpoint meets every customer.
  const { endpointId, cost, nano } = CALLS[(index * 37) % CALLS.length]!;
  const kind = index % 7 === 3 ? "hit" : index % 101 === 50 ? "refusal" : "purchase";
  const bought = kind === "purchase";
  return {
    id: `entry-${index}`,
    kind,
    endpointId,
    transport: "queue",
    requestId: kind === "refusal" ? null : `request-${index}`,
    tags: index % 11 === 0 ? {} : { customer: CUSTOMERS[(index * 3) % CUSTOMERS.length]! },
    at,
    settledAt: at,
    outcome: bought ? "charged" : kind === "hit" ? "hit" : "refused",
    estimate: {
      ...{ low: nano, expected: nano, high: nano },
      ...{ unit: "image", quantity: "1", unitPrice: cost, shape: "1c9e0a42 image_size=1024x1024" },
      ...{ basis: "rate-card", source: "rate card", asOf: "2026-11-01" },
    },
    discountPercent: 0,
    billableUnits: null,
    charges: [],
    digest: `digest-${index}`,
    about: kind === "refusal" ? "daily" : null,
    actual: bought ? nano : 0n,
    saved: bought ? null : nano,
    basis: bought ? "rate-card" : kind === "hit" ? "cached" : "refused",
    note: null,
  };
}

/** Ten thousand entries a transaction, by the store's own writing of one, so that its sums are its own. */
export async function fillSqlite(path: string, count: number, until: number): Promise<void> {
  prepareFile(path);
  const options = {
    store: `sqlite:${path}`,
    path,
    clock: systemClock,
    retryForMs: 5_000,
    fileBytesMax: 64 * 1024 ** 3,
  };
  const connection = await openConnection(await loadDriver(), options);
  const table = createSqliteEntries(connection);
  for (let next = 0; next < count; ) {
    const end = Math.min(count, next + 10_000);
    await connection.write(() => {
      for (; next < end; next += 1) table.append(entryAt(next, count, until));
    });
  }
  connection.close();
}

const AT_ONCE = 100;

/** Through the store's own verb, hundreds at once, so that the way to the server is taken once for all of them. */
export async function fillStore(store: Store, count: number, until: number): Promise<void> {
  for (let next = 0; next < count; next += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - next) }, (_, index) => next + index);
    await Promise.all(batch.map((index) => store.record(entryAt(index, count, until))));
  }
}
