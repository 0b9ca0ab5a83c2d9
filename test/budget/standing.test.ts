import { expect, test } from "vitest";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { chargesFor } from "../../src/budget/gate.ts";
import { type BudgetStanding, standings } from "../../src/budget/standing.ts";
import { createWindows } from "../../src/budget/window.ts";
import type { CounterState } from "../../src/store/store.ts";

const windows = createWindows("UTC", "monday");
const at = Date.UTC(2026, 10, 23, 15, 30);
const today = new Date(Date.UTC(2026, 10, 23));
const tomorrow = new Date(Date.UTC(2026, 10, 24));
const cent = 10_000_000n;

/** The counters that these calls left, each of one cent spent and two held. */
function counters(budgets: Budget[], calls: { tags?: Record<string, string>; endpointId?: string; when?: number }[]) {
  const rules = resolveBudgets(budgets);
  const states = new Map<string, CounterState>();
  for (const { tags = {}, endpointId = "fal-ai/flux/dev", when = at } of calls) {
    for (const { counter, window } of chargesFor(rules, { endpointId, tags }, when, windows).charges) {
      const known = states.get(counter) ?? { counter, spent: 0n, held: 0n, nextReleaseAt: null };
      const nextReleaseAt = window.kind === "rolling" ? (known.nextReleaseAt ?? when + window.lengthMs) : null;
      states.set(counter, { counter, spent: known.spent + cent, held: known.held + 2n * cent, nextReleaseAt });
    }
  }
  return [...states.values()];
}

function stand(budgets: Budget[], states: CounterState[], when = at) {
  return standings(resolveBudgets(budgets), states, when, windows);
}

function figures({ name, spent, held, remaining, split }: BudgetStanding) {
  return [name, ...[spent, held, remaining].map(String), ...(split === undefined ? [] : [split])];
}

test("a budget stands at what its counter says", () => {
  const budgets: Budget[] = [{ name: "b", limit: 1, per: "day" }];
  const [standing] = stand(budgets, counters(budgets, [{}, {}]));
  expect(standing && figures(standing)).toEqual(["b", "0.02", "0.04", "0.94"]);
  expect(standing).toMatchObject({ windowStart: today, resetsAt: tomorrow });
  expect(standing).not.toHaveProperty("split");
});

test("a budget with no counter yet has spent nothing, one per request and one for all time included", () => {
  const all = stand(
    [
      { limit: 1, per: "day" },
      { limit: 2, per: "total" },
      { limit: 3, per: "request" },
    ],
    [],
  );
  expect(all.map(figures)).toEqual([
    ["day $1", "0", "0", "1"],
    ["total $2", "0", "0", "2"],
    ["request $3", "0", "0", "3"],
  ]);
  expect(all.map(({ windowStart, resetsAt }) => [windowStart, resetsAt])).toEqual([
    [today, tomorrow],
    [null, null],
    [null, null],
  ]);
});

test("yesterday's counter is not today's", () => {
  const budgets: Budget[] = [{ name: "b", limit: 1, per: "day" }];
  const left = counters(budgets, [{ when: at - 86_400_000 }]);
  expect(stand(budgets, left).map(figures)).toEqual([["b", "0", "0", "1"]]);
  expect(stand(budgets, left, at - 86_400_000).map(figures)).toEqual([["b", "0.01", "0.02", "0.97"]]);
});

test("a split budget has a line for every value seen, hostile ones and none included", () => {
  const budgets: Budget[] = [{ name: "b", limit: 1, per: "day", splitBy: "tag:customer" }];
  const seen = ["acme", "a|b=c", "\ud800", "(none) "];
  const left = counters(budgets, [
    ...seen.map((customer) => ({ tags: { customer } })),
    {},
    { tags: { customer: "acme" } },
  ]);
  const lines = stand(budgets, left).map(figures);
  expect(lines).toHaveLength(5);
  expect(lines).toEqual(
    expect.arrayContaining([
      ["b", "0.02", "0.04", "0.94", "acme"],
      ["b", "0.01", "0.02", "0.97", "a|b=c"],
      ["b", "0.01", "0.02", "0.97", "\ud800"],
      ["b", "0.01", "0.02", "0.97", "(none)"],
      ["b", "0.01", "0.02", "0.97", "(none) "],
    ]),
  );
});

test("a budget split by endpoint has a line for each", () => {
  const budgets: Budget[] = [{ name: "b", limit: 1, per: "day", splitBy: "endpoint" }];
  const left = counters(budgets, [{ endpointId: "fal-ai/veo3" }, { endpointId: "fal-ai/flux/dev" }]);
  expect(stand(budgets, left).map(({ split }) => split)).toEqual(["fal-ai/flux/dev", "fal-ai/veo3"]);
});

test("a split budget that saw nothing stands at zero in one line", () => {
  expect(stand([{ name: "b", limit: 1, per: "day", splitBy: "endpoint" }], []).map(figures)).toEqual([
    ["b", "0", "0", "1"],
  ]);
});

test("counters from before a budget was split otherwise are passed over", () => {
  const whole: Budget[] = [{ name: "b", limit: 1, per: "day" }];
  const byCustomer: Budget[] = [{ name: "b", limit: 1, per: "day", splitBy: "tag:customer" }];
  const byTeam: Budget[] = [{ name: "b", limit: 1, per: "day", splitBy: "tag:team" }];
  const left = counters(byCustomer, [{ tags: { customer: "acme" } }]);
  expect(stand(whole, left).map(figures)).toEqual([["b", "0", "0", "1"]]);
  expect(stand(byTeam, left).map(figures)).toEqual([["b", "0", "0", "1"]]);
});

test("an overrun leaves nothing, not less", () => {
  const budgets: Budget[] = [{ name: "b", limit: "0.02", per: "day" }];
  expect(stand(budgets, counters(budgets, [{}, {}])).map(figures)).toEqual([["b", "0.02", "0.04", "0"]]);
});

test("a rolling budget shows the stretch that ends now and when its oldest amount leaves", () => {
  const budgets: Budget[] = [{ name: "b", limit: 1, per: { rolling: "1h" } }];
  const left = counters(budgets, [{ when: at - 600_000 }]);
  expect(stand(budgets, left)).toMatchObject([
    { windowStart: new Date(at - 3_600_000), resetsAt: new Date(at + 3_000_000) },
  ]);
});

test("counters of others are passed over", () => {
  const budgets: Budget[] = [{ name: "b", limit: 1, per: "day" }];
  const foreign = ["", "nonsense", "purchases|2026-11-01T00:00:00.000Z", "%|day||all"].map((counter) => ({
    counter,
    spent: cent,
    held: cent,
    nextReleaseAt: null,
  }));
  expect(stand(budgets, [...foreign, ...counters([{ name: "c", limit: 1, per: "day" }], [{}])]).map(figures)).toEqual([
    ["b", "0", "0", "1"],
  ]);
});
