import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { connectRedisStore, createRedisStore } from "../../src/store/redis.ts";
import { evaluatorOf } from "../../src/store/redis-client.ts";
import { createConnection } from "../../src/store/redis-connection.ts";
import type { Store } from "../../src/store/store.ts";
import { startRedis } from "./redis-server.ts";
import { charged, day, fixed, hit, hour, minute, noon, request, result, rolling, usd } from "./samples.ts";

const server = await startRedis();
let ledgers = 0;

async function open(options: { maxEntries?: number } = {}): Promise<{ store: Store; slot: string }> {
  ledgers += 1;
  const prefix = `bounds-${ledgers}`;
  return { store: await connectRedisStore({ client: server.admin, prefix, ...options }), slot: `{fm:${prefix}}:` };
}

/** A store whose inner bounds are small enough to be reached. */
function cramped(bounds: { openHoldsMax?: number; membersMax?: number }): Store {
  ledgers += 1;
  const way = { store: "redis: (cramped)", prefix: `bounds-${ledgers}`, clock: systemClock, timeoutMs: 2_000 };
  const wide = { entriesMax: 1_000, resultBytesMax: 1_000, notesMax: 10, openHoldsMax: 1_000, membersMax: 1_000 };
  return createRedisStore(way.store, createConnection(evaluatorOf(server.admin), way), { ...wide, ...bounds });
}

