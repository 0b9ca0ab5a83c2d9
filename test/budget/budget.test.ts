import { expect, test } from "vitest";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { OptionsError } from "../../src/errors.ts";

function only(budget: Budget, alertAt?: readonly number[]) {
  const [rule] = resolveBudgets([budget], alertAt);
  if (!rule) throw new TypeError("one budget makes one rule");
  return rule;
}

function optionRefused(budgets: unknown): string {
  try {
    resolveBudgets(budgets as Budget[]);
  } catch (error) {
    if (error instanceof OptionsError) return error.option;
    throw error;
  }
  return "nothing was refused";
}

test("no budgets are no rules", () => {
  expect(resolveBudgets(undefined)).toEqual([]);
  expect(resolveBudgets([])).toEqual([]);
});

test("a budget without a name is called by its window and limit, and no two alike", () => {
  const rules = resolveBudgets([
    { limit: 5, per: "day" },
    { limit: "5.00", per: "day", match: { endpoints: "fal-ai/veo*" } },
    { limit: 0.5, per: "request" },
    { limit: 9, per: { rolling: "36h" } },
    { name: "day $5 (3)", limit: 1, per: "week" },
    { limit: 5, per: "day", splitBy: "endpoint" },
  ]);
  const names = ["day $5", "day $5 (2)", "request $0.5", "rolling 36h $9", "day $5 (3)", "day $5 (4)"];
  expect(rules.map(({ name }) => name)).toEqual(names);
});

test("raising a limit keeps the key that its spending is remembered under", () => {
  expect(only({ limit: 5, per: "day" }).key).toBe(only({ limit: 10, per: "day" }).key);
  expect(only({ name: "team", limit: 5, per: "day" }).key).toBe(only({ name: "team", limit: 6, per: "day" }).key);
});

test("a key has one form from version to version, for a ledger remembers spending by it", () => {
  expect(only({ name: "team", limit: 5, per: "day" }).key).toBe('["team"]');
  expect(only({ limit: 5, per: "day" }).key).toBe('["unnamed",null,[]]');
  expect(only({ limit: 5, per: "day", match: { endpoints: "a" } }).key).toBe('["unnamed",["a"],[]]');
  const match = { endpoints: ["b", "a"], tags: { y: "2", x: "1" } };
  expect(only({ limit: 5, per: "day", match }).key).toBe('["unnamed",["a","b"],[["x","1"],["y","2"]]]');
});

test("every length of a rolling window is named by its largest unit", () => {
  const nameOf = (rolling: number) => only({ limit: 1, per: { rolling } }).name;
  expect([172_800_000, 3_600_000, 90_000, 60_000, 1_000, 1_500].map(nameOf)).toEqual(
    ["2d", "1h", "90s", "1m", "1s", "1500ms"].map((length) => `rolling ${length} $1`),
  );
});

test("budgets have keys of their own, also where only their match differs or a name imitates it", () => {
  const bare = only({ limit: 5, per: "day" });
  const rules = resolveBudgets([
    { limit: 5, per: "day" },
    { limit: 6, per: "day" },
    { limit: 5, per: "day", match: { endpoints: ["b", "a"] } },
    { limit: 5, per: "day", match: { tags: { a: "b" } } },
    { name: bare.key, limit: 5, per: "day" },
  ]);
  expect(new Set(rules.map(({ key }) => key)).size).toBe(5);
});

test("the order in which globs and tags are written does not change the key", () => {
  const first = only({ limit: 1, per: "day", match: { endpoints: ["a", "b"], tags: { x: "1", y: "2" } } });
  const second = only({ limit: 1, per: "day", match: { endpoints: ["b", "a"], tags: { y: "2", x: "1" } } });
  expect(first.key).toBe(second.key);
});

test("a limit finer than a nano-dollar rounds down, for a cap may be too strict and never too loose", () => {
  expect(only({ limit: "0.0000000019", per: "day" }).limit).toBe(1n);
  expect(only({ limit: "0.0000000015", per: "day" }).limit).toBe(1n);
  expect(only({ limit: "0.000000002", per: "day" }).limit).toBe(2n);
  expect(only({ limit: 0.1, per: "day" }).limit).toBe(100_000_000n);
});

test("a budget matches calls of its endpoints that carry all of its tags", () => {
  const { matches } = only({
    limit: 1,
    per: "day",
    match: { endpoints: ["fal-ai/flux*", "fal-ai/veo3"], tags: { customer: "acme", team: "a" } },
  });
  const tags = { customer: "acme", team: "a", more: "yes" };
  expect(matches({ endpointId: "fal-ai/flux/dev", tags })).toBe(true);
  expect(matches({ endpointId: "fal-ai/veo3", tags })).toBe(true);
  expect(matches({ endpointId: "fal-ai/veo3/fast", tags })).toBe(false);
  expect(matches({ endpointId: "fal-ai/veo3", tags: { customer: "acme" } })).toBe(false);
  expect(matches({ endpointId: "fal-ai/veo3", tags: { ...tags, team: "b" } })).toBe(false);
});

test("a tag that every object inherits is not a tag that the call carries", () => {
  const { matches } = only({ limit: 1, per: "day", match: { tags: { constructor: "x" } } });
  expect(matches({ endpointId: "a", tags: {} })).toBe(false);
});

test("alerts rise, repeat nothing and are exact", () => {
  const { alerts } = only({ limit: "0.000000003", per: "day", alertAt: [1, 0.5, 0.5] });
  expect(alerts).toEqual([
    { fraction: 0.5, nano: 2n },
    { fraction: 1, nano: 3n },
  ]);
});

