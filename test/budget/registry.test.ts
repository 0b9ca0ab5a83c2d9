import { expect, onTestFinished, test } from "vitest";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { chargesFor } from "../../src/budget/gate.ts";
import { readRegistry, standingOf } from "../../src/budget/registry.ts";
import { createWindows } from "../../src/budget/window.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { noon, note, request, usd } from "../store/samples.ts";

function openStore() {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  return store;
}

const budget: Budget = { name: "team", limit: "5", per: "day" };
const written = (rest: object) => JSON.stringify({ budget, timezone: "UTC", weekStart: "monday", ...rest });

test("an empty ledger has no budgets", async () => {
  expect(await readRegistry(openStore(), noon)).toEqual({ budgets: [], unreadable: [] });
});

test("a registered budget is read with the key, zone and week it was written with", async () => {
  const store = openStore();
  const value = written({ timezone: "Europe/Berlin", weekStart: "sunday" });
  await store.putNote(note("budget", "key of a budget without a name", { value, at: noon - 5 }));
  const { budgets, unreadable } = await readRegistry(store, noon);
  expect(unreadable).toEqual([]);
  expect(budgets).toMatchObject([
    {
      rule: { name: "team", key: "key of a budget without a name", limit: usd(5), per: "day" },
      timezone: "Europe/Berlin",
      weekStart: "sunday",
      registeredAt: noon - 5,
    },
  ]);
});

test("what this version cannot read is listed with the reason, and the others are read all the same", async () => {
  const store = openStore();
  const values: Record<string, string> = {
    "no JSON": "{",
    "no budget": JSON.stringify({ timezone: "UTC", weekStart: "monday" }),
    "nothing at all": "null",
    "a later period": written({ budget: { ...budget, per: "fortnight" } }),
    "a lost zone": written({ timezone: "Mars/X" }),
    "a later weekday": written({ weekStart: "octidi" }),
    good: written({}),
  };
  for (const [key, value] of Object.entries(values)) await store.putNote(note("budget", key, { value }));
  const { budgets, unreadable } = await readRegistry(store, noon);
  expect(budgets.map(({ rule }) => rule.key)).toEqual(["good"]);
  const why = Object.fromEntries(unreadable.map((each) => [each.key, each.why]));
  expect(Object.keys(why).sort()).toEqual(
    Object.keys(values)
      .filter((key) => key !== "good")
      .sort(),
  );
  expect(why["a later period"]).toMatch(/^budgets\[0\]\.per must be one of/);
  expect(why["a lost zone"]).toMatch(/^timezone must be/);
  expect(why["a later weekday"]).toMatch(/^weekStart must be/);
});

test("a ledger that cannot be read is no unreadable budget", async () => {
  const store = openStore();
  const broken = { ...store, listNotes: () => Promise.reject(new RangeError("torn page")) };
  await expect(readRegistry(broken, noon)).rejects.toThrow(RangeError);
});

test("a registered budget stands at what its counters say, in the window of its own zone", async () => {
  const store = openStore();
  const windows = createWindows("Asia/Tokyo", "monday");
  const split: Budget = { ...budget, splitBy: "endpoint" };
  const { charges } = chargesFor(resolveBudgets([split]), { endpointId: "fal-ai/veo3", tags: {} }, noon, windows);
  await store.hold(request("1", { amount: usd(0.5), charges }));
  const value = written({ budget: split, timezone: "Asia/Tokyo" });
  await store.putNote(note("budget", '["team"]', { value }));
  const [registered] = (await readRegistry(store, noon)).budgets;
  const stood = await standingOf(registered!, store, noon);
  expect(JSON.parse(JSON.stringify(stood))).toEqual([
    {
      name: "team",
      limit: "5",
      spent: "0",
      held: "0.5",
      remaining: "4.5",
      windowStart: "2026-10-31T15:00:00.000Z",
      resetsAt: "2026-11-01T15:00:00.000Z",
      split: "fal-ai/veo3",
    },
  ]);
});
