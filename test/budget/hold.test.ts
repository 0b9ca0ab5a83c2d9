import { describe, expect, onTestFinished, test } from "vitest";
import { createAlerts } from "../../src/budget/alerts.ts";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { type Asking, createGate, type GateParts } from "../../src/budget/hold.ts";
import { createWindows } from "../../src/budget/window.ts";
import type { Call } from "../../src/call.ts";
import { OptionsError, StoreError } from "../../src/errors.ts";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { decimal } from "../../src/money.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { charged, estimate, noon, usd } from "../store/samples.ts";

const clock = { now: () => noon, sleep: () => Promise.resolve() };

function openGate(budgets: Budget[], { store = createMemoryStore(), ...rest }: Partial<GateParts> = {}) {
  onTestFinished(() => store.close());
  const rules = resolveBudgets(budgets);
  const windows = createWindows("UTC", "monday");
  const events = createEvents();
  const told: MeterEvent[] = [];
  events.on("*", (event) => void told.push(event));
  const alerts = createAlerts(rules, windows, events);
  const policies = { onUnknownPrice: { kind: "refuse" }, onStoreFailure: "refuse" } as const;
  const gate = createGate({ store, events, clock, rules, windows, alerts, ...policies, ...rest });
  return { gate, store, told };
}

const tags = { customer: "acme" };

function asking(id: string, amount: bigint | null, rest: Partial<Asking> = {}): Asking {
  const call: Call = { id, endpointId: "fal-ai/veo3", transport: "queue", input: {}, tags, priority: 0 };
  return {
    call,
    estimate: estimate(amount),
    unpriced: null,
    maxCost: null,
    key: null,
    digest: null,
    joinSince: null,
    ...rest,
  };
}

const facts = (purchaseId: string) => ({ purchaseId, endpointId: "fal-ai/veo3", tags, at: noon });
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A budget of each kind that refuses, and of each that only warns. */
const every: Budget[] = [
  { name: "day", limit: 1, per: "day" },
  { name: "soft day", limit: 1, per: "day", onExceed: "warn" },
  { name: "request", limit: 1, per: "request" },
  { name: "soft request", limit: "0.5", per: "request", onExceed: "warn" },
];

describe("a call that fits", () => {
  test("is held as it was asked for, and told of with its budgets", async () => {
    const { gate, store, told } = openGate(every);
    const answer = await gate.hold(asking("1", usd(0.25), { key: "k", digest: "d" }));
    const purchase = {
      endpointId: "fal-ai/veo3",
      transport: "queue",
      tags,
      key: "k",
      digest: "d",
      estimate: estimate(usd(0.25)),
    };
    const { charges } = (await store.findHold({ id: "1" }))!;
    expect(answer).toEqual({ outcome: "held", purchase: { id: "1", at: noon, amount: usd(0.25), charges, purchase } });
    expect(await store.findHold({ id: "1" })).toMatchObject({ amount: usd(0.25), at: noon, purchase });
    expect(plain(told)).toEqual([{ type: "budget-held", ...facts("1"), amount: "0.25", budgets: ["day", "soft day"] }]);
  });

  test("costs exactly what the scope allows", async () => {
    const { gate } = openGate([]);
    expect(await gate.hold(asking("1", usd(0.25), { maxCost: decimal("0.25") }))).toMatchObject({ outcome: "held" });
  });

  test("joins an open purchase of the same key where that is asked for, and else is a purchase of its own", async () => {
    const { gate, store, told } = openGate([]);
    await gate.hold(asking("1", usd(0.25), { key: "k" }));
    await store.bind("1", "request-1");
    expect(await gate.hold(asking("2", usd(0.25), { key: "k" }))).toMatchObject({ outcome: "held" });
    expect(await gate.hold(asking("3", usd(0.25), { key: "k", joinSince: noon - 1 }))).toMatchObject({
      outcome: "joined",
    });
    expect(told.map((event) => "purchaseId" in event && event.purchaseId)).toEqual(["1", "2"]);
  });
});

