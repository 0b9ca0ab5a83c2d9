import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointMatcher } from "../../src/call.ts";
import type { Entry, TotalsRow } from "../../src/store/store.ts";
import type { OpenStore } from "./contract.ts";
import { charged, correction, entry, estimate, fixed, free, hit, hour, minute, noon, request, usd } from "./samples.ts";

export function describeLedger(open: OpenStore): void {
  describe("entries", () => {
    test("an entry comes back as it was written, with a growing number", async () => {
      const store = await open();
      const written = entry("h", {
        kind: "refusal",
        outcome: "refused",
        tags: { b: "2", a: "1" },
        settledAt: noon + 5,
        estimate: { ...estimate(null), low: 1n },
        saved: null,
        discountPercent: 12.5,
        charges: [fixed("day", usd(5), null)],
        about: "day",
        digest: "d",
        note: "n",
      });
      await store.record(written);
      await store.record(hit("i"));
      const [first, second] = await store.entries({ limit: 9 });
      expect(first).toEqual({ ...written, seq: first?.seq });
      expect(second!.seq!).toBeGreaterThan(first!.seq!);
    });

    test("only the purchase is found by id or request id, not the hits on it", async () => {
      const store = await open();
      await store.record(hit("h", { requestId: "r1" }));
      expect(await store.findEntry({ requestId: "r1" })).toBeUndefined();
      expect(await store.findEntry({ id: "h" })).toBeUndefined();
      await store.hold(request("a"));
      await store.settle("a", charged(1n, { requestId: "r1" }));
      await store.record(hit("h2", { requestId: "r1" }));
      expect(await store.findEntry({ requestId: "r1" })).toMatchObject({ id: "a" });
    });

    test("a refused call that is held later has both entries", async () => {
      const store = await open();
      await store.record(entry("a", { kind: "refusal", outcome: "refused", saved: usd(1) }));
      await store.hold(request("a"));
      expect(await store.settle("a", charged(1n))).toMatchObject({ outcome: "settled" });
      expect((await store.entries({ limit: 9 })).map(({ kind }) => kind)).toEqual(["refusal", "purchase"]);
    });

    test("pages go on after the last one seen, forwards and backwards", async () => {
      const store = await open();
      for (const id of ["a", "b", "c", "d", "e"]) await store.record(hit(id));
      const forwards = await store.entries({ limit: 2 });
      const next = await store.entries({ limit: 2, after: forwards[1]!.seq! });
      const backwards = await store.entries({ limit: 2, newest: true });
      const before = await store.entries({ limit: 9, newest: true, after: backwards[1]!.seq! });
      const ids = [forwards, next, backwards, before].map((page) => page.map(({ id }) => id).join(""));
      expect(ids).toEqual(["ab", "cd", "ed", "cba"]);
    });

    test("entries are chosen by time, kind, request and endpoint", async () => {
      const store = await open();
      await store.record(hit("a", { at: noon }));
      await store.record(hit("b", { at: noon + 10, endpointId: "fal-ai/veo3" }));
      await store.record(correction("c", 1n, { at: noon + 20 }));
      await store.record(hit("d", { at: noon + 5, requestId: "r-d" }));
      const ids = async (query: object) => (await store.entries({ limit: 9, ...query })).map(({ id }) => id).join("");
      expect(await ids({ since: noon + 5, until: noon + 20 })).toBe("bd");
      expect(await ids({ since: noon + 5, until: noon + 20, newest: true })).toBe("db");
      expect(await ids({ kinds: ["correction"] })).toBe("c");
      expect(await ids({ kinds: [] })).toBe("");
      expect(await ids({ requestId: "r-d" })).toBe("d");
      expect(await ids({ requestId: "r-d", kinds: ["correction"] })).toBe("");
      expect(await ids({ endpoint: "fal-ai/veo3" })).toBe("b");
      expect(await ids({ endpoint: "fal-ai/*", since: noon + 6 })).toBe("bc");
    });

    test("an endpoint glob chooses what the glob of budgets chooses", async () => {
      const store = await open();
      const endpoints = ["fal-ai/flux/dev", "fal-ai/flux", "a?b", "a[b]", "axb", "a]b", "A/b", "a*b", ""];
      for (const endpointId of endpoints) await store.record(hit(endpointId, { endpointId }));
      const piece = fc.constantFrom("a", "b", "*", "?", "[", "]", "/", "fal-ai", "flux", "^", "x", "-");
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (pieces) => {
          const endpoint = pieces.join("");
          const chosen = (await store.entries({ endpoint, limit: 99 })).map(({ endpointId }) => endpointId);
          expect(chosen).toEqual(endpoints.filter(endpointMatcher(endpoint)));
        }),
        { examples: [[["a", "?", "b"]], [["a", "[", "b", "]"]], [["a", "]", "b"]], [["a", "*", "b"]]] },
      );
    });
  });

  describe("totals", () => {
    const only = (row: TotalsRow | undefined, ...names: (keyof TotalsRow)[]) =>
      names.map((name) => row?.[name] as unknown);

    test("an empty ledger is one row of nothing, or no groups", async () => {
      const store = await open();
      const [row, ...more] = await store.totals({ by: [] });
      expect(more).toEqual([]);
      expect(only(row, "spent", "held", "calls", "endpointId")).toEqual([0n, 0n, 0, null]);
      expect(await store.totals({ by: ["endpoint"] })).toEqual([]);
      expect(await store.totals({ by: [], since: noon, until: noon })).toHaveLength(1);
    });

    test("every kind of entry adds what it should and nothing else", async () => {
      const store = await open();
      for (const id of ["charged", "free", "expired", "unknown", "open", "opaque"]) {
        await store.hold(request(id, { amount: id === "opaque" ? null : usd(1) }));
      }
      await store.settle("charged", charged(usd(0.5)));
      await store.settle("free", free());
      await store.settle("expired", charged(usd(0.25), { outcome: "expired" }));
      await store.settle("unknown", charged(null));
      await store.record(hit("h", { saved: usd(2) }));
      await store.record(hit("h?", { saved: null }));
      await store.record(entry("j", { kind: "join", outcome: "joined", saved: usd(3) }));
      await store.record(entry("r", { kind: "refusal", outcome: "refused", saved: usd(9) }));
      await store.record(correction("c", -usd(0.1)));
      expect(await store.totals({ by: [] })).toEqual([
        {
          endpointId: null,
          tags: null,
          bucket: null,
          basis: null,
          spent: usd(0.65),
          held: usd(1),
          saved: usd(5),
          calls: 4,
          charged: 2,
          cached: 2,
          joined: 1,
          refused: 1,
          unknown: 2,
          estimated: usd(2),
        },
      ]);
    });

    test("groups are by endpoint, tags in any order, quarter hour and basis, alone and together", async () => {
      const store = await open();
      const quarter = 15 * minute;
      await store.record(entry("a", { actual: 1n, tags: { x: "1", y: "2" } }));
      await store.record(entry("b", { actual: 2n, tags: { y: "2", x: "1" }, at: noon + quarter }));
      await store.record(
        entry("c", { actual: 4n, endpointId: "fal-ai/veo3", basis: "estimate", at: noon + 2 * quarter - 1 }),
      );
      const spent = async (by: ("endpoint" | "tags" | "bucket" | "basis")[]) =>
        (await store.totals({ by })).map((row) => [row.endpointId, row.tags, row.bucket, row.basis, row.spent]);
      expect(await spent(["endpoint"])).toEqual([
        ["fal-ai/flux/dev", null, null, null, 3n],
        ["fal-ai/veo3", null, null, null, 4n],
      ]);
      const byTags = await spent(["tags"]);
      expect(byTags).toHaveLength(2);
      expect(byTags).toContainEqual([null, { x: "1", y: "2" }, null, null, 3n]);
      expect(byTags).toContainEqual([null, {}, null, null, 4n]);
      expect(await spent(["bucket"])).toEqual([
        [null, null, noon, null, 1n],
        [null, null, noon + quarter, null, 6n],
      ]);
      expect(await spent(["endpoint", "bucket", "basis"])).toHaveLength(3);
    });

    test("an open hold is summed by its own time and groups, and goes when it is settled", async () => {
      const store = await open();
      await store.hold(request("a", { at: noon + 1, purchase: { tags: { customer: "acme" } } }));
      const held = async (since: number, until: number) =>
        (await store.totals({ by: ["endpoint", "tags", "bucket", "basis"], since, until })).map((row) => [
          row.endpointId,
          row.tags,
          row.bucket,
          row.basis,
          row.held,
        ]);
      const row = ["fal-ai/flux/dev", { customer: "acme" }, noon, "rate-card", usd(0.04)];
      expect(await held(noon, noon + 2)).toEqual([row]);
      expect(await held(noon + 2, noon + hour)).toEqual([]);
      await store.settle("a", charged(usd(0.04)));
      expect((await store.totals({ by: [] }))[0]?.held).toBe(0n);
    });

    test("a job is summed in the quarter hour it was sent in, not when it was settled", async () => {
      const store = await open();
      await store.hold(request("a"));
      await store.settle("a", charged(usd(1), { at: noon + 5 * hour }));
      expect(await store.totals({ by: ["bucket"] })).toMatchObject([{ bucket: noon, spent: usd(1) }]);
    });

    test.each([
      ["within hours", 1.5 * minute],
      ["over days", 150 * minute],
    ])("any range %s is summed as if every entry were read", async (_, step) => {
      const store = await open();
      const written: Entry[] = [];
      for (let i = 0; i < 60; i += 1) {
        const at = noon + ((i * 7_919) % 50) * step;
        const one = entry(`e${i}`, { at, actual: 1n << BigInt(i), endpointId: `fal-ai/e${i % 3}` });
        written.push(one);
        await store.record(one);
      }
      const bound = fc.oneof(
        fc.constant(undefined),
        fc.integer({ min: -1, max: 52 }).map((n) => noon + n * step),
      );
      await fc.assert(
        fc.asyncProperty(bound, bound, async (since, until) => {
          const range = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
          const inside = written.filter(({ at }) => at >= (since ?? 0) && at < (until ?? Number.POSITIVE_INFINITY));
          const expected = inside.reduce((sum, { actual }) => sum + actual!, 0n);
          expect((await store.totals({ ...range, by: [] }))[0]?.spent).toBe(expected);
          const rows = await store.totals({ ...range, by: ["endpoint", "bucket"] });
          expect(rows.reduce((sum, row) => sum + row.spent, 0n)).toBe(expected);
        }),
        { numRuns: 200 },
      );
    });
  });
}