describe("entries", () => {
  test("the oldest go and stay in the totals, whatever finer sums they are folded into", async () => {
    const { store, slot } = await open({ maxEntries: 20 });
    const count = 600;
    for (let i = 0; i < count; i += 1) {
      const at = noon + (i % 300) * 8 * hour;
      await store.record(hit(`h${i}`, { at, saved: 1n, endpointId: `fal-ai/e${i % 2}`, tags: { n: `${i}` } }));
    }
    const kept = await store.entries({ limit: 1_000 });
    expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `h${count - 20 + i}`));
    expect(await store.totals({ by: [] })).toMatchObject([{ saved: BigInt(count), cached: count }]);
    expect(await store.totals({ by: ["endpoint"] })).toMatchObject([
      { endpointId: "fal-ai/e0", cached: count / 2 },
      { endpointId: "fal-ai/e1", cached: count / 2 },
    ]);
    for (const since of [290, 292, 295.5])
      expect(await store.totals({ since: noon + since * 8 * hour, by: [] })).toMatchObject([
        { cached: 2 * Math.floor(300 - since) },
      ]);
    const rows = async (grain: string) => {
      const buckets = await server.admin.zrange(`${slot}${grain}`, 0, -1);
      const lengths = await Promise.all(buckets.map((bucket) => server.admin.hlen(`${slot}${grain}:${bucket}`)));
      return lengths.reduce((sum, length) => sum + length, 0);
    };
    expect([await rows("quarters"), await rows("days"), await rows("ever")]).toEqual([20, 20, 2]);
    expect(await server.admin.hlen(`${slot}entry-ids`)).toBe(20);
    expect(await server.admin.zcard(`${slot}entry-times`)).toBe(20);
  });

  test("a range comes the same, page by page and in both orders, with few entries in it and with many", async () => {
    const { store } = await open();
    const count = 10_400;
    // Out of the order of time, as entries of many machines are.
    const ats = Array.from({ length: count }, (_, i) => noon + ((i * 37) % count));
    for (let i = 0; i < count; i += 200)
      await Promise.all(ats.slice(i, i + 200).map((at, j) => store.record(hit(`h${i + j}`, { at }))));
    for (const range of [{ since: noon + 50, until: noon + 10_350 }, { since: noon + 7_000 }, { until: noon + 40 }]) {
      const { since = 0, until = Number.POSITIVE_INFINITY } = range;
      const wanted = ats.flatMap((at, i) => (at >= since && at < until ? [`h${i}`] : []));
      for (const newest of [false, true]) {
        const found: string[] = [];
        let after: number | undefined;
        for (;;) {
          const page = await store.entries({ ...range, newest, limit: 3_700, ...(after !== undefined && { after }) });
          if (page.length === 0) break;
          found.push(...page.map(({ id }) => id));
          after = page.at(-1)!.seq;
        }
        expect(found).toEqual(newest ? wanted.toReversed() : wanted);
      }
    }
  });

  test("a purchase whose entry is gone is still settled once", async () => {
    const { store, slot } = await open({ maxEntries: 2 });
    await store.hold(request("a", { amount: 1n, charges: [fixed("day", usd(5))] }));
    await store.settle("a", charged(1n, { requestId: "r" }));
    for (const id of ["h", "i"]) await store.record(hit(id));
    expect(await store.findEntry({ requestId: "r" })).toBeUndefined();
    expect(await server.admin.hlen(`${slot}entry-requests`)).toBe(0);
    expect(await store.settle("a", charged(1n))).toEqual({ outcome: "already", entry: undefined });
    expect(await store.counters({ prefix: "day", at: noon })).toMatchObject([{ spent: 1n }]);
  });

  test("long lists are whole, in order, and chosen from, though they are read in pages", async () => {
    const { store } = await open();
    const ids = Array.from({ length: 2_300 }, (_, i) => `h${i}`);
    await Promise.all(
      ids.map((id, i) => store.record(hit(id, { saved: 1n, requestId: `r${i % 1_150}`, tags: { n: `${i}` } }))),
    );
    const all = await store.entries({ limit: 100_000 });
    expect(all.map(({ seq }) => seq)).toEqual(ids.map((_, i) => i + 1));
    expect(await store.entries({ limit: 1_500, newest: true })).toEqual(all.slice(-1_500).reverse());
    expect(await store.entries({ limit: 9, requestId: "r7" })).toEqual([all[7], all[1_157]]);
    expect(await store.entries({ limit: 1, requestId: "r1149", newest: true })).toEqual([all.at(-1)]);
    expect(await store.totals({ by: ["tags"] })).toHaveLength(2_300);
  });

  test("sums beyond one page are added up whole", async () => {
    const { store } = await open();
    const count = 5_600;
    for (let i = 0; i < count; i += 700) {
      const some = Array.from({ length: 700 }, (_, n) => i + n);
      await Promise.all(some.map((n) => store.record(hit(`h${n}`, { at: noon + n * 15 * minute, saved: BigInt(n) }))));
    }
    const saved = BigInt((count * (count - 1)) / 2);
    expect(await store.totals({ by: [] })).toMatchObject([{ saved, cached: count }]);
    expect(await store.totals({ by: ["bucket"] })).toHaveLength(count);
  });
});

