import fc from "fast-check";
import { expect, test } from "vitest";
import { decimal } from "../../src/money.ts";
import { type WhatIf, whatIf } from "../../src/report/what-if.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { anyCall, buy, day, entriesOf, hour, noon, note, utc, write } from "./ledger.ts";

async function asked(change: WhatIf, fill: (store: ReturnType<typeof createMemoryStore>) => Promise<void>) {
  const store = createMemoryStore();
  await fill(store);
  const { was, would, difference, refusedIds } = whatIf(await entriesOf(store), change, utc);
  const shown = (each: typeof was) => [
    each.spent.toFixed(),
    each.saved.toFixed(),
    each.bought,
    each.shared,
    each.refused,
  ];
  return {
    was: shown(was),
    would: shown(would),
    difference: { ...difference, spent: difference.spent.toFixed(), saved: difference.saved.toFixed() },
    refusedIds,
  };
}

test("another daily budget refuses what would not have fit, and begins anew each day", async () => {
  const answer = await asked({ budgets: [{ limit: "0.10", per: "day" }] }, async (store) => {
    for (let i = 0; i < 4; i += 1) await buy(store, { id: `p${i}`, at: noon + i * hour });
    await buy(store, { id: "tomorrow", at: noon + day });
  });
  expect(answer.was).toEqual(["0.2", "0", 5, 0, 0]);
  expect(answer.would).toEqual(["0.12", "0", 3, 0, 2]);
  expect(answer.difference).toMatchObject({ spent: "-0.08", bought: -2, refused: 2 });
  expect(answer.refusedIds).toEqual(["p2", "p3"]);
});

test("a higher cap buys what was refused", async () => {
  const answer = await asked({ budgets: [{ limit: 1, per: "request" }] }, async (store) => {
    await store.record(note("refusal", { id: "r", at: noon, amount: "0.50", about: "old" }));
    await store.record(note("refusal", { id: "big", at: noon, amount: "1.50", about: "old" }));
  });
  expect(answer.was).toEqual(["0", "0", 0, 0, 2]);
  expect(answer.would).toEqual(["0.5", "0", 1, 0, 1]);
});

test("a cap on some endpoints leaves the others alone", async () => {
  const answer = await asked({ budgets: [{ limit: 0, per: "total", endpoints: "a/*" }] }, async (store) => {
    await buy(store, { id: "a", at: noon, endpointId: "a/b" });
    await buy(store, { id: "c", at: noon, endpointId: "c/d" });
  });
  expect(answer.refusedIds).toEqual(["a"]);
});

test("a cache would have answered equal requests within its time", async () => {
  const answer = await asked({ cacheTtlMs: hour }, async (store) => {
    for (const [id, after] of [
      ["a", 0],
      ["b", hour - 1],
      ["c", hour],
      ["d", 2 * hour],
    ] as const)
      await buy(store, { id, at: noon + after, digest: "same" });
    await buy(store, { id: "unknown input", at: noon, digest: null });
  });
  expect(answer.would).toEqual(["0.16", "0.04", 4, 1, 0]);
});

test("without the cache there was, its hits are bought", async () => {
  const fill = async (store: ReturnType<typeof createMemoryStore>) => {
    await buy(store, { id: "a", at: noon, digest: "same" });
    await store.record(note("hit", { id: "h", at: noon + 1, amount: "0.04", digest: "same" }));
  };
  expect((await asked({ cacheTtlMs: 0 }, fill)).would).toEqual(["0.08", "0", 2, 0, 0]);
  expect((await asked({ cacheTtlMs: hour }, fill)).would).toEqual(["0.04", "0.04", 1, 1, 0]);
});

test("another model's price is asked for every call that cost something", async () => {
  const answer = await asked(
    { price: ({ endpointId }) => (endpointId === "a/b" ? decimal("0.01") : null) },
    async (store) => {
      await buy(store, { id: "a", at: noon, endpointId: "a/b" });
      await buy(store, { id: "free", at: noon, endpointId: "a/b", outcome: "free" });
      await buy(store, { id: "c", at: noon, endpointId: "c/d" });
    },
  );
  expect(answer.would).toEqual(["0.05", "0", 3, 0, 0]);
});

test("changing nothing changes nothing, and no cap spends more than itself", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { maxLength: 40 }), fc.integer({ min: 0, max: 20 }), async (calls, limit) => {
      const store = createMemoryStore();
      await write(store, calls);
      const entries = await entriesOf(store);
      const same = whatIf(entries, {}, utc);
      expect(same.would).toEqual(same.was);
      const purchases = entries.filter(({ kind }) => kind === "purchase").length;
      expect(same.was.bought).toBe(purchases);
      expect(whatIf(entries, { budgets: [{ limit, per: "total" }] }, utc).would.spent.lte(limit)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test.each([
  [{ budgets: [{ limit: -1, per: "day" }] }, "whatIf.budgets[0].limit"],
  [{ budgets: [{ limit: 1, per: "year" }] }, "whatIf.budgets[0].per"],
  [{ cacheTtlMs: -1 }, "whatIf.cacheTtlMs"],
  [{ cap: 1 }, "whatIf.cap"],
])("%j is refused by name", (change, option) => {
  expect(() => whatIf([], change as WhatIf, utc)).toThrow(expect.objectContaining({ option }));
});
