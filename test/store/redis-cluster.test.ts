import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { connectRedisStore, type NodeRedisLike } from "../../src/store/redis.ts";
import { scripts } from "../../src/store/redis-scripts.ts";
import type { Store } from "../../src/store/store.ts";
import { describeStore } from "./contract.ts";
import { startRedis } from "./redis-server.ts";
import { charged, correction, day, fixed, hit, noon, note, request, result, rolling } from "./samples.ts";

// A cluster of one refuses a script whose keys are of two slots.
const cluster = await startRedis("--cluster-enabled", "yes", "--cluster-port", "0");
await cluster.admin.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
const ready = async () => expect(await cluster.admin.call("CLUSTER", "INFO")).toContain("cluster_state:ok");
await vi.waitFor(ready, { timeout: 15_000 });

/** A client of the other shape, with a prefix of its own before every key that it is told of. */
function clientOf(keyPrefix: string): NodeRedisLike {
  const client = cluster.admin;
  const prefixed = (keys: string[]) => keys.map((key) => keyPrefix + key);
  return {
    evalSha: (sha, { keys, arguments: values }) => client.evalsha(sha, keys.length, ...prefixed(keys), ...values),
    eval: (text, { keys, arguments: values }) => client.eval(text, keys.length, ...prefixed(keys), ...values),
  };
}

let ledgers = 0;
describeStore("redis in a cluster, by a client of another make with a key prefix", async (bounds) => {
  ledgers += 1;
  return connectRedisStore({ client: clientOf("app:"), prefix: `ledger-${ledgers}`, ...bounds });
});

/** Every verb, and every way it can go. */
async function live(store: Store): Promise<void> {
  const charges = [fixed("day", 100n), rolling("roll", 100n, 1_000), fixed("free", null, null)];
  const asked = request("a", { amount: 60n, charges, purchase: { key: "k", tags: { customer: "acme" } } });
  await store.hold(asked);
  await store.hold(request("b", { amount: 60n, charges }));
  await store.hold(request("c", { joinSince: noon, purchase: { key: "k" } }));
  await store.bind("a", "r");
  await store.bind("a", "r2");
  await store.doubt("a", "why", noon);
  await store.share("r2");
  await store.unshare("r2");
  await store.findHold({ id: "a" });
  await store.findHold({ key: "k" });
  await store.findHold({ requestId: "r2" });
  await store.openHolds({ limit: 1 });
  await store.openHolds({ limit: 1, after: "b" });
  const ordinal = { counter: "november", tiers: [{ from: 1, amount: 2n, percent: 0 }] };
  await store.settle("a", charged(50n, { post: { amount: null, ordinal } }));
  await store.settle("a", charged(50n));
  await store.record(hit("h"));
  await store.record(hit("h2"));
  await store.record(correction("x", 1n, { charges, settledAt: noon + 1 }));
  await store.findEntry({ id: "a" });
  await store.findEntry({ requestId: "r2" });
  await store.entries({ limit: 1 });
  await store.totals({ by: ["endpoint"] });
  await store.totals({ by: [], since: noon - 1, until: noon + day });
  await store.counters({ prefix: "", at: noon });
  await store.hold(request("d", { at: noon + 9 * day, amount: 1n, charges: [rolling("roll", null, 1_000)] }));
  const paces = [{ pace: "p", count: 1, endsInMs: day }];
  for (const id of ["first", "second"]) await store.take({ id, at: noon, paces });
  await store.keep([{ id: "first", pace: "p", endsInMs: 0 }], noon);
  for (const key of ["k", "l", "m"]) await store.putResult(result(key, { body: new Uint8Array(700) }));
  await store.getResult({ key: "m" }, noon);
  await store.getResult({ requestId: "request-m" }, noon);
  await store.deleteResults({ tag: { name: "customer", value: "acme" } });
  await store.deleteResults({ key: "m" });
  for (const key of ["a", "b", "c"]) await store.putNote(note("price", key, { expiresAt: noon + 1 }));
  await store.getNote("price", "c", noon);
  await store.listNotes("price", noon);
  await store.deleteNote("price", "c");
}

test("every key that any verb touches is in the one slot of its ledger, and told of where it is known", async () => {
  const server = await startRedis();
  const bounds = { maxEntries: 2, maxResultBytes: 3_000, maxNotes: 2 };
  // The server knows every script afterwards, and each is then called by its name.
  const first = await connectRedisStore({ url: server.url, ...bounds });
  await live(first);
  await first.close();
  await server.admin.flushall();
  const monitor = await new Redis(server.port, "127.0.0.1").monitor();
  const calls: { by: string; words: string[] }[] = [];
  monitor.on("monitor", (_time: string, words: string[], by: string) => calls.push({ by, words }));
  const store = await connectRedisStore({ url: server.url, prefix: "one", ...bounds });
  await live(store);
  await server.admin.ping("the end");
  await expect.poll(() => calls.some(({ words }) => words[1] === "the end")).toBe(true);
  monitor.disconnect();
  await store.close();

  const keyless = new Set(["time", "info"]);
  const touched = new Set<string>();
  const named = new Set<string>();
  let script = "";
  let declared = new Set<string>();
  const undeclared: Record<string, string[]> = {};
  for (const { by, words } of calls) {
    const [verb = "", ...rest] = words;
    if (/^eval/i.test(verb)) {
      script = nameOf(rest[0]!);
      declared = new Set(rest.slice(2, 2 + Number(rest[1])));
      for (const key of declared) named.add(key.replace("{fm:one}:", ""));
    }
    if (by !== "lua" || keyless.has(verb.toLowerCase())) continue;
    const keys = verb.toLowerCase() === "unlink" ? rest : rest.slice(0, 1);
    for (const key of keys) {
      touched.add(key);
      const row = key.replace("{fm:one}:", "");
      if (!declared.has(key)) undeclared[script] = [...new Set([...(undeclared[script] ?? []), row])].sort();
    }
  }
  expect(touched.size).toBeGreaterThan(30);
  expect([...touched].filter((key) => !key.startsWith("{fm:one}:"))).toEqual([]);
  expect((await server.admin.keys("*")).filter((key) => !key.startsWith("{fm:one}:"))).toEqual([]);
  // Found only by the script: the hold of a request id, the windows of a hold, the rows of sums of its time, what is dropped.
  expect(undeclared).toEqual({
    counters: ["c:day", "c:free", "c:roll", "m:roll"],
    findHold: ["h:a"],
    getResult: ["x:m"],
    hold: ["a:day", "c:day", "h:a", "m:day"],
    openHolds: ["h:a"],
    putResult: ["x:k"],
    record: ["days:1793491200000", "quarters:1793534400000", "wholes:1793491200000"],
    settle: ["a:roll", "c:day", "c:free", "c:roll", "k:k", "m:roll", "quarters:1793534400000", "wholes:1793491200000"],
    share: ["h:a"],
    totals: ["days:1793491200000"],
  });
  const tables = new Set(Object.values(scripts).flatMap((each) => each.tables));
  const rows = /^(h|k|c|m|a|p|x|notes|note-times|note-ends):[\w.-]+$/;
  expect([...named].filter((name) => !tables.has(name) && !rows.test(name))).toEqual([]);
});

function nameOf(asked: string): string {
  return Object.entries(scripts).find(([, { sha }]) => sha === asked)![0];
}
