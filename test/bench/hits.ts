/** How long a call takes that was bought before, its hash included. */

import { measure } from "mitata";
import { wireKey } from "../../src/cache/key.ts";
import { resolveCache } from "../../src/cache/options.ts";
import { createResults } from "../../src/cache/results.ts";
import { systemClock } from "../../src/clock.ts";
import { createMeter } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { instantFetch } from "./added-time.ts";
import type { Figure } from "./figure.ts";

const ENDPOINT = "fal-ai/flux/dev";
const input = {
  prompt: "A lighthouse at dusk, seen from the sea, in the manner of an old railway poster. ".repeat(4),
  image_size: "square_hd",
  num_images: 1,
  num_inference_steps: 28,
  guidance_scale: 3.5,
  enable_safety_checker: true,
  seed: 7,
};
const TARGET_US = 15;

export async function hits(): Promise<Figure[]> {
  const lookUp = await lookUpTime();
  const door = await doorTime();
  return [
    ...inMicroseconds("cache hit, hash and look-up", lookUp, TARGET_US),
    ...inMicroseconds("cache hit, whole call through meter.fetch", door, TARGET_US),
  ];
}

type Stats = Awaited<ReturnType<typeof measure>>;

async function lookUpTime(): Promise<Stats> {
  const cache = resolveCache({ ttl: "1h" })!;
  const results = createResults(cache, createMemoryStore(), systemClock);
  const now = systemClock.now();
  await results.put({
    key: wireKey(ENDPOINT, input),
    requestId: "r1",
    endpointId: ENDPOINT,
    tags: {},
    transport: "run",
    status: 200,
    contentType: "application/json",
    body: new TextEncoder().encode(
      JSON.stringify({ images: [{ url: "https://v3.fal.media/files/a/b.png" }], seed: 7 }),
    ),
    cost: 25_000_000n,
    storedAt: now,
    expiresAt: now + cache.ttlMs,
  });
  return measure(async () => {
    const found = await results.get({ key: wireKey(ENDPOINT, input) });
    if (!found) throw new Error("that was no hit");
  });
}

async function doorTime(): Promise<Stats> {
  let sent = 0;
  const inner = instantFetch();
  const counted: typeof fetch = (...args) => {
    sent += 1;
    return inner(...args);
  };
  const meter = createMeter({ store: "memory:", cache: { ttl: "1h" }, fetch: counted });
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Key none" },
    body: JSON.stringify(input),
  };
  const call = () => meter.fetch(`https://fal.run/${ENDPOINT}`, init);
  await call();
  const stats = await measure(async () => {
    await call();
  });
  await meter.close();
  if (sent !== 1) throw new Error(`${sent} calls were sent, so these were no hits`);
  return stats;
}

function inMicroseconds(name: string, { p50, p99 }: Stats, atMost: number): Figure[] {
  return [
    { name: `${name}, p50`, measured: p50 / 1000, unit: "µs", target: { atMost } },
    { name: `${name}, p99`, measured: p99 / 1000, unit: "µs", target: null },
  ];
}
