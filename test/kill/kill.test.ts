import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedis } from "../store/redis-server.ts";
import { playKills } from "./kill.ts";
import { newRedisLedger, newSqliteLedger } from "./ledger.ts";
import { PLANTS } from "./plants.ts";
import { compileWorker, createTroop, type Troop } from "./processes.ts";

// Longer than it takes, for these are dozens of processes on a machine that may have other work.
const TIMEOUT_MS = 240_000;

let troop: Troop;

beforeAll(async () => {
  await compileWorker();
  troop = createTroop(5);
}, TIMEOUT_MS);

afterAll(() => troop.dismiss());

describe("programs killed in the midst of buying leave a ledger that keeps its caps and comes to what fal billed", () => {
  test("in a file", { timeout: TIMEOUT_MS }, async () => {
    const tally = await playKills({ seed: 1, rounds: 10, newLedger: newSqliteLedger, troop });
    expect(tally.violations).toEqual([]);
    expect(tally).toMatchObject({ rounds: 10 });
    expect(tally.killed).toBeGreaterThan(10);
    expect(tally.resolved.adopted).toBeGreaterThan(0);
    expect(tally.paidPosts).toBeGreaterThan(60);
  });

  test("on Redis", { timeout: TIMEOUT_MS }, async () => {
    const redis = await startRedis();
    const newLedger = (seed: number) => newRedisLedger(redis.url, `kill-${seed}`);
    const tally = await playKills({ seed: 101, rounds: 5, newLedger, troop });
    expect(tally.violations).toEqual([]);
    expect(tally.killed).toBeGreaterThan(5);
    expect(tally.paidPosts).toBeGreaterThan(30);
  });
});

describe("whoever looks at the books finds", () => {
  test.each(PLANTS)("a planted bug: %s", { timeout: TIMEOUT_MS }, async (plant) => {
    const planted = { plant, seed: 1, rounds: 8, newLedger: newSqliteLedger, troop, lanes: 1 };
    const { violations } = await playKills({ ...planted, stopAtViolation: true });
    const sentences = violations.map(({ what }) => what).join("\n");
    expect(sentences).toMatch(found[plant]);
  });
});

const found = {
  "refund-the-dead": /no purchase of the ledger can be that|was given back/,
  "no-hold": /the ledger has no purchase for it/,
  "wide-cap": /above its limit/,
  "book-twice": /is booked at \d+, and fal billed \d/,
};
