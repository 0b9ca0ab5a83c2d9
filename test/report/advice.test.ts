import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/money.ts";
import { type AdvicePrices, advice } from "../../src/report/advice.ts";
import type { Store } from "../../src/store/store.ts";
import { anyCall, buy, day, entriesOf, hour, minute, noon, note, tiers, utc, write } from "./ledger.ts";
import { stores } from "./stores.ts";

const at = noon + 10 * day;

async function advised(store: Store, prices: AdvicePrices = {}, mode: "purchase" | "none" = "none") {
  const found = advice({ entries: await entriesOf(store), at, calendars: utc, discounts: { mode, tiers }, prices });
  return found.map(({ saving, evidence, ...rest }) => ({ ...rest, saving: saving.toFixed(), evidence }));
}

/** Card prices of audio, and of an image when four are asked for at once. */
const units: AdvicePrices["units"] = (_endpointId, unit, quantity) => {
  if (unit === "30 seconds") return quantity.eq(2) ? decimal("0.03") : null;
  return unit === "image" ? quantity.mul("0.035") : null;
};

const halfMinute = { unit: "30 seconds", quantity: "1", unitPrice: null };

describe.each(stores)("advice from a %s store", (_name, open) => {
  test("is silent on a ledger without waste", async () => {
    const store = await open();
    const all: AdvicePrices = { cheaper: () => [], draft: () => decimal("0.01"), units };
    for (let i = 0; i < 50; i += 1) await buy(store, { id: `p${i}`, at: noon + i * hour, digest: `d${i}` });
    await buy(store, { id: "billed", at: noon, cost: "0.05", digest: "x", basis: "billed-units", units: "1" });
    await buy(store, { id: "free", at: noon, digest: "d0", outcome: "free" });
    await buy(store, {
      id: "minute",
      at: noon,
      cost: "0.03",
      endpointId: "fal-ai/f5-tts",
      estimate: { ...halfMinute, quantity: "2" },
    });
    await store.record(note("hit", { id: "h", at: noon, amount: "0.04", digest: "d0" }));
    expect(await advised(store, all, "purchase")).toEqual([]);
    await store.close();
  });

  test("finds equal requests that were bought again within the cache's time, and not later ones", async () => {
    const store = await open();
    for (const [id, after] of [
      ["first", 0],
      ["again", hour],
      ["once more", 23 * hour],
      ["a day later", 24 * hour],
    ] as const) {
      await buy(store, { id, at: noon + after, digest: "same" });
    }
    await buy(store, { id: "other endpoint", at: noon, digest: "same", endpointId: "a/b" });
    await buy(store, { id: "other input", at: noon, digest: "other" });
    await buy(store, { id: "no input known", at: noon, digest: null });
    const found = await advised(store);
    expect(found).toMatchObject([{ kind: "repeated-requests", saving: "0.08", endpointId: "fal-ai/flux-pro/v1.1" }]);
    expect(found[0]!.evidence).toMatchObject({ purchases: 2, ids: ["again", "once more"] });
    await store.close();
  });

  test("counts what a repeat cost after its correction", async () => {
    const store = await open();
    await buy(store, { id: "first", at: noon, digest: "same" });
    await buy(store, { id: "again", at: noon + 1, digest: "same" });
    await store.record(note("correction", { id: "x", at: noon + 1, about: "again", amount: "-0.01" }));
    expect(await advised(store)).toMatchObject([{ saving: "0.03" }]);
    await store.close();
  });

  test("finds the change that would have saved most of each kind", async () => {
    const store = await open();
    await buy(store, { id: "a", at: noon });
    await buy(store, { id: "b", at: noon + hour });
    const cheaper: AdvicePrices["cheaper"] = () => [
      { kind: "smaller-size", change: "768 × 768 pixels", cost: decimal("0.03") },
      { kind: "smaller-size", change: "512 × 512 pixels", cost: decimal("0.02") },
      { kind: "cheaper-model", change: "fal-ai/flux/schnell", cost: decimal("0.003") },
      { kind: "silent-video", change: "silent", cost: decimal("0.04") },
    ];
    expect((await advised(store, { cheaper })).map(({ kind, saving, title }) => [kind, saving, title])).toEqual([
      ["cheaper-model", "0.074", "fal-ai/flux-pro/v1.1 as fal-ai/flux/schnell would have saved $0.074 on 2 purchases"],
      ["smaller-size", "0.04", "fal-ai/flux-pro/v1.1 as 512 × 512 pixels would have saved $0.04 on 2 purchases"],
    ]);
    await store.close();
  });

  test("finds tries at full size, all but the last", async () => {
    const store = await open();
    for (let i = 0; i < 6; i += 1) await buy(store, { id: `try ${i}`, at: noon + i * 5 * minute, digest: `d${i}` });
    for (let i = 0; i < 4; i += 1)
      await buy(store, { id: `few ${i}`, at: noon + i * 5 * minute, digest: `e${i}`, tags: { customer: "acme" } });
    const found = await advised(store, { draft: () => decimal("0.02") });
    expect(found).toMatchObject([{ kind: "draft-first", saving: "0.1" }]);
    expect(found[0]!.evidence.ids).toEqual(["try 0", "try 1", "try 2", "try 3", "try 4"]);
    await store.close();
  });

  test("finds half minutes that would have been cheaper as whole ones, in pairs", async () => {
    const store = await open();
    for (let i = 0; i < 3; i += 1) {
      await buy(store, {
        id: `speech ${i}`,
        at: noon + i * minute,
        cost: "0.02",
        digest: `d${i}`,
        endpointId: "fal-ai/f5-tts",
        estimate: halfMinute,
      });
    }
    const found = await advised(store, { units });
    expect(found).toMatchObject([{ kind: "whole-minutes", saving: "0.01", evidence: { purchases: 2 } }]);
    await store.close();
  });

  test("finds single images in quick succession, with the money where a price is known", async () => {
    const store = await open();
    for (let i = 0; i < 4; i += 1) await buy(store, { id: `image ${i}`, at: noon + i * 1_000, digest: `d${i}` });
    expect(await advised(store)).toMatchObject([{ kind: "merge-requests", saving: "0", evidence: { purchases: 4 } }]);
    expect(await advised(store, { units })).toMatchObject([{ kind: "merge-requests", saving: "0.02" }]);
    await store.close();
  });

  test("does not count a repeat a second time as one of a burst", async () => {
    const store = await open();
    for (let i = 0; i < 6; i += 1) await buy(store, { id: `p${i}`, at: noon + i * 1_000, digest: "same" });
    const found = await advised(store, { units, draft: () => decimal("0.01") });
    expect(found.map(({ kind, saving }) => [kind, saving])).toEqual([["repeated-requests", "0.2"]]);
    await store.close();
  });

  test("names endpoints whose bills leave their estimates", async () => {
    const store = await open();
    for (let i = 0; i < 5; i += 1) {
      const estimate = { expected: 30_000_000n };
      await buy(store, {
        id: `p${i}`,
        at: noon + i * hour,
        cost: "0.04",
        digest: `d${i}`,
        basis: "billed-units",
        units: "1",
        estimate,
      });
    }
    const found = await advised(store);
    expect(found).toMatchObject([{ kind: "estimate-drift", saving: "0" }]);
    expect(found[0]!.evidence.amount.toFixed()).toBe("0.05");
    expect(found[0]!.title).toContain("$0.05 above its estimates");
    await store.close();
  });

  test("names money booked as billed because nobody could tell, and bills nobody knows", async () => {
    const store = await open();
    await buy(store, { id: "lost", at: noon, cost: "0.40", outcome: "expired" });
    await buy(store, { id: "dark", at: noon, cost: null });
    const found = await advised(store);
    expect(found).toMatchObject([
      { kind: "assumed-billed", saving: "0.4", evidence: { ids: ["lost"] } },
      { kind: "unknown-bills", saving: "0", evidence: { ids: ["dark"] } },
    ]);
    await store.close();
  });

  test("never claims to save more than was spent on its evidence", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { maxLength: 30 }), async (calls) => {
        const store = await open();
        await write(store, calls);
        const entries = await entriesOf(store);
        const prices: AdvicePrices = {
          draft: () => decimal("0.001"),
          units,
          cheaper: () => [{ kind: "cheaper-model", change: "x", cost: decimal("0.01") }],
        };
        for (const { kind, saving, evidence } of advice({
          entries,
          at: noon + 29 * day,
          calendars: utc,
          discounts: { mode: "purchase", tiers },
          prices,
        })) {
          expect(saving.isNegative()).toBe(false);
          if (kind !== "next-volume-tier") expect(saving.lte(evidence.amount)).toBe(true);
          expect(evidence.ids.length).toBe(Math.min(20, evidence.purchases));
        }
        await store.close();
      }),
      { numRuns: 15 },
    );
  });
});

test("the next volume tier is named when it is near, with what this month's pace brings beyond it", async () => {
  const store = await stores[0]![1]();
  for (let i = 0; i < 400; i += 1)
    await buy(store, { id: `p${i}`, at: Date.UTC(2026, 10, 1) + i * 90_000, digest: `d${i}` });
  // 400 in the first 10.5 of 30 days: 1,142 by its end, of which 143 get 5 % off $0.04.
  const found = (await advised(store, {}, "purchase")).filter(({ kind }) => kind === "next-volume-tier");
  expect(found).toMatchObject([{ saving: "0.286", evidence: { purchases: 400 } }]);
  expect(found[0]!.title).toContain("600 purchases until 5 % off");
});
