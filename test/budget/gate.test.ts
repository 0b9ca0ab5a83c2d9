import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { chargesFor, checkRequestCaps, crossedAlerts, refusal, warnedRequestCaps } from "../../src/budget/gate.ts";
import { createWindows } from "../../src/budget/window.ts";
import { BudgetExceededError } from "../../src/errors.ts";
import type { Charge, CounterState } from "../../src/store/store.ts";

const windows = createWindows("UTC", "monday");
const at = Date.UTC(2026, 10, 23, 15, 30);
const midnight = Date.UTC(2026, 10, 24);
const dollar = 1_000_000_000n;

function guards(budgets: Budget[], tags: Record<string, string> = {}, endpointId = "fal-ai/flux/dev", when = at) {
  return chargesFor(resolveBudgets(budgets), { endpointId, tags }, when, windows);
}

function counterOf(budget: Budget, tags: Record<string, string> = {}, endpointId?: string, when?: number): string {
  const [charge] = guards([budget], tags, endpointId, when).charges;
  if (!charge) throw new TypeError("the budget must match");
  return charge.counter;
}

describe("charges", () => {
  test("a call is charged under every budget that matches it, with that window's end", () => {
    const { charges, requestCaps } = guards([
      { name: "d", limit: 5, per: "day" },
      { name: "t", limit: 50, per: "total" },
      { name: "r", limit: 1, per: { rolling: "24h" } },
      { name: "w", limit: 2, per: "month", onExceed: "warn" },
      { name: "one", limit: "0.5", per: "request" },
      { name: "not this", limit: 1, per: "day", match: { endpoints: "fal-ai/veo*" } },
    ]);
    expect(charges.map(({ budget, limit, window }) => ({ budget, limit, window }))).toEqual([
      { budget: "d", limit: 5n * dollar, window: { kind: "fixed", endsAt: midnight } },
      { budget: "t", limit: 50n * dollar, window: { kind: "fixed", endsAt: null } },
      { budget: "r", limit: dollar, window: { kind: "rolling", lengthMs: 86_400_000 } },
      { budget: "w", limit: null, window: { kind: "fixed", endsAt: Date.UTC(2026, 11, 1) } },
    ]);
    expect(requestCaps.map(({ name }) => name)).toEqual(["one"]);
  });

  test("a counter belongs to one window of one budget", () => {
    const day: Budget = { name: "b", limit: 5, per: "day" };
    expect(counterOf(day, {}, "a")).toBe(counterOf(day, {}, "z", midnight - 1));
    const others = [
      counterOf(day),
      counterOf(day, {}, "a", midnight),
      counterOf({ ...day, per: "week" }),
      counterOf({ ...day, per: "month" }),
      counterOf({ ...day, per: "total" }),
      counterOf({ ...day, per: { rolling: "1h" } }),
      counterOf({ ...day, per: { rolling: "2h" } }),
      counterOf({ ...day, name: "c" }),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  test("a split budget has one counter for each value, and one for calls without the tag", () => {
    const split: Budget = { name: "b", limit: 5, per: "day", splitBy: "tag:customer" };
    const values = [
      { customer: "acme" },
      { customer: "" },
      { customer: "(none)" },
      { customer: "none" },
      {},
      { team: "acme" },
    ];
    const counters = values.map((tags) => counterOf(split, tags as Record<string, string>));
    expect(new Set(counters).size).toBe(5);
    expect(counters[4]).toBe(counters[5]);
    const byEndpoint: Budget = { ...split, splitBy: "endpoint" };
    expect(counterOf(byEndpoint, {}, "a")).not.toBe(counterOf(byEndpoint, {}, "b"));
    expect(counterOf(byEndpoint, {}, "acme")).not.toBe(counterOf(split, { customer: "acme" }));
  });
});

describe("budgets per request", () => {
  const caps = resolveBudgets([
    { name: "soft", limit: "0.1", per: "request", onExceed: "warn" },
    { name: "hard", limit: "0.5", per: "request" },
  ]);

  test("a price up to the cap passes and one above is refused", () => {
    expect(checkRequestCaps(caps, dollar / 2n)).toBeNull();
    expect(checkRequestCaps(caps, dollar / 2n + 1n)?.name).toBe("hard");
  });

  test("a cap that warns refuses nothing and is told of", () => {
    expect(checkRequestCaps(caps, dollar / 5n)).toBeNull();
    expect(warnedRequestCaps(caps, dollar / 5n).map(({ name }) => name)).toEqual(["soft"]);
    expect(warnedRequestCaps(caps, dollar / 10n)).toEqual([]);
    expect(warnedRequestCaps(caps, dollar).map(({ name }) => name)).toEqual(["soft"]);
  });

  test("an unknown price is not a price above the cap", () => {
    expect(checkRequestCaps(caps, null)).toBeNull();
    expect(warnedRequestCaps(caps, null)).toEqual([]);
  });

  test("a refusal by a cap can never pass later", () => {
    const by = refusal({ endpointId: "e", requested: dollar, cap: { name: "hard", limit: dollar / 2n } });
    expect(by).toMatchObject({ budget: "hard", transient: false, resetsAt: null });
    expect([by.limit, by.remaining, by.requested, by.spent, by.held].map(String)).toEqual([
      "0.5",
      "0.5",
      "1",
      "0",
      "0",
    ]);
  });
});

describe("refusals", () => {
  const charge = (window: Charge["window"]): Charge => ({ counter: "c", budget: "b", limit: 5n * dollar, window });
  const day = charge({ kind: "fixed", endsAt: midnight });
  const total = charge({ kind: "fixed", endsAt: null });
  const rolling = charge({ kind: "rolling", lengthMs: 60_000 });
  const state = (spent: bigint, held: bigint, nextReleaseAt: number | null = null): CounterState => ({
    counter: "c",
    spent: spent * dollar,
    held: held * dollar,
    nextReleaseAt,
  });
  const refuse = (by: Charge, requested: bigint, counter: CounterState) =>
    refusal({ endpointId: "e", requested: requested * dollar, charge: by, counter });

  test("say what is left and when the window ends", () => {
    const by = refuse(day, 2n, state(3n, 1n));
    expect(by).toMatchObject({ budget: "b", endpointId: "e", transient: true, resetsAt: new Date(midnight) });
    expect([by.limit, by.spent, by.held, by.remaining, by.requested].map(String)).toEqual(["5", "3", "1", "1", "2"]);
    expect(new BudgetExceededError(by).message).toContain("Try again after 2026-11-24T00:00:00.000Z");
  });

  test("never say that less than nothing is left", () => {
    expect(refuse(day, 1n, state(7n, 1n)).remaining.toString()).toBe("0");
  });

  test("are for good when the amount is above the limit itself", () => {
    expect(refuse(day, 6n, state(0n, 0n)).transient).toBe(false);
    expect(refuse(rolling, 6n, state(0n, 0n)).transient).toBe(false);
    expect(refuse(day, 5n, state(1n, 0n)).transient).toBe(true);
  });

  test("of a budget for all time are for good unless held money can come back", () => {
    expect(refuse(total, 2n, state(4n, 0n)).transient).toBe(false);
    expect(refuse(total, 2n, state(3n, 2n)).transient).toBe(true);
    expect(refuse(total, 3n, state(3n, 2n)).transient).toBe(false);
    expect(refuse(total, 2n, state(4n, 0n)).resetsAt).toBeNull();
  });

  test("of a rolling budget say when the oldest amount leaves", () => {
    expect(refuse(rolling, 2n, state(4n, 0n, at + 1_000))).toMatchObject({
      transient: true,
      resetsAt: new Date(at + 1_000),
    });
  });
});

describe("alerts", () => {
  const [rule] = resolveBudgets([{ limit: 10, per: "day", alertAt: [0.5, 0.8, 1, 1.5] }]);
  if (!rule) throw new TypeError("one budget makes one rule");
  const counted = (spent: bigint, held: bigint) => ({ spent, held });
  const crossed = (before: [bigint, bigint], after: [bigint, bigint]) =>
    crossedAlerts(rule, counted(...before), counted(...after)).map(({ fraction }) => fraction);

  test("are told when spent and held money together reach them, to the nano-dollar", () => {
    expect(crossed([0n, 0n], [3n * dollar, 2n * dollar - 1n])).toEqual([]);
    expect(crossed([0n, 0n], [3n * dollar, 2n * dollar])).toEqual([0.5]);
    expect(crossed([0n, 0n], [12n * dollar, 0n])).toEqual([0.5, 0.8, 1]);
  });

  test("are told of once on the way up and not on the way down", () => {
    expect(crossed([5n * dollar, 0n], [6n * dollar, 0n])).toEqual([]);
    expect(crossed([9n * dollar, 0n], [4n * dollar, 0n])).toEqual([]);
    expect(crossed([0n, 9n * dollar], [9n * dollar, 0n])).toEqual([]);
  });

  test("along any rising path each is told of exactly once", () => {
    const steps = fc.array(fc.bigInt({ min: 0n, max: 4n * dollar }), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (amounts) => {
        let spent = 0n;
        const told = amounts.flatMap((amount) => {
          const before = counted(spent, 0n);
          spent += amount;
          return crossedAlerts(rule, before, counted(spent, 0n));
        });
        expect(told).toEqual(rule.alerts.filter(({ nano }) => nano <= spent));
      }),
    );
  });

  test("a budget of nothing is reached by the first money, not by none", () => {
    const [nothing] = resolveBudgets([{ limit: 0, per: "day", onExceed: "warn" }]);
    if (!nothing) throw new TypeError("one budget makes one rule");
    expect(crossedAlerts(nothing, counted(0n, 0n), counted(0n, 0n))).toEqual([]);
    expect(crossedAlerts(nothing, counted(0n, 0n), counted(0n, 1n))).toHaveLength(1);
  });
});
