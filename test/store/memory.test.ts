import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createMemoryOrdinals } from "../../src/store/memory-counters.ts";
import { collectGarbage } from "../soak/garbage.ts";
import { describeStore } from "./contract.ts";
import { day, entry, hit, hour, noon, request } from "./samples.ts";

describeStore("memory", async (bounds) => createMemoryStore(bounds));

describe("what memory keeps is bounded", () => {
  test("the oldest entries go, and stay in the totals", async () => {
    const store = createMemoryStore({ maxEntries: 3 });
    for (let i = 0; i < 10; i += 1)
      await store.record(entry(`e${i}`, { actual: 1n, requestId: `r${i}`, at: noon + i * hour }));
    expect((await store.entries({ limit: 99 })).map(({ id }) => id)).toEqual(["e7", "e8", "e9"]);
    expect(await store.findEntry({ id: "e6" })).toBeUndefined();
    expect(await store.findEntry({ requestId: "r6" })).toBeUndefined();
    expect(await store.findEntry({ requestId: "r7" })).toMatchObject({ id: "e7" });
    expect(await store.totals({ by: [] })).toMatchObject([{ spent: 10n, calls: 10 }]);
  });

  test("nothing holds on to the entries that went", async () => {
    const kept = 500;
    const store = createMemoryStore({ maxEntries: kept });
    const noteBytes = 40_000;
    const fill = async (from: number, until: number) => {
      for (let i = from; i < until; i += 1)
        await store.record(hit(`e${i}`, { note: randomBytes(noteBytes / 2).toString("hex") }));
      await collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const full = await fill(0, kept);
    // Fewer than are given up at once with their places.
    const later = await fill(kept, 2 * kept - 100);
    expect(later - full).toBeLessThan((kept * noteBytes) / 4);
    expect(await store.entries({ limit: 1_000 })).toHaveLength(kept);
  });

  test("pages go on where they stopped although older entries went", async () => {
    const store = createMemoryStore({ maxEntries: 3 });
    for (let i = 0; i < 3_000; i += 1) await store.record(hit(`e${i}`));
    const ids = async (after: number, newest = false) =>
      (await store.entries({ after, newest, limit: 9 })).map(({ seq }) => seq);
    expect(await ids(5)).toEqual([2_998, 2_999, 3_000]);
    expect(await ids(2_998)).toEqual([2_999, 3_000]);
    expect(await ids(2_999, true)).toEqual([2_998]);
    expect(await ids(5, true)).toEqual([]);
    expect(await ids(9_999)).toEqual([]);
  });

  test("the oldest sums become coarser, and no dollar of them is lost", async () => {
    const store = createMemoryStore({ maxEntries: 100 });
    for (let i = 0; i < 5_000; i += 1) {
      await store.record(entry(`e${i}`, { actual: 1n, at: noon + i * hour, tags: { user: `${i}` } }));
    }
    expect(await store.totals({ by: [] })).toMatchObject([{ spent: 5_000n, calls: 5_000 }]);
    const rows = await store.totals({ by: ["bucket", "tags"] });
    expect(rows.length).toBeLessThanOrEqual(101);
    const recent = await store.totals({ by: ["tags"], since: noon + 4_990 * hour });
    expect(recent).toHaveLength(10);
    const midnight = noon - 12 * hour + 204 * day;
    expect(await store.totals({ by: [], since: midnight })).toMatchObject([{ calls: 5_000 - 204 * 24 + 12 }]);
  });

  test("purchases are numbered for a bounded number of tariffs", () => {
    const ordinals = createMemoryOrdinals();
    for (let i = 0; i < 10_000; i += 1) ordinals.next(`month ${i}`, noon);
    expect(ordinals.next("month 0", noon)).toBe(2);
    ordinals.next("one more", noon);
    expect([ordinals.next("month 0", noon), ordinals.next("month 1", noon)]).toEqual([3, 1]);
  });

  test("a process that never settles is stopped", async () => {
    const store = createMemoryStore();
    for (let i = 0; i < 100_000; i += 1) await store.hold(request(`h${i}`));
    await expect(store.hold(request("more"))).rejects.toMatchObject({ name: "StoreError", reason: "failed" });
    expect(await store.hold(request("h5"))).toMatchObject({ outcome: "held" });
  });

  test("a bound that is no whole number is refused by name", () => {
    for (const option of ["maxEntries", "maxResultBytes", "maxNotes"]) {
      expect(() => createMemoryStore({ [option]: 0 })).toThrow(
        expect.objectContaining({ name: "OptionsError", option }),
      );
    }
  });
});
