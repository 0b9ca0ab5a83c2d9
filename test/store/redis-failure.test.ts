import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { connectRedisStore } from "../../src/store/redis.ts";
import type { Store } from "../../src/store/store.ts";
import { startProxy } from "./redis-proxy.ts";
import { startRedis } from "./redis-server.ts";
import { charged, correction, fixed, hour, noon, request, result, rolling, usd } from "./samples.ts";

const server = await startRedis();
const open: Store[] = [];
let ledgers = 0;

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

async function connect(url: string, options: { prefix?: string; timeoutMs?: number } = {}): Promise<Store> {
  ledgers += 1;
  const store = await connectRedisStore({ url, prefix: `failure-${ledgers}`, ...options });
  open.push(store);
  return store;
}

/** Asks until the connection is back. */
async function back(store: Store): Promise<void> {
  const asked = () =>
    store.findHold({ id: "none" }).then(
      () => "back",
      (error: Error) => error.message,
    );
  await expect.poll(asked, { timeout: 15_000, interval: 20 }).toBe("back");
}

const unreachable = { name: "StoreError", reason: "unreachable" };
const charges = [fixed("day", usd(5)), rolling("roll", usd(5), 2 * hour)];

describe("an answer that was lost", () => {
  test("every verb with an id of ours may be sent again and counts once", async () => {
    const proxy = await startProxy(server.port);
    const prefix = "lost";
    // Long enough that only a failure at once lets the test end.
    const store = await connect(proxy.url, { prefix, timeoutMs: 60_000 });
    const truth = await connect(server.url, { prefix });
    const lost = async (verb: () => Promise<unknown>) => {
      const swallowed = proxy.loseNextReply();
      const failed = expect(verb()).rejects.toMatchObject(unreachable);
      await swallowed;
      await failed;
      await back(store);
    };

    // The server is told the scripts beforehand, or the answer lost would be that it does not know them.
    const taught = await connect(server.url);
    await taught.hold(request("x", { purchase: { key: "k" } }));
    await taught.bind("x", "r");
    await taught.settle("x", charged(1n));
    await taught.record(correction("y", 1n));
    await taught.putResult(result("x"));

    const bought = request("a", { amount: 60n, charges, purchase: { key: "k" } });
    await lost(() => store.hold(bought));
    expect(await truth.counters({ prefix: "", at: noon })).toMatchObject([{ held: 60n }, { held: 60n }]);
    expect(await store.hold(bought)).toMatchObject({ outcome: "held", counters: [{ held: 60n }, { held: 60n }] });

    await lost(() => store.bind("a", "r1"));
    await store.bind("a", "r1");
    const joining = request("b", { joinSince: noon, purchase: { key: "k" } });
    await lost(() => store.hold(joining));
    expect(await store.hold(joining)).toMatchObject({ outcome: "joined", hold: { id: "a", sharers: 2 } });

    await lost(() => store.settle("a", charged(50n)));
    expect(await store.settle("a", charged(50n))).toMatchObject({ outcome: "already", entry: { actual: 50n } });
    expect(await store.hold(bought)).toMatchObject({ outcome: "held", counters: [{ held: 0n, spent: 50n }, {}] });

    const amendment = correction("c", -10n, { charges, about: "a" });
    await lost(() => store.record(amendment));
    await store.record(amendment);
    await lost(() => store.putResult(result("k")));
    await store.putResult(result("k"));
    expect(await truth.counters({ prefix: "", at: noon })).toMatchObject([
      { held: 0n, spent: 40n },
      { held: 0n, spent: 40n },
    ]);
    expect(await truth.totals({ by: [] })).toMatchObject([{ spent: 40n, held: 0n, calls: 1 }]);
    expect(await truth.entries({ limit: 9 })).toHaveLength(2);
  });
});

