import { describe, expect, test } from "vitest";
import type { OpenStore } from "./contract.ts";
import { charged, day, hit, hour, minute, noon, note, request, result } from "./samples.ts";

export function describeShelf(open: OpenStore): void {
  describe("results", () => {
    test("a result comes back as it was put, by key and by request id", async () => {
      const store = await open();
      const put = result("k", { tags: { customer: "acme" }, cost: null, body: new Uint8Array([0, 255, 10]) });
      await store.putResult(put);
      expect(await store.getResult({ key: "k" }, noon)).toEqual(put);
      expect(await store.getResult({ requestId: "request-k" }, noon)).toEqual(put);
      expect(await store.getResult({ key: "other" }, noon)).toBeUndefined();
    });

    test("an empty body is a body", async () => {
      const store = await open();
      await store.putResult(result("k", { body: new Uint8Array() }));
      expect((await store.getResult({ key: "k" }, noon))?.body).toEqual(new Uint8Array());
    });

    test("every caller gets bytes of its own", async () => {
      const store = await open();
      const body = new Uint8Array([1, 2, 3]);
      await store.putResult(result("k", { body }));
      body[0] = 9;
      const first = await store.getResult({ key: "k" }, noon);
      first!.body[1] = 9;
      expect((await store.getResult({ key: "k" }, noon))?.body).toEqual(new Uint8Array([1, 2, 3]));
    });

    test("a result is gone at the moment it expires", async () => {
      const store = await open();
      await store.putResult(result("k", { expiresAt: noon + 10 }));
      expect(await store.getResult({ key: "k" }, noon + 9)).toBeDefined();
      expect(await store.getResult({ key: "k" }, noon + 10)).toBeUndefined();
    });

    test("a later result takes the place of an earlier one", async () => {
      const store = await open();
      await store.putResult(result("k", { requestId: "r1" }));
      await store.putResult(result("k", { requestId: "r2", status: 201 }));
      expect(await store.getResult({ key: "k" }, noon)).toMatchObject({ requestId: "r2", status: 201 });
      expect(await store.getResult({ requestId: "r1" }, noon)).toBeUndefined();
    });

    test("the least recently used results make room", async () => {
      const store = await open({ maxResultBytes: 25_000 });
      const body = new Uint8Array(10_000);
      await store.putResult(result("a", { body, storedAt: noon }));
      await store.putResult(result("b", { body, storedAt: noon + minute }));
      await store.getResult({ key: "a" }, noon + hour);
      await store.putResult(result("c", { body, storedAt: noon + 2 * hour }));
      const kept = await Promise.all(["a", "b", "c"].map((key) => store.getResult({ key }, noon + 2 * hour)));
      expect(kept.map((one) => one?.key)).toEqual(["a", undefined, "c"]);
    });

    test("replacing and deleting give their bytes back", async () => {
      const store = await open({ maxResultBytes: 25_000 });
      const body = new Uint8Array(10_000);
      await store.putResult(result("a", { body }));
      for (let i = 0; i < 10; i += 1) await store.putResult(result("b", { body, storedAt: noon + i }));
      expect(await store.getResult({ key: "a" }, noon + 20)).toBeDefined();
      await store.deleteResults({ key: "b" });
      await store.putResult(result("c", { body, storedAt: noon + 30 }));
      expect(await store.getResult({ key: "a" }, noon + 30)).toBeDefined();
    });

    test("a result too large to keep is not kept, nor is what it replaces", async () => {
      const store = await open({ maxResultBytes: 5_000 });
      await store.putResult(result("k"));
      await store.putResult(result("other"));
      await store.putResult(result("k", { body: new Uint8Array(5_001) }));
      expect(await store.getResult({ key: "k" }, noon)).toBeUndefined();
      expect(await store.getResult({ key: "other" }, noon)).toBeDefined();
    });

    test("results go by key, by endpoint, by tag, by all that is given together, and all at once", async () => {
      const store = await open();
      const tag = { name: "customer", value: "acme" };
      const fill = async () => {
        await store.putResult(result("a", { tags: { customer: "acme", 'quo"te': "x" } }));
        await store.putResult(result("b", { tags: { customer: "acme" }, endpointId: "fal-ai/veo3" }));
        await store.putResult(result("c", { endpointId: "other/veo3" }));
      };
      const left = async () => {
        const found = await Promise.all(["a", "b", "c"].map((key) => store.getResult({ key }, noon)));
        return found.flatMap((one) => one?.key ?? []).join("");
      };
      for (const [by, count, rest] of [
        [{ key: "a" }, 1, "bc"],
        [{ endpoint: "fal-ai/*" }, 2, "c"],
        [{ tag }, 2, "c"],
        [{ tag, endpoint: "*/veo3" }, 1, "ac"],
        [{ tag: { name: 'quo"te', value: "x" } }, 1, "bc"],
        [{ tag: { name: "customer", value: "none" } }, 0, "abc"],
        [{}, 3, ""],
      ] as const) {
        await fill();
        expect([await store.deleteResults(by), await left()]).toEqual([count, rest]);
      }
    });
  });

  describe("notes", () => {
    test("a note is kept under its kind and key, replaced, listed and deleted", async () => {
      const store = await open();
      await store.putNote(note("price", "a", { at: noon + 1 }));
      await store.putNote(note("price", "b"));
      await store.putNote(note("upload", "a"));
      await store.putNote(note("price", "a", { value: "2", at: noon + 2 }));
      expect(await store.getNote("price", "a", noon)).toEqual(note("price", "a", { value: "2", at: noon + 2 }));
      expect((await store.listNotes("price", noon)).map(({ key }) => key)).toEqual(["b", "a"]);
      await store.deleteNote("price", "a");
      expect(await store.getNote("price", "a", noon)).toBeUndefined();
      expect(await store.getNote("upload", "a", noon)).toBeDefined();
      expect(await store.listNotes("none", noon)).toEqual([]);
    });

    test("a note ends at its end", async () => {
      const store = await open();
      await store.putNote(note("price", "a", { expiresAt: noon + 10 }));
      expect(await store.getNote("price", "a", noon + 9)).toBeDefined();
      expect(await store.getNote("price", "a", noon + 10)).toBeUndefined();
      expect(await store.listNotes("price", noon + 10)).toEqual([]);
    });

    test("each kind is bounded: ended notes go first, then the oldest", async () => {
      const store = await open({ maxNotes: 3 });
      await store.putNote(note("other", "x"));
      await store.putNote(note("price", "oldest", { at: noon + 1 }));
      await store.putNote(note("price", "ended", { at: noon + 2, expiresAt: noon + 3 }));
      await store.putNote(note("price", "new", { at: noon + 4 }));
      const keys = async () => (await store.listNotes("price", noon)).map(({ key }) => key);
      await store.putNote(note("price", "newer", { at: noon + 5 }));
      expect(await keys()).toEqual(["oldest", "new", "newer"]);
      await store.putNote(note("price", "newest", { at: noon + 6 }));
      expect(await keys()).toEqual(["new", "newer", "newest"]);
      expect(await store.getNote("other", "x", noon)).toBeDefined();
    });
  });

  test("a closed store answers every verb with reason closed, and closes again", async () => {
    const store = await open();
    await store.hold(request("a"));
    await store.close();
    await store.close();
    const verbs = [
      () => store.hold(request("b")),
      () => store.bind("a", "r"),
      () => store.settle("a", charged(1n)),
      () => store.doubt("a", "why", noon),
      () => store.record(hit("h")),
      () => store.findHold({ id: "a" }),
      () => store.findEntry({ id: "a" }),
      () => store.openHolds({ limit: 1 }),
      () => store.entries({ limit: 1 }),
      () => store.totals({ by: [] }),
      () => store.counters({ prefix: "", at: noon }),
      () => store.share("r"),
      () => store.unshare("r"),
      () => store.take({ id: "a", at: noon, paces: [] }),
      () => store.keep([], noon),
      () => store.putResult(result("k")),
      () => store.getResult({ key: "k" }, noon + day),
      () => store.deleteResults({}),
      () => store.putNote(note("a", "b")),
      () => store.getNote("a", "b", noon),
      () => store.listNotes("a", noon),
      () => store.deleteNote("a", "b"),
    ];
    for (const verb of verbs) await expect(verb()).rejects.toMatchObject({ name: "StoreError", reason: "closed" });
  });
}
