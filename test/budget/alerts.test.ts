import { expect, test } from "vitest";
import { createAlerts } from "../../src/budget/alerts.ts";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { counterOf } from "../../src/budget/counter.ts";
import { createWindows } from "../../src/budget/window.ts";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import type { CounterState } from "../../src/store/store.ts";

const windows = createWindows("UTC", "monday");
const noon = Date.UTC(2026, 10, 23, 12);
const day = 86_400_000;
const dollar = 1_000_000_000n;

/** A budget whose counter is moved, and all that is told of it. */
function watch(budget: Budget) {
  const rules = resolveBudgets([budget]);
  const events = createEvents();
  const told: MeterEvent[] = [];
  events.on("*", (event) => void told.push(event));
  const alerts = createAlerts(rules, windows, events);
  const move = (
    spent: bigint,
    held: bigint,
    { at = noon, customer = "acme", nextReleaseAt = null as number | null } = {},
  ) => {
    const counter = counterOf(rules[0]!, { endpointId: "fal-ai/veo3", tags: { customer } }, at, windows);
    const state: CounterState = { counter, spent: spent * dollar, held: held * dollar, nextReleaseAt };
    alerts.moved([state], at);
  };
  const fractions = () => told.flatMap((event) => (event.type === "budget-warned" ? [event.fraction] : []));
  return { told, move, fractions, alerts };
}

test("a threshold is told of once, with what is spent and held, and when that ends", () => {
  const { told, move } = watch({ name: "team", limit: 10, per: "day", alertAt: [0.5] });
  move(2n, 3n);
  expect(JSON.parse(JSON.stringify(told))).toEqual([
    {
      type: "budget-warned",
      at: noon,
      budget: "team",
      fraction: 0.5,
      limit: "10",
      spent: "2",
      held: "3",
      resetsAt: "2026-11-24T00:00:00.000Z",
    },
  ]);
});

test("money given back and held again is told of once", () => {
  const { move, fractions } = watch({ limit: 10, per: "day", alertAt: [0.5, 0.8] });
  move(4n, 0n);
  move(4n, 1n);
  move(4n, 0n);
  move(5n, 0n);
  move(0n, 7n);
  move(7n, 0n);
  expect(fractions()).toEqual([0.5]);
  move(7n, 1n);
  expect(fractions()).toEqual([0.5, 0.8]);
});

test("spending moves towards a threshold as well as holding does", () => {
  const { move, fractions } = watch({ limit: 10, per: "day", alertAt: [0.5] });
  move(0n, 4n);
  move(1n, 4n);
  expect(fractions()).toEqual([0.5]);
});

test("each split value has thresholds of its own", () => {
  const { move, fractions } = watch({ limit: 10, per: "day", splitBy: "tag:customer", alertAt: [0.5] });
  for (const customer of ["acme", "initech", "acme"]) move(6n, 0n, { customer });
  expect(fractions()).toEqual([0.5, 0.5]);
});

test("a rolling budget ends when its oldest amount leaves, one for all time never", () => {
  const rolling = watch({ limit: 10, per: { rolling: "1h" }, alertAt: [0.5] });
  rolling.move(6n, 0n, { nextReleaseAt: noon + 60_000 });
  expect(rolling.told).toMatchObject([{ type: "budget-warned", resetsAt: new Date(noon + 60_000) }]);
  const total = watch({ limit: 10, per: "total", alertAt: [0.5] });
  total.move(6n, 0n);
  expect(total.told).toMatchObject([{ type: "budget-warned", resetsAt: null }]);
});

test("a window that begins is told of once, but not the first that this process sees", () => {
  const { told, move } = watch({ name: "team", limit: 10, per: "day" });
  move(1n, 0n);
  move(2n, 0n);
  expect(told).toEqual([]);
  move(1n, 0n, { at: noon + day });
  move(2n, 0n, { at: noon + day });
  expect(told).toEqual([
    {
      type: "budget-reset",
      at: noon + day,
      budget: "team",
      windowStart: new Date(Date.UTC(2026, 10, 24)),
      resetsAt: new Date(Date.UTC(2026, 10, 25)),
    },
  ]);
});

test("no window begins for all time, nor for a stretch that rolls", () => {
  for (const per of ["total", { rolling: "1h" }] satisfies Budget["per"][]) {
    const { told, move } = watch({ limit: 10, per });
    move(1n, 0n);
    move(1n, 0n, { at: noon + 40 * day });
    expect(told).toEqual([]);
  }
});

test("counters of others, and ids that are none of ours, tell nothing", () => {
  const { told, alerts } = watch({ name: "team", limit: 10, per: "day", alertAt: [0.5] });
  const [other] = resolveBudgets([{ name: "other", limit: 10, per: "day" }]);
  const foreign = counterOf(other!, { endpointId: "a", tags: {} }, noon, windows);
  for (const counter of [foreign, "nonsense", ""])
    alerts.moved([{ counter, spent: 9n * dollar, held: 0n, nextReleaseAt: null }], noon);
  expect(told).toEqual([]);
});

test("beyond 10,000 counters the oldest is forgotten, and may be told of again", () => {
  const { move, fractions } = watch({ limit: 10, per: "day", splitBy: "tag:customer", alertAt: [0.5] });
  for (let index = 0; index < 10_000; index++) move(6n, 0n, { customer: `c${index}` });
  move(6n, 0n, { customer: "c0" });
  expect(fractions()).toHaveLength(10_000);
  move(6n, 0n, { customer: "one more" });
  expect(fractions()).toHaveLength(10_001);
  move(6n, 0n, { customer: "c1" });
  expect(fractions()).toHaveLength(10_001);
  move(6n, 0n, { customer: "c0" });
  expect(fractions()).toHaveLength(10_002);
});