describe("a server that goes away", () => {
  test("fails verbs at once, and one that comes back without its memory is an empty ledger", async () => {
    const own = await startRedis();
    // Long enough that only a failure at once lets the test end.
    const store = await connect(own.url, { timeoutMs: 60_000 });
    await store.hold(request("a", { amount: 1n, charges }));
    await own.stop();
    const lost = { ...unreachable, message: expect.stringContaining("the connection was lost") };
    await expect(store.hold(request("b"))).rejects.toMatchObject(lost);
    await expect(store.settle("a", charged(1n))).rejects.toMatchObject(lost);
    await own.start();
    await back(store);
    expect(await store.findHold({ id: "a" })).toBeUndefined();
    expect(await store.settle("a", charged(1n))).toEqual({ outcome: "already", entry: undefined });
    expect(await store.hold(request("b", { amount: 1n, charges }))).toMatchObject({ outcome: "held" });
  });

  test("that hangs is unreachable within the time given, and nothing is counted twice afterwards", async () => {
    const own = await startRedis();
    const store = await connect(own.url, { timeoutMs: 200 });
    await store.hold(request("a", { amount: 1n, charges }));
    own.pause();
    const asked = ["a", "b", "c"].map((id) => store.hold(request(id, { amount: 1n, charges })));
    for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect([status, reason.name, reason.reason]).toEqual(["rejected", "StoreError", "unreachable"]);
    }
    await expect(store.settle("a", charged(1n))).rejects.toMatchObject(unreachable);
    own.resume();
    await back(store);
    for (const id of ["a", "b", "c"]) {
      expect(await store.hold(request(id, { amount: 1n, charges }))).toMatchObject({ outcome: "held" });
    }
    const [day, roll] = await store.counters({ prefix: "", at: noon });
    expect(day!.held + day!.spent).toBe(3n);
    expect(roll!.held + roll!.spent).toBe(3n);
  });

  test("that takes the connection and says nothing is unreachable at opening", async () => {
    const own = await startRedis();
    own.pause();
    await expect(connect(own.url, { timeoutMs: 100 })).rejects.toMatchObject(unreachable);
    own.resume();
  });

  test("that is not there is unreachable at opening, and the message has no password", async () => {
    const failed = connectRedisStore({ url: "redis://user:s3cret@127.0.0.1:1/3" });
    await expect(failed).rejects.toMatchObject(unreachable);
    const message = await failed.catch((error: Error) => error.message);
    expect(message).toContain("redis://127.0.0.1:1/3");
    expect(message).not.toContain("s3cret");
  });

  test("that wants another password says so without showing ours", async () => {
    const own = await startRedis("--requirepass", "right");
    const message = await connect(`redis://:wr0ng@127.0.0.1:${own.port}`).catch((error: Error) => error.message);
    expect(message).toMatch(/WRONGPASS/);
    expect(message).not.toContain("wr0ng");
    const store = await connect(`redis://:right@127.0.0.1:${own.port}`);
    expect(store.name).toBe(`redis://127.0.0.1:${own.port}/0`);
  });
});