test("the default alerts are for budgets without their own, and a budget that warns always tells at its limit", () => {
  expect(only({ limit: 1, per: "day" }, [0.8]).alerts.map(({ fraction }) => fraction)).toEqual([0.8]);
  expect(only({ limit: 1, per: "day", alertAt: [] }, [0.8]).alerts).toEqual([]);
  const warns = only({ limit: 1, per: "day", onExceed: "warn" }, [0.8]);
  expect(warns.alerts.map(({ fraction }) => fraction)).toEqual([0.8, 1]);
});

test.each([
  [{}, "budgets"],
  ["5", "budgets"],
  [[5], "budgets[0]"],
  [[null], "budgets[0]"],
  [[{ per: "day" }], "budgets[0].limit"],
  [[{ limit: -1, per: "day" }], "budgets[0].limit"],
  [[{ limit: Number.NaN, per: "day" }], "budgets[0].limit"],
  [[{ limit: "five", per: "day" }], "budgets[0].limit"],
  [[{ limit: 1 }], "budgets[0].per"],
  [[{ limit: 1, per: "year" }], "budgets[0].per"],
  [[{ limit: 1, per: { rolling: "soon" } }], "budgets[0].per.rolling"],
  [[{ limit: 1, per: { sliding: "1h" } }], "budgets[0].per.sliding"],
  [
    [
      { limit: 1, per: "day" },
      { limit: 1, per: "day", limitt: 2 },
    ],
    "budgets[1].limitt",
  ],
  [[{ limit: 1, per: "day", match: { endpoint: "a" } }], "budgets[0].match.endpoint"],
  [[{ limit: 1, per: "day", match: { endpoints: [] } }], "budgets[0].match.endpoints"],
  [[{ limit: 1, per: "day", match: { endpoints: "" } }], "budgets[0].match.endpoints"],
  [[{ limit: 1, per: "day", match: { tags: { a: 1 } } }], "budgets[0].match.tags"],
  [[{ limit: 1, per: "day", splitBy: "customer" }], "budgets[0].splitBy"],
  [[{ limit: 1, per: "day", splitBy: "tag:" }], "budgets[0].splitBy"],
  [[{ limit: 1, per: "day", alertAt: [0] }], "budgets[0].alertAt"],
  [[{ limit: 1, per: "day", alertAt: [10.1] }], "budgets[0].alertAt"],
  [[{ limit: 1, per: "day", alertAt: 0.8 }], "budgets[0].alertAt"],
  [[{ limit: 1, per: "day", name: "" }], "budgets[0].name"],
  [
    [
      { limit: 1, per: "day", name: "a" },
      { limit: 2, per: "week", name: "a" },
    ],
    "budgets[1].name",
  ],
  [[{ limit: 1, per: "day", match: { endpoints: ["a", 5] } }], "budgets[0].match.endpoints"],
  [[{ limit: 1, per: "day", match: { endpoints: ["a", ""] } }], "budgets[0].match.endpoints"],
  [[{ limit: 1, per: "day", match: { tags: { a: "b", c: 1 } } }], "budgets[0].match.tags"],
  [[{ limit: 1, per: "day", match: { tags: null } }], "budgets[0].match.tags"],
  [[{ limit: 1, per: "day", match: { tags: "customer" } }], "budgets[0].match.tags"],
  [[{ limit: 1, per: "day", match: { tags: 5 } }], "budgets[0].match.tags"],
  [[{ limit: 1, per: "day", splitBy: "a tag:customer" }], "budgets[0].splitBy"],
  [[{ limit: 1, per: "day", splitBy: ["tag:customer"] }], "budgets[0].splitBy"],
  [[{ limit: 1, per: "day", alertAt: ["0.5"] }], "budgets[0].alertAt"],
  [[{ limit: 1, per: "day", name: "  " }], "budgets[0].name"],
  [[{ limit: 1, per: "day", name: 7 }], "budgets[0].name"],
])("%j is refused and the error names what is wrong", (budgets, option) => {
  expect(optionRefused(budgets)).toBe(option);
});

test.each(["wait", "draft", "ignore"])("onExceed %j is refused with what is allowed", (onExceed) => {
  const budgets = [{ limit: 1, per: "day", onExceed }] as unknown as Budget[];
  expect(() => resolveBudgets(budgets)).toThrow(`budgets[0].onExceed must be "refuse" or "warn"; got "${onExceed}".`);
});

test.each([
  ["budgets", (length: number) => Array.from({ length }, () => ({ limit: 1, per: "day" })), 1_000, "budgets"],
  [
    "globs",
    (length: number) => [{ limit: 1, per: "day", match: { endpoints: Array.from({ length }, (_, at) => `e${at}`) } }],
    100,
    "budgets[0].match.endpoints",
  ],
  [
    "alerts",
    (length: number) => [{ limit: 1, per: "day", alertAt: Array.from({ length }, () => 10) }],
    20,
    "budgets[0].alertAt",
  ],
  [
    "characters of a name",
    (length: number) => [{ limit: 1, per: "day", name: "n".repeat(length) }],
    100,
    "budgets[0].name",
  ],
])("there may be so many %s and no more", (_, make, most, option) => {
  expect(optionRefused(make(most))).toBe("nothing was refused");
  expect(optionRefused(make(most + 1))).toBe(option);
});

test("a period of null is told which periods there are", () => {
  const budgets = [{ limit: 1, per: null }] as unknown as Budget[];
  expect(() => resolveBudgets(budgets)).toThrow(/^budgets\[0\]\.per must be one of "request", "hour"/);
});
