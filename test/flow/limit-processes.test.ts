import { describe, expect, test } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { startRedis } from "../store/redis-server.ts";
import { newPath } from "../store/sqlite-folder.ts";
import { image, input, openEmulator } from "./open.ts";
import { go, kill, type Orders, startProcesses } from "./processes.ts";

const redis = await startRedis();

/** The most that any stretch of this length holds, wherever it begins. */
function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

const stores: [name: string, newStore: () => string][] = [
  ["SQLite file", () => `sqlite:${newPath()}`],
  ["Redis", () => redis.url],
];

describe.each(stores)("four processes on one %s", (_, newStore) => {
  test("start at most as many calls a second as one may, wherever the second begins", async () => {
    const emulator = await openEmulator();
    const limits = { starts: { count: 20, per: "1s" } } as const;
    const orders: Orders = {
      ...{ emulatorUrl: emulator.url, meter: { store: newStore(), limits }, now: null },
      ...{ endpointId: image, input, door: "run", calls: 20 },
    };
    const outcomes = await Promise.all(go(await startProcesses(4, orders)));
    expect(outcomes.flatMap(({ errors }) => errors)).toEqual([]);
    const starts = outcomes.flatMap(({ sentAt }) => sentAt);
    expect([starts.length, emulator.paidPosts()]).toEqual([80, 80]);
    expect(mostWithin(starts, 1_000)).toBeLessThanOrEqual(20);
  });
});

// A dead process's places are kept for half a minute, so both stores wait together.
describe.concurrent("of four processes that share places, the killed ones give theirs back", () => {
  test.each(stores)("on one %s", { timeout: 120_000 }, async (_, newStore) => {
    const emulator = await startEmulator({ latencyMs: { run: 24 * 3_600_000 } });
    const limits = { concurrency: 4, jobTimeout: "24h" } as const;
    const orders: Orders = {
      ...{ emulatorUrl: emulator.url, meter: { store: newStore(), limits }, now: null },
      ...{ endpointId: image, input, door: "run", calls: 3 },
    };
    const [first, second] = [await startProcesses(2, orders), await startProcesses(2, { ...orders, calls: 1 })];
    for (const outcome of go(first)) outcome.catch(() => {});
    const paidPosts = (count: number) => expect.poll(() => emulator.paidPosts(), { timeout: 90_000 }).toBe(count);
    await paidPosts(4);
    for (const outcome of go(second)) outcome.catch(() => {});
    await kill(first);
    await paidPosts(6);
    await kill(second);
    await emulator.close();
  });
});