describe("a server that is no help", () => {
  test("one that was wiped under load is an empty ledger that counts from nothing", async () => {
    const store = await connect(server.url);
    const ids = Array.from({ length: 400 }, (_, i) => `h${i}`);
    const course = async (id: string) => {
      await store.hold(request(id, { amount: 1n, charges, purchase: { key: "k" } }));
      await store.bind(id, `r-${id}`);
      return store.settle(id, charged(1n));
    };
    const work = ids.map(course);
    await work[0];
    await server.admin.flushall();
    const answers = await Promise.all(work);
    const forgotten = answers.filter(({ outcome }) => outcome === "already");
    for (const answer of forgotten) expect(answer.entry).toBeUndefined();
    const kept = await store.entries({ limit: 1_000 });
    expect(kept.length + forgotten.length).toBeLessThan(400);
    for (const counter of await store.counters({ prefix: "", at: noon })) {
      expect(counter).toMatchObject({ spent: BigInt(kept.length), held: 0n });
    }
    expect(await store.openHolds({ limit: 10 })).toEqual([]);
    expect(await course("after")).toMatchObject({ outcome: "settled", entry: { seq: kept.length + 1 } });
  });

  test("one that lost a counter posts the bill and gives back nothing that it no longer knows", async () => {
    const prefix = "lost-counter";
    const store = await connect(server.url, { prefix });
    await store.hold(request("a", { amount: 9n, charges }));
    await server.admin.del(...["c:day", "c:roll", "m:roll", "a:roll"].map((key) => `{fm:${prefix}}:${key}`));
    expect(await store.settle("a", charged(7n))).toMatchObject({ counters: [{ spent: 7n, held: 0n }, { held: 0n }] });
  });

  test("one that forgot the scripts is told them again, without an error", async () => {
    const store = await connect(server.url);
    await store.hold(request("a", { charges }));
    await server.admin.script("FLUSH");
    expect(await store.settle("a", charged(1n))).toMatchObject({ outcome: "settled" });
    await server.admin.script("FLUSH");
    const asked = Array.from({ length: 20 }, (_, i) => store.hold(request(`h${i}`, { amount: 1n, charges })));
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ outcome: "held" });
  });

  test("a read-only replica is read-only", async () => {
    const replica = await startRedis();
    await server.admin.config("SET", "repl-diskless-sync-delay", "0");
    const prefix = "replicated";
    await (await connect(server.url, { prefix })).hold(request("a", { charges }));
    await replica.admin.replicaof("127.0.0.1", server.port);
    await expect.poll(() => replica.admin.info("replication"), { timeout: 15_000 }).toContain("master_link_status:up");
    const store = await connect(replica.url, { prefix });
    expect(await store.findHold({ id: "a" })).toMatchObject({ id: "a" });
    const readOnly = { name: "StoreError", reason: "read-only" };
    await expect(store.hold(request("b", { charges }))).rejects.toMatchObject(readOnly);
    await expect(store.settle("a", charged(1n))).rejects.toMatchObject(readOnly);
    await expect(connect(replica.url)).rejects.toMatchObject(readOnly);
  });

  test("a full one refuses new holds with nothing half-written, and still books what was bought", async () => {
    const own = await startRedis();
    const store = await connect(own.url);
    const full = { name: "StoreError", reason: "full" };
    await store.hold(request("a", { amount: 1n, charges }));
    await store.putResult(result("k"));
    await own.admin.config("SET", "maxmemory", "1");
    await expect(store.hold(request("b", { amount: 1n, charges }))).rejects.toMatchObject(full);
    await expect(store.record(correction("c", 1n, { charges }))).rejects.toMatchObject(full);
    expect(await store.getResult({ key: "k" }, noon)).toBeDefined();
    expect(await store.counters({ prefix: "day", at: noon })).toMatchObject([{ held: 1n, spent: 0n }]);
    expect(await store.findHold({ id: "b" })).toBeUndefined();
    expect(await store.settle("a", charged(1n))).toMatchObject({ outcome: "settled", counters: [{ spent: 1n }, {}] });
    expect(await store.totals({ by: [] })).toMatchObject([{ spent: 1n, held: 0n, calls: 1 }]);
  });

  test("one that may drop keys is refused at opening", async () => {
    const own = await startRedis("--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru");
    await expect(connect(own.url)).rejects.toMatchObject({
      name: "StoreError",
      reason: "failed",
      message: expect.stringContaining("noeviction"),
    });
    await own.admin.config("SET", "maxmemory-policy", "noeviction");
    await connect(own.url);
  });

  test("one that runs somebody's endless script is busy, and works again afterwards", async () => {
    const own = await startRedis("--busy-reply-threshold", "20");
    const store = await connect(own.url);
    const stuck = new Redis(own.port, "127.0.0.1");
    const endless = stuck.eval("while true do end", 0).catch(() => "killed");
    const busy = { name: "StoreError", reason: "busy" };
    await expect.poll(() => own.admin.ping().catch((error: Error) => error.message)).toContain("BUSY");
    await expect(store.hold(request("a"))).rejects.toMatchObject(busy);
    await own.admin.script("KILL");
    expect(await endless).toBe("killed");
    stuck.disconnect();
    await back(store);
    expect(await store.hold(request("a"))).toMatchObject({ outcome: "held" });
  });

  test("a ledger of a newer version is not touched", async () => {
    await connect(server.url, { prefix: "newer" });
    await server.admin.hset("{fm:newer}:meta", "version", "2");
    await expect(connect(server.url, { prefix: "newer" })).rejects.toMatchObject({ reason: "newer-schema" });
  });
});

describe("options", () => {
  test.each([
    ["url", { url: "postgres://user:s3cret@host/db" }],
    ["url", { url: "redis://user:s3cret@host:badport" }],
    ["url", { url: "redis://host/s3cret/db" }],
    ["client", { client: {} as never }],
    ["prefix", { url: "redis://host", prefix: "a}b" }],
    ["timeoutMs", { url: "redis://host", timeoutMs: 0 }],
    ["maxEntries", { url: "redis://host", maxEntries: 1.5 }],
  ])("a bad %s is refused by name", async (option, options) => {
    const failed = connectRedisStore(options);
    await expect(failed).rejects.toMatchObject({ name: "OptionsError", option });
    if (!("prefix" in options))
      expect(await failed.catch((error: Error) => error.message)).not.toMatch(/user:s3|s3cret@/);
  });
});
