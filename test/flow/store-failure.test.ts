import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../src/errors.ts";
import type { MeteredFalClient, MeterOptions, Store } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { makeReadOnly, smallDisk } from "../store/sqlite-folder.ts";
import { failure, image, input, newFolder, noon, openClient, openEmulator, plain } from "./open.ts";
import { go, startProcesses } from "./processes.ts";

const budgets = [{ limit: 10, per: "day" }] as const;

/** A ledger that was kept for a while and then broken, by name of the reason that it must give. */
const broken: Record<string, () => Promise<MeterOptions["store"]>> = {
  async corrupt() {
    const path = join(newFolder(), "ledger.db");
    writeFileSync(path, "This is no ledger at all. ".repeat(1_000));
    return `sqlite:${path}`;
  },
  async unreachable() {
    const path = join(newFolder(), "a-file");
    writeFileSync(path, "not a folder");
    return `sqlite:${join(path, "ledger.db")}`;
  },
  async full() {
    const path = join(newFolder(), "ledger.db");
    const emulator = await openEmulator();
    const filled = openClient(emulator, {
      store: await openSqliteStore(path, { maxFileBytes: 300_000 }),
      budgets: ample,
    });
    await buyUntilRefused(filled.fal);
    return openSqliteStore(path, { maxFileBytes: 4_096 });
  },
  async closed() {
    const store = await openSqliteStore(join(newFolder(), "ledger.db"));
    await store.close();
    return store;
  },
};

const ample = [{ limit: 1_000_000, per: "day" }] as const;

/** Buys, each time with a label of its own, until it is refused: answers how often, and what refused. */
async function buyUntilRefused(fal: MeteredFalClient, most = 5_000): Promise<{ bought: number; error: unknown }> {
  for (let bought = 0; bought < most; bought++) {
    try {
      await fal.with({ tags: { note: "x".repeat(256), call: String(bought) } }).run(image, { input });
    } catch (error) {
      return { bought, error };
    }
  }
  throw new Error("Nothing refused.");
}

describe.for(Object.entries(broken))("a ledger that is %s", ([reason, make]) => {
  test("refuses the call: nothing is sent", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { store: (await make())!, budgets });
    for (const call of [fal.run(image, { input }), fal.subscribe(image, { input })]) {
      const error = await failure(call);
      expect(error).toMatchObject({ name: "StoreError", reason });
      expect(error.message).not.toContain(input.prompt);
    }
    expect(emulator.requests).toEqual([]);
  });

  test('lets the call pass unmetered with onStoreFailure "allow", and says so', async () => {
    const emulator = await openEmulator();
    const { fal, events } = openClient(emulator, { store: (await make())!, budgets, onStoreFailure: "allow" });
    const ran = await fal.run(image, { input });
    expect(ran.data.images).toHaveLength(1);
    const subscribed = await fal.subscribe(image, { input, pollInterval: 5 });
    expect(subscribed.data.images).toHaveLength(1);
    expect(emulator.paidPosts()).toBe(2);
    const failed = events.filter((event) => event.type === "store-failed");
    expect(failed.filter(({ verb }) => verb === "open" || verb === "hold").length).toBeGreaterThanOrEqual(2);
    expect(events.filter(({ type }) => type === "call-settled")).toEqual([]);
  });
});

test("a corrupt ledger is left as it was found", async () => {
  const path = join(newFolder(), "ledger.db");
  writeFileSync(path, "This is no ledger at all. ".repeat(1_000));
  const before = readFileSync(path);
  const { fal } = openClient(await openEmulator(), { store: `sqlite:${path}` });
  await failure(fal.run(image, { input }));
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a ledger that fills up between two calls refuses the second whole: what it says is what fal billed", async () => {
  const emulator = await openEmulator();
  const store = await openSqliteStore(join(newFolder(), "ledger.db"), { maxFileBytes: 400_000 });
  const { fal, meter } = openClient(emulator, { store, budgets: ample });
  const { bought, error } = await buyUntilRefused(fal);
  expect(error).toMatchObject({ name: "StoreError", reason: "full" });
  expect(emulator.paidPosts()).toBe(bought);
  const [standing] = await meter.budgets();
  expect(standing!.spent.add(standing!.held).toFixed()).toBe(emulator.book.total().toFixed());
});

// A disk of one's own needs a machine that lets this process mount it.
test("a read-only disk refuses the call: nothing is sent", async ({ skip }) => {
  const folder = smallDisk(2 * 1024 * 1024);
  if (folder === undefined) return skip("this process may mount no disk");
  const emulator = await openEmulator();
  const store = `sqlite:${join(folder, "ledger.db")}`;
  // Another process, for a disk that anybody has open for writing cannot be made read-only.
  const orders = { emulatorUrl: emulator.url, meter: { store }, now: noon, endpointId: image, input, calls: 1 };
  const [writer] = await startProcesses(1, { ...orders, door: "run" });
  const gone = once(writer!, "exit");
  await Promise.all(go([writer!]));
  await gone;
  makeReadOnly(folder);
  const { fal } = openClient(emulator, { store, budgets });
  await expect(fal.run(image, { input })).rejects.toMatchObject({ name: "StoreError", reason: "read-only" });
  expect(emulator.paidPosts()).toBe(1);
});

/** A ledger that can hold and cannot do one thing more. */
function failing(verb: keyof Store): Store {
  const store = createMemoryStore();
  const fail = () => Promise.reject(new StoreError("memory:", "failed", "it was told to"));
  return new Proxy(store, { get: (target, name) => (name === verb ? fail : Reflect.get(target, name)) });
}

describe("once the call was sent no failure of the ledger takes the answer from its caller:", () => {
  test.for(["settle", "bind", "record", "putResult", "findEntry", "share", "putNote"] as const)("%s", async (verb) => {
    const emulator = await openEmulator();
    const { fal, meter, events } = openClient(emulator, { store: failing(verb), budgets, cache: { ttl: "1h" } });
    const seeded = { ...input, seed: 4 };
    const ran = await fal.run(image, { input: seeded });
    const again = await fal.run(image, { input: seeded });
    expect(again.data).toMatchObject({ seed: 4 });
    const subscribed = await fal.subscribe("fal-ai/nano-banana", { input: { prompt: "a cat" }, pollInterval: 5 });
    expect([ran.data, subscribed.data]).toMatchObject([{ images: [{}] }, { images: [{}] }]);
    const failed = events.flatMap((event) => (event.type === "store-failed" ? [event.verb] : []));
    const unused = ["findEntry", "share"];
    expect(failed.includes(verb)).toBe(!unused.includes(verb));
    if (verb === "settle") expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.0798" }]);
  });
});

test("a lookup that fails before the call is sent refuses it, for it might be bought already", async () => {
  const emulator = await openEmulator();
  const { fal } = openClient(emulator, { store: failing("getResult"), cache: { ttl: "1h" } });
  await expect(fal.run(image, { input: { ...input, seed: 4 } })).rejects.toMatchObject({ name: "StoreError" });
  expect(emulator.requests).toEqual([]);
});

describe("a closed meter", () => {
  test("stays closed: every later call is refused and nothing is sent", async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator);
    await fal.run(image, { input });
    await meter.close();
    for (const attempt of [1, 2, 3]) {
      expect([attempt, await failure(fal.run(image, { input }))]).toMatchObject([
        attempt,
        { name: "StoreError", reason: "closed" },
      ]);
    }
    expect(emulator.paidPosts()).toBe(1);
  });
});
