import { describe, expect, onTestFinished, test } from "vitest";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { decimal } from "../../src/money.ts";
import { createSettler, type SettlerParts } from "../../src/settle/settler.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Entry, EstimateRecord } from "../../src/store/store.ts";
import { estimate, fixed, hour, noon, request, usd } from "../store/samples.ts";

const later = noon + hour;
const nothing = { requestId: null, inferenceSeconds: null };

async function open(rest: Partial<SettlerParts> = {}, known: EstimateRecord = estimate(usd(0.04))) {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  const events = createEvents();
  const told: MeterEvent[] = [];
  events.on("*", (event) => void told.push(event));
  const waits: number[] = [];
  const moved: unknown[] = [];
  const settled: Entry[] = [];
  const clock = { now: () => later, sleep: async (ms: number) => void waits.push(ms) };
  const settler = createSettler({
    store,
    events,
    clock,
    pricesAt: () => ({ unitPrice: { unitPrice: decimal("0.02"), source: "list" }, tiers: [], ordinalCounter: "month" }),
    onCounters: (counters, at) => void moved.push([counters.map(({ counter, spent }) => [counter, spent]), at]),
    onSettled: (entry) => void settled.push(entry),
    ...rest,
  });
  const asked = request("1", {
    amount: known.high,
    charges: [fixed("day", usd(1))],
    purchase: { tags: { customer: "acme" }, estimate: known },
  });
  await store.hold(asked);
  const { amount, charges } = asked;
  const purchase = { id: "1", at: noon, amount, charges, purchase: asked.purchase };
  return { store, settler, told, waits, moved, settled, purchase };
}

const facts = { purchaseId: "1", endpointId: "fal-ai/flux/dev", tags: { customer: "acme" }, at: later };
const units = (text: string) => ({ outcome: "charged", by: "billed-units", units: decimal(text), text }) as const;
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("a verdict", () => {
  test("that charges is posted, told of, and handed on to those who watch budgets and learn from bills", async () => {
    const { store, settler, told, moved, settled, purchase } = await open();
    const evidence = { requestId: "r-1", inferenceSeconds: null, how: "recognised by its input" };
    expect(await settler.conclude(purchase, units("2"), evidence)).toBe(usd(0.04));
    const entry = await store.findEntry({ id: "1" });
    expect(entry).toMatchObject({ outcome: "charged", actual: usd(0.04), requestId: "r-1", settledAt: later });
    expect(entry?.note).toBe("2 units × $0.02 (list); recognised by its input");
    expect(settled).toEqual([entry]);
    expect(moved).toEqual([[[["day", usd(0.04)]], noon]]);
    const figures = { outcome: "charged", requestId: "r-1", estimated: "0.04", actual: "0.04", basis: "billed-units" };
    expect(plain(told)).toEqual([{ ...facts, type: "call-settled", ...figures, overrun: false }]);
  });

  test("that is free, or gives up, is posted too", async () => {
    const free = await open();
    expect(await free.settler.conclude(free.purchase, { outcome: "free", why: "refused" }, nothing)).toBe(0n);
    expect(await free.store.findEntry({ id: "1" })).toMatchObject({ outcome: "free", note: "refused" });
    const given = await open();
    const expired = { outcome: "expired", amount: usd(0.04), why: "unknown, assumed billed" } as const;
    expect(await given.settler.conclude(given.purchase, expired, nothing)).toBe(usd(0.04));
    expect(await given.store.findEntry({ id: "1" })).toMatchObject({ outcome: "expired", basis: "assumed-billed" });
  });

  test("that charges an amount which nobody knows says so, and not zero", async () => {
    const { settler, told, purchase } = await open({}, { ...estimate(null), basis: "unknown" });
    const charged = { outcome: "charged", by: "estimate", why: "no bill in the answer" } as const;
    expect(await settler.conclude(purchase, charged, nothing)).toBeNull();
    expect(told).toMatchObject([{ type: "call-settled", estimated: null, actual: null, overrun: false }]);
  });

  test("that is pending binds the job, that is unknown doubts it, that is undecided changes nothing", async () => {
    const { store, settler, told, purchase } = await open();
    expect(await settler.conclude(purchase, { outcome: "undecided", why: "?" }, nothing)).toBeNull();
    expect(await store.findHold({ id: "1" })).toMatchObject({ state: "held", requestId: null, doubt: null });
    expect(await settler.conclude(purchase, { outcome: "pending", requestId: "r-1" }, nothing)).toBeNull();
    expect(await store.findHold({ id: "1" })).toMatchObject({ state: "pending", requestId: "r-1" });
    expect(await settler.conclude(purchase, { outcome: "unknown", why: "answer lost" }, nothing)).toBeNull();
    expect(await store.findHold({ id: "1" })).toMatchObject({ state: "unknown", doubt: "answer lost" });
    expect(told).toEqual([]);
  });
});

