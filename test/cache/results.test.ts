import { describe, expect, it } from "vitest";
import { type CacheOptions, resolveCache } from "../../src/cache/options.ts";
import { createResults, type Results, toResponse } from "../../src/cache/results.ts";
import type { StoredResult } from "../../src/store/store.ts";
import { answer, createShelf, handClock } from "./shelf.ts";

function setUp(options: Partial<CacheOptions> = {}) {
  const clock = handClock();
  const store = createShelf();
  const cache = resolveCache({ ttl: "1h", ...options })!;
  return { clock, store, results: createResults(cache, store, clock), another: createResults(cache, store, clock) };
}

describe("results", () => {
  it("are found by key and by request id, in this process and in another", async () => {
    const { results, another } = setUp();
    expect(await results.put(answer())).toBe("kept");
    for (const reader of [results, another]) {
      expect(await reader.get({ key: "k1" })).toEqual(answer());
      expect(await reader.get({ requestId: "r1" })).toEqual(answer());
      expect(await reader.get({ key: "k2" })).toBeUndefined();
      expect(await reader.get({ requestId: "r2" })).toBeUndefined();
    }
  });

  it("without a request id are found by key only", async () => {
    const { results } = setUp();
    await results.put(answer({ requestId: "" }));
    expect(await results.get({ requestId: "" })).toBeUndefined();
    expect(await results.get({ key: "k1" })).toEqual(answer({ requestId: "" }));
  });

  it("are given from memory without asking the store, for a second", async () => {
    const { clock, store, results } = setUp();
    await results.put(answer());
    clock.pass(999);
    await results.get({ key: "k1" });
    await results.get({ requestId: "r1" });
    expect(store.reads).toBe(0);
    clock.pass(1);
    await results.get({ key: "k1" });
    await results.get({ key: "k1" });
    expect(store.reads).toBe(1);
  });

  it("are gone everywhere within a second of being invalidated in another process", async () => {
    const { clock, results, another } = setUp();
    await results.put(answer());
    expect(await another.invalidate({ key: "k1" })).toBe(1);
    expect(await another.get({ key: "k1" })).toBeUndefined();
    clock.pass(1000);
    expect(await results.get({ key: "k1" })).toBeUndefined();
    expect(await results.get({ requestId: "r1" })).toBeUndefined();
  });

  it("are replaced everywhere within a second of being bought anew", async () => {
    const { clock, results, another } = setUp();
    await results.put(answer());
    await another.put(answer({ requestId: "r2" }));
    clock.pass(1000);
    expect((await results.get({ key: "k1" }))?.requestId).toBe("r2");
  });

  it("end when they expire, in both tiers", async () => {
    for (const persist of [true, false]) {
      const { clock, results } = setUp({ persist });
      await results.put(answer());
      clock.pass(3_599_999);
      expect(await results.get({ key: "k1" })).toBeDefined();
      clock.pass(1);
      expect(await results.get({ key: "k1" })).toBeUndefined();
      expect(await results.put(answer())).toBe("expired");
    }
  });

  it("never touch the store without persist", async () => {
    const { store, results } = setUp({ persist: false });
    await results.put(answer());
    expect(await results.get({ key: "k1" })).toEqual(answer());
    expect(await results.get({ requestId: "r1" })).toEqual(answer());
    expect(await results.invalidate({})).toBe(1);
    expect(await results.get({ key: "k1" })).toBeUndefined();
    expect(await results.get({ requestId: "r1" })).toBeUndefined();
    expect([store.reads, store.writes]).toEqual([0, 0]);
  });

  it.each([true, false])(
    "are invalidated by endpoint, tag or key, and by all that is given (persist: %s)",
    async (persist) => {
      const { results } = setUp({ persist });
      const fill = async () => {
        await results.put(answer());
        await results.put(answer({ key: "k2", requestId: "r2", tags: { customer: "bolt" } }));
        await results.put(answer({ key: "k3", requestId: "r3", endpointId: "fal-ai/kling" }));
      };
      const left = async () => {
        const found = await Promise.all(["k1", "k2", "k3"].map((key) => results.get({ key })));
        return found.flatMap((result) => (result ? [result.key] : []));
      };
      await fill();
      expect(await results.invalidate({ endpoint: "fal-ai/flux/dev" })).toBe(2);
      expect(await left()).toEqual(["k3"]);
      await fill();
      expect(await results.invalidate({ tag: { name: "customer", value: "acme" } })).toBe(2);
      expect(await left()).toEqual(["k2"]);
      await fill();
      expect(await results.invalidate({ endpoint: "fal-ai/flux/dev", tag: { name: "customer", value: "bolt" } })).toBe(
        1,
      );
      expect(await left()).toEqual(["k1", "k3"]);
      expect(await results.invalidate({ key: "k9" })).toBe(0);
      expect(await left()).toEqual(["k1", "k3"]);
    },
  );

  it.each<[string, (results: Results) => Promise<unknown>, string | undefined]>([
    ["invalidated", (results) => results.invalidate({ key: "k1" }), undefined],
    ["bought anew", (results) => results.put(answer({ requestId: "r2" })), "r2"],
  ])("are not remembered by a read that began before they were %s", async (_, change, requestId) => {
    const { store, results, another } = setUp();
    await another.put(answer());
    const { getResult } = store;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    store.getResult = async (by, at) => {
      const found = await getResult.call(store, by, at);
      await held;
      return found;
    };
    const reading = results.get({ key: "k1" });
    await change(results);
    letGo();
    expect((await reading)?.requestId).toBe("r1");
    expect((await results.get({ key: "k1" }))?.requestId).toBe(requestId);
  });

  it.each([true, false])("are every caller's own copy (persist: %s)", async (persist) => {
    const { clock, results } = setUp({ persist });
    const mine = answer();
    const spoil = (result: StoredResult) => {
      result.body.fill(0);
      (result.tags as Record<string, string>).customer = "mallory";
    };
    await results.put(mine);
    spoil(mine);
    for (const passed of [0, 1000, 0, 1000]) {
      clock.pass(passed);
      const given = (await results.get({ key: "k1" }))!;
      expect(given).toEqual(answer());
      new Uint8Array(await toResponse(given).arrayBuffer()).fill(0);
      expect(given).toEqual(answer());
      spoil(given);
    }
  });

  it.each([199, 300, 304, 422, 500])("of a call that failed with %i are not kept", async (status) => {
    const { results } = setUp();
    expect(await results.put(answer({ status }))).toBe("failed");
    expect(await results.get({ key: "k1" })).toBeUndefined();
  });

  it("above a quarter of the room are not kept, in either tier", async () => {
    const { store, results } = setUp({ maxBytes: 4000 });
    expect(await results.put(answer({ body: new Uint8Array(1001) }))).toBe("too-large");
    expect(store.writes).toBe(0);
    expect(await results.put(answer({ body: new Uint8Array(1000) }))).toBe("kept");
  });

  it.each<[string, Partial<CacheOptions>]>([
    ["bytes", { maxBytes: 4000 }],
    ["entries", { maxEntries: 3 }],
  ])("take no more memory than is given, in %s, the least recently used going first", async (_, bounds) => {
    const { results } = setUp({ persist: false, ...bounds });
    for (const n of [1, 2, 3])
      await results.put(answer({ key: `k${n}`, requestId: `r${n}`, body: new Uint8Array(1000) }));
    await results.get({ key: "k1" });
    await results.put(answer({ key: "k4", requestId: "r4", body: new Uint8Array(1000) }));
    expect(await results.get({ key: "k2" })).toBeUndefined();
    expect(await results.get({ requestId: "r2" })).toBeUndefined();
    expect(await results.get({ key: "k1" })).toBeDefined();
    expect(await results.get({ key: "k4" })).toBeDefined();
  });

  it("are not in memory when the store refused them", async () => {
    const { store, results } = setUp();
    store.putResult = async () => {
      throw new Error("disk full");
    };
    await expect(results.put(answer())).rejects.toThrow("disk full");
    expect(await results.get({ key: "k1" })).toBeUndefined();
  });

  it("are forgotten by memory even when the store could not delete them", async () => {
    const { store, results } = setUp();
    await results.put(answer());
    store.deleteResults = async () => {
      throw new Error("busy");
    };
    await expect(results.invalidate({})).rejects.toThrow("busy");
    await results.get({ key: "k1" });
    expect(store.reads).toBe(1);
  });
});

describe("a stored answer as a Response", () => {
  it("has fal's status, content type, body and request id, and no bill", async () => {
    const response = toResponse(answer({ status: 201 }));
    expect(response.status).toBe(201);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/json",
      "x-fal-request-id": "r1",
    });
    expect(await response.json()).toEqual({ images: [{ url: "https://v3.fal.media/files/a.png" }] });
  });

  it("can be made any number of times, each read on its own", async () => {
    const stored = answer();
    const texts = await Promise.all([toResponse(stored), toResponse(stored)].map((response) => response.text()));
    expect(texts[0]).toBe(texts[1]);
  });

  it("can be empty", async () => {
    expect(await toResponse(answer({ status: 204, contentType: "", requestId: "" })).text()).toBe("");
  });
});