describe("a call that does not fit", () => {
  test("is told of with the figures, and nothing is held", async () => {
    const { gate, store, told } = openGate(every);
    await gate.hold(asking("1", usd(0.25)));
    await gate.hold(asking("2", usd(0.25)));
    await store.settle("1", charged(usd(0.25)));
    await expect(gate.hold(asking("3", usd(0.75)))).rejects.toMatchObject({
      name: "BudgetExceededError",
      budget: "day",
    });
    expect(await store.findHold({ id: "3" })).toBeUndefined();
    const refused = told.filter(({ type }) => type === "budget-refused");
    const resetsAt = "2026-11-02T00:00:00.000Z";
    const figures = { budget: "day", limit: "1", spent: "0.25", held: "0.25", requested: "0.75", resetsAt };
    expect(plain(refused)).toEqual([{ type: "budget-refused", ...facts("3"), ...figures }]);
  });

  test.each([
    ["the scope's own cap", "maxCost", [], { maxCost: decimal("0.25") }],
    ["a budget per request", "one", [{ name: "one", limit: "0.25", per: "request" }] as Budget[], {}],
  ])("under %s is refused for good", async (_, budget, budgets, rest) => {
    const { gate, told } = openGate(budgets);
    const refusal = { name: "BudgetExceededError", budget, transient: false, resetsAt: null };
    await expect(gate.hold(asking("1", usd(0.25) + 1n, rest))).rejects.toMatchObject(refusal);
    expect(plain(told)).toMatchObject([{ type: "budget-refused", budget, limit: "0.25", requested: "0.250000001" }]);
  });

  test("under a budget per request that only warns is held and told of, with how far beyond it is", async () => {
    const { gate, told } = openGate([{ name: "soft", limit: "0.5", per: "request", onExceed: "warn" }]);
    expect(await gate.hold(asking("1", usd(0.75)))).toMatchObject({ outcome: "held" });
    const figures = { fraction: 1.5, limit: "0.5", spent: "0", held: "0.75", resetsAt: null };
    expect(plain(told)).toMatchObject([{ type: "budget-warned", at: noon, budget: "soft", ...figures }, {}]);
  });
});

describe("a call without a price", () => {
  const unpriced = new OptionsError("input.num_images", "a number", "many");

  test("is refused by every budget that would have to be kept, and by no other", async () => {
    const { gate, store } = openGate(every);
    const guards = ["day", "request", "maxCost"];
    const refusal = { name: "UnknownPriceError", endpointId: "fal-ai/veo3", budgets: guards };
    await expect(gate.hold(asking("1", null, { maxCost: decimal(1) }))).rejects.toMatchObject(refusal);
    await expect(gate.hold(asking("2", null, { unpriced }))).rejects.toBe(unpriced);
    expect(await store.openHolds({ limit: 10 })).toEqual([]);
  });

  test("passes where no budget would have to be kept, and nothing is told of its amount", async () => {
    const { gate, told } = openGate([{ name: "soft", limit: 1, per: "day", onExceed: "warn" }]);
    expect(await gate.hold(asking("1", null, { unpriced }))).toMatchObject({ purchase: { amount: null } });
    expect(told).toEqual([{ type: "budget-held", ...facts("1"), amount: null, budgets: ["soft"] }]);
  });

  test("is held at what is to be assumed, and the ledger says that it was assumed", async () => {
    const { gate } = openGate(every, { onUnknownPrice: { kind: "assume", amount: decimal("0.25") } });
    const [low, expected, high] = Array.from({ length: 3 }, () => usd(0.25));
    const assumed = { ...estimate(null), low, expected, high, basis: "assumed", source: "onUnknownPrice.assume" };
    const held = await gate.hold(asking("1", null));
    expect(held).toMatchObject({ purchase: { amount: usd(0.25), purchase: { estimate: assumed } } });
    await expect(gate.hold(asking("2", null, { unpriced }))).rejects.toBe(unpriced);
  });
});

describe("a ledger that fails", () => {
  const failure = new StoreError("memory:", "unreachable", "the answer was lost");

  /** Holds the money and loses the answer. */
  function losing(error: Error) {
    const store = createMemoryStore();
    const hold: Store["hold"] = async (request) => {
      await store.hold(request);
      throw error;
    };
    return { ...store, hold };
  }

  test.each([
    ["refuse", (held: Promise<unknown>) => expect(held).rejects.toBe(failure)],
    ["allow", (held: Promise<unknown>) => expect(held).resolves.toEqual({ outcome: "unmetered" })],
  ] as const)("with %j is told of, and what it may have held is given back", async (onStoreFailure, expected) => {
    const { gate, store, told } = openGate(every, { store: losing(failure), onStoreFailure });
    await expected(gate.hold(asking("1", usd(0.25))));
    const { message } = failure;
    expect(told).toEqual([{ type: "store-failed", at: noon, store: "memory:", verb: "hold", message }]);
    const entry = await store.findEntry({ id: "1" });
    expect(entry).toMatchObject({ outcome: "free", actual: 0n, basis: "free", settledAt: noon });
    expect(entry?.note).toMatch(/nothing was sent under it/);
    for (const { held } of await store.counters({ prefix: "", at: noon })) expect(held).toBe(0n);
  });

  test("in a way that no store may is an error of ours, which no policy lets pass", async () => {
    const error = new RangeError("a mistake");
    const { gate, told } = openGate(every, { store: losing(error), onStoreFailure: "allow" });
    await expect(gate.hold(asking("1", usd(0.25)))).rejects.toBe(error);
    expect(told).toEqual([]);
  });
});