describe("a bill", () => {
  const ranged = { ...estimate(usd(0.04)), low: usd(0.02), high: usd(0.06) };

  test.each([
    ["1", "low", false],
    ["3", "high", false],
    ["0.999", "beneath", true],
    ["3.001", "above", true],
  ])("of %s units (%s) is told of as drift where the estimate did not hold it", async (text, _, drifts) => {
    const { settler, told, purchase } = await open({}, ranged);
    await settler.conclude(purchase, units(text), nothing);
    const drift = told.filter(({ type }) => type === "price-drift");
    const actual = decimal(text).mul("0.02").toFixed();
    const event = { type: "price-drift", at: later, endpointId: "fal-ai/flux/dev", estimated: "0.04", actual };
    expect(plain(drift)).toEqual(drifts ? [{ ...event, basis: "rate-card" }] : []);
    expect(told[0]).toMatchObject({ type: "call-settled", overrun: text === "3.001" });
  });

  test("by fal's billing events drifts as one by its units does; a guess of ours does not", async () => {
    const byEvent = await open({}, ranged);
    const billed = { outcome: "charged", by: "billing-event", amount: decimal("0.07"), units: null } as const;
    await byEvent.settler.conclude(byEvent.purchase, billed, nothing);
    expect(byEvent.told.map(({ type }) => type)).toEqual(["call-settled", "price-drift"]);
    const guessed = await open({}, { ...ranged, expected: usd(0.07) });
    await guessed.settler.conclude(guessed.purchase, { outcome: "charged", by: "estimate", why: "no bill" }, nothing);
    expect(guessed.told.map(({ type }) => type)).toEqual(["call-settled"]);
  });

  test.each(["low", "expected", "high"] as const)("drifts from no estimate without its %s", async (missing) => {
    const { settler, told, purchase } = await open({}, { ...ranged, [missing]: null });
    await settler.conclude(purchase, units("9"), nothing);
    expect(told.map(({ type }) => type)).toEqual(["call-settled"]);
  });

  test.each(["call-settled", "price-drift"] as const)("is told of to whoever hears only %s", async (type) => {
    const events = createEvents();
    const heard: string[] = [];
    events.on(type, (event) => void heard.push(event.type));
    const { settler, purchase } = await open({ events }, ranged);
    await settler.conclude(purchase, units("9"), nothing);
    expect(heard).toEqual([type]);
  });
});

describe("a purchase that was closed before", () => {
  test("stays as it is: its first cost is the answer, and only who asked to know is told", async () => {
    const { settler, told, moved, settled, purchase } = await open();
    await settler.conclude(purchase, units("2"), nothing);
    const closed: Entry[] = [];
    const onClosed = async (entry: Entry) => void closed.push(entry);
    expect(await settler.conclude(purchase, units("1"), { ...nothing, onClosed })).toBe(usd(0.04));
    expect(await settler.conclude(purchase, units("1"), nothing)).toBe(usd(0.04));
    expect(closed).toMatchObject([{ id: "1", actual: usd(0.04) }]);
    expect([told.length, moved.length, settled.length]).toEqual([1, 1, 1]);
  });

  test("and is forgotten costs nobody knows what", async () => {
    const { settler, told, purchase } = await open();
    const onClosed = () => Promise.reject(new Error("nobody is told"));
    expect(await settler.conclude({ ...purchase, id: "never" }, units("1"), { ...nothing, onClosed })).toBeNull();
    expect(told).toEqual([]);
  });
});

describe("a ledger that fails", () => {
  const failing = (failures: number, error: unknown = new Error("busy")) => {
    const store = createMemoryStore();
    let left = failures;
    const fails =
      <Args extends unknown[], T>(verb: (...args: Args) => Promise<T>) =>
      async (...args: Args) => {
        if (left-- > 0) throw error;
        return verb(...args);
      };
    return { ...store, settle: fails(store.settle), bind: fails(store.bind), doubt: fails(store.doubt) };
  };

  test("is tried again, three times and a little later each time", async () => {
    const store = failing(3);
    const { settler, told, waits, purchase } = await open({ store });
    await store.hold(request("1"));
    expect(await settler.conclude(purchase, units("2"), nothing)).toBe(usd(0.04));
    expect(waits).toEqual([10, 50, 250]);
    expect(told.map(({ type }) => type)).toEqual(["call-settled"]);
  });

  test.each([
    ["settle", units("2"), new Error("busy"), "busy"],
    ["bind", { outcome: "pending", requestId: "r-1" }, new Error("gone"), "gone"],
    ["doubt", { outcome: "unknown", why: "?" }, "words", "string"],
  ] as const)("for good is told of, and the hold stays held: %s", async (verb, verdict, error, message) => {
    const store = failing(4, error);
    const { settler, told, moved, waits, purchase } = await open({ store });
    await store.hold(request("1"));
    expect(await settler.conclude(purchase, verdict, nothing)).toBeNull();
    expect(told).toEqual([{ type: "store-failed", at: later, store: "memory:", verb, message }]);
    expect([waits.length, moved]).toEqual([3, []]);
    expect(await store.findHold({ id: "1" })).toMatchObject({ state: "held" });
  });
});
