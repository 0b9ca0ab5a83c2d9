import { describe, expect, test } from "vitest";
import type { OpenStore } from "./contract.ts";
import { correction, day, fixed, hour, noon, note, request, rolling, usd } from "./samples.ts";

/** In which order things come, and which instants are in a range. */
export function describeOrder(open: OpenStore): void {
  describe("order", () => {
    test("open holds come by time, those of one instant by id, and pages go on where the last one stopped", async () => {
      const store = await open();
      for (const id of ["d", "b", "a", "c"]) await store.hold(request(id));
      await store.hold(request("later", { at: noon + 1 }));
      await store.hold(request("earlier", { at: noon - 1 }));
      const all = ["earlier", "a", "b", "c", "d", "later"];
      const ids = async (query: { before?: number; after?: string }, limit = 9) =>
        (await store.openHolds({ ...query, limit })).map(({ id }) => id);
      expect(await ids({})).toEqual(all);
      for (const [index, id] of all.entries()) expect(await ids({ after: id })).toEqual(all.slice(index + 1));
      expect(await ids({ after: "a" }, 2)).toEqual(["b", "c"]);
      expect(await ids({ before: noon })).toEqual(["earlier"]);
      expect(await ids({ before: noon + 1, after: "b" })).toEqual(["c", "d"]);
    });

    test("an open hold counts in a range from its first instant on, and not at its end", async () => {
      const store = await open();
      await store.hold(request("a", { at: noon + 1, amount: usd(0.04) }));
      const held = async (range: { since?: number; until?: number }) =>
        (await store.totals({ by: [], ...range }))[0]?.held;
      expect(await held({ since: noon + 1, until: noon + 2 })).toBe(usd(0.04));
      expect(await held({ since: noon, until: noon + 1 })).toBe(0n);
      expect(await held({ since: noon + 2 })).toBe(0n);
      expect(await held({ until: noon + hour })).toBe(usd(0.04));
    });

    test("notes come by time, and those of one instant by key", async () => {
      const store = await open();
      for (const key of ["c", "a", "b"]) await store.putNote(note("k", key));
      await store.putNote(note("k", "z", { at: noon - 1 }));
      expect((await store.listNotes("k", noon)).map(({ key }) => key)).toEqual(["z", "a", "b", "c"]);
    });

    test("a note is given back with its end, where it has one", async () => {
      const store = await open();
      const ending = note("k", "a", { expiresAt: noon + hour });
      await store.putNote(ending);
      await store.putNote(note("k", "b"));
      expect(await store.getNote("k", "a", noon)).toEqual(ending);
      expect(await store.listNotes("k", noon)).toEqual([ending, note("k", "b")]);
    });

    test("a counter that a late truth made is there for two days after its window, as any other", async () => {
      const store = await open();
      const charges = [fixed("day", null, noon + hour), fixed("total", null, null), rolling("roll", null, hour)];
      await store.record(correction("c", 5n, { charges, settledAt: noon }));
      await store.hold(request("held", { amount: 1n, charges: [rolling("held", null, hour)] }));
      await store.hold(request("much later", { at: noon + 2 * day }));
      const counters = await store.counters({ prefix: "", at: noon });
      expect(counters.map(({ counter, spent, held }) => [counter, spent + held])).toEqual([
        ["day", 5n],
        ["held", 1n],
        ["roll", 5n],
        ["total", 5n],
      ]);
    });

    test("the oldest note makes room, whenever it was put", async () => {
      const store = await open({ maxNotes: 2 });
      await store.putNote(note("k", "new", { at: noon }));
      await store.putNote(note("k", "old", { at: noon - 2 }));
      await store.putNote(note("k", "middle", { at: noon - 1 }));
      expect((await store.listNotes("k", noon)).map(({ key }) => key)).toEqual(["middle", "new"]);
    });

    test("what was never there is not found, and may be deleted", async () => {
      const store = await open();
      expect(await store.getNote("none", "a", noon)).toBeUndefined();
      await store.deleteNote("none", "a");
      expect(await store.listNotes("none", noon)).toEqual([]);
      await store.bind("none", "r");
      await store.doubt("none", "why", noon);
      expect(await store.findHold({ requestId: "r" })).toBeUndefined();
      expect([await store.share("none"), await store.unshare("none")]).toEqual([0, 0]);
      expect(await store.openHolds({ after: "none", limit: 9 })).toEqual([]);
    });
  });
}