describe("holds and counters", () => {
  test("more open holds than anybody could be waiting for are refused by name", async () => {
    const store = cramped({ openHoldsMax: 2 });
    for (const id of ["a", "b"]) await store.hold(request(id));
    await expect(store.hold(request("c"))).rejects.toMatchObject({ name: "StoreError", reason: "failed" });
    expect(await store.hold(request("b"))).toMatchObject({ outcome: "held" });
    await store.settle("a", charged(1n));
    expect(await store.hold(request("c"))).toMatchObject({ outcome: "held" });
  });

  test("many open holds and counters are listed whole, though they are read in pages", async () => {
    const { store } = await open();
    const ids = Array.from({ length: 1_201 }, (_, i) => `h${`${i}`.padStart(4, "0")}`);
    await Promise.all(ids.map((id) => store.hold(request(id, { amount: 1n, charges: [fixed(`each|${id}`, null)] }))));
    expect((await store.openHolds({ limit: 100_000 })).map(({ id }) => id)).toEqual(ids);
    expect((await store.openHolds({ limit: 700, after: "h0300" })).map(({ id }) => id)).toEqual(ids.slice(301, 1_001));
    const counters = await store.counters({ prefix: "each|", at: noon });
    expect(counters.map(({ counter }) => counter)).toEqual(ids.map((id) => `each|${id}`));
  });

  test("a rolling window with too many amounts counts the oldest too long, never too short", async () => {
    const store = cramped({ membersMax: 3 });
    const charges = [rolling("roll", 100n, minute)];
    for (let i = 0; i < 6; i += 1) await store.hold(request(`h${i}`, { at: noon + i, amount: 10n, charges }));
    const at = (ms: number) => store.counters({ prefix: "roll", at: noon + ms });
    expect(await at(6)).toMatchObject([{ spent: 0n, held: 60n, nextReleaseAt: noon + minute + 3 }]);
    const settled = await store.settle("h0", charged(25n, { at: noon + 7 }));
    expect(settled).toMatchObject({ counters: [{ spent: 25n, held: 50n }] });
    expect(await store.hold(request("over", { at: noon + 8, amount: 26n, charges }))).toMatchObject({
      outcome: "refused",
    });
    expect(await at(minute + 2)).toMatchObject([{ spent: 25n, held: 50n }]);
    expect(await at(minute + 3)).toMatchObject([{ spent: 0n, held: 20n }]);
    expect(await at(minute + 5)).toMatchObject([{ spent: 0n, held: 0n, nextReleaseAt: null }]);
    const late = await store.settle("h1", charged(10n, { at: noon + 2 * minute }));
    expect(late).toMatchObject({ counters: [{ spent: 0n, held: 0n }] });
  });

  test("a machine whose clock runs ahead makes nobody forget", async () => {
    const { store } = await open();
    const [seconds] = await server.admin.time();
    const now = Number(seconds) * 1_000;
    const charges = [rolling("roll", 100n, hour), fixed("hour", 100n, now + hour)];
    await store.hold(request("a", { at: now, amount: 60n, charges }));
    const ahead = request("b", { at: now + 10 * day, amount: 60n, charges: [rolling("roll", 100n, hour)] });
    expect(await store.hold(ahead)).toMatchObject({ outcome: "held", counters: [{ held: 60n }] });
    expect(await store.counters({ prefix: "", at: now + 1 })).toMatchObject([{ held: 60n }, { held: 120n }]);
  });

  test("what ends is ended by the server some while after, and what does not stays", async () => {
    const { store, slot } = await open();
    const charges = [
      fixed("ends", usd(5), noon + 12 * hour),
      fixed("stays", usd(5), null),
      rolling("roll", usd(5), hour),
    ];
    await store.hold(request("a", { charges }));
    await store.putResult(result("k", { expiresAt: noon + hour }));
    const daysLeft = async (key: string) => (await server.admin.pttl(slot + key)) / day;
    expect(await daysLeft("c:ends")).toBeCloseTo(2.5, 2);
    for (const kind of ["c", "m", "a"]) expect(await daysLeft(`${kind}:roll`)).toBeCloseTo(2 + 1 / 24, 2);
    expect(await daysLeft("x:k")).toBeCloseTo(1 / 24, 2);
    for (const key of ["c:stays", "h:a", "open"]) expect(await server.admin.pttl(slot + key)).toBe(-1);
  });

  test("a settled purchase leaves nothing of its hold behind", async () => {
    const { store, slot } = await open();
    await store.hold(request("a", { charges: [rolling("roll", null, hour)], purchase: { key: "k" } }));
    await store.bind("a", "r1");
    await store.bind("a", "r2");
    await store.settle("a", charged(0n));
    const left = (await server.admin.keys("*"))
      .filter((key) => key.startsWith(slot))
      .map((key) => key.slice(slot.length));
    expect(left.sort()).toEqual(
      ["c:roll", "counters", "counters-end", "entries", "entry-ids", "entry-requests", "entry-times", "meta"].concat([
        "quarters",
        `quarters:${noon}`,
        "wholes",
        `wholes:${noon - 12 * hour}`,
      ]),
    );
  });
});
