import { describe, expect, it, onTestFinished } from "vitest";
import { createFalClient } from "../../src/client.ts";
import { type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.ts";
import type { MeterEvent } from "../../src/events.ts";
import { createMeter, type Meter } from "../../src/meter.ts";
import { batchesOf, billsOf, questionOf } from "../../src/settle/billing-events.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";

const flux = "fal-ai/flux/dev";
const input = { prompt: "a cat", image_size: "square_hd" as const };
const admin = "admin:secret";

async function open(
  options: EmulatorOptions = {},
  sending: (through: typeof fetch) => typeof fetch = (through) => through,
) {
  const emulator = await startEmulator(options);
  const store = createMemoryStore();
  const meter = createMeter({ store, fetch: sending(emulator.fetch) });
  onTestFinished(async () => {
    await meter.close();
    await emulator.close();
  });
  const fal = createFalClient({ credentials: "test:key", meter });
  return { emulator, store, meter, fal, trueUp: () => trueUp(meter) };
}

async function trueUp(meter: Meter, credentials = admin) {
  const { billing, ...rest } = await meter.reconcile({ billing: true, credentials, olderThan: 1 });
  return { ...rest, ...billing! };
}

async function spent(meter: Meter) {
  const { spent: sum, held } = await meter.spend();
  return [sum.toFixed(), held.toFixed()];
}

describe("reconciling with fal's billing", () => {
  it("changes nothing where the ledger agrees, and says so for each endpoint and day", async () => {
    const { fal, meter, emulator, trueUp } = await open();
    await fal.run(flux, { input });
    await fal.subscribe(flux, { input: { ...input, num_images: 3 } });
    const { checked, settled, corrected, missing, failure, differences } = await trueUp();
    expect([checked, settled, corrected, missing, failure]).toEqual([2, 0, 0, 0, null]);
    expect(differences).toMatchObject([{ endpointId: flux, purchases: 2, unbooked: 0 }]);
    expect([differences[0]!.booked, differences[0]!.billed, differences[0]!.difference].map(String)).toEqual([
      "0.1",
      "0.1",
      "0",
    ]);
    expect((await spent(meter))[0]).toBe(emulator.book.total().toFixed());
  });

  it("corrects what was billed at another price, once", async () => {
    const { fal, meter, emulator, trueUp } = await open({
      prices: { [flux]: { unit: "megapixels", unitPrice: "0.04" } },
    });
    const { requestId } = await fal.run(flux, { input });
    expect(await spent(meter)).toEqual(["0.025", "0"]);
    expect(await trueUp()).toMatchObject({ checked: 1, corrected: 1 });
    expect(await spent(meter)).toEqual([emulator.book.total().toFixed(), "0"]);
    expect(await meter.receipt(requestId)).toMatchObject({
      basis: "billing-event",
      billableUnits: "1",
      note: expect.stringContaining("$0.025"),
    });
    expect((await meter.receipt(requestId))!.actual!.toFixed()).toBe("0.04");
    for (let again = 0; again < 3; again++) expect(await trueUp()).toMatchObject({ checked: 1, corrected: 0 });
    expect(await spent(meter)).toEqual(["0.04", "0"]);
  });

  it("corrects downwards as well, and gives a budget its money back", async () => {
    const emulator = await startEmulator({ prices: { [flux]: { unit: "megapixels", unitPrice: "0.01" } } });
    const meter = createMeter({
      store: createMemoryStore(),
      fetch: emulator.fetch,
      budgets: [{ name: "day", limit: 1, per: "day" }],
    });
    onTestFinished(async () => {
      await meter.close();
      await emulator.close();
    });
    await createFalClient({ credentials: "test:key", meter }).run(flux, { input });
    const standing = async () => (await meter.budgets()).map(({ spent: sum }) => sum.toFixed());
    expect(await standing()).toEqual(["0.025"]);
    await trueUp(meter);
    expect(await standing()).toEqual(["0.01"]);
  });

  it("is written once by two processes that find the same difference at the same time", async () => {
    const { fal, meter, emulator, store } = await open({
      prices: { [flux]: { unit: "megapixels", unitPrice: "0.04" } },
    });
    await fal.run(flux, { input });
    const other = createMeter({ store: shared(store), fetch: emulator.fetch });
    await Promise.all([trueUp(meter), trueUp(other)]);
    expect(await spent(meter)).toEqual(["0.04", "0"]);
  });

  it("settles a purchase that nobody collected", async () => {
    const { emulator, store, meter, fal } = await open();
    const { request_id: requestId } = await fal.queue.submit(flux, { input });
    const urls = `https://queue.fal.run/fal-ai/flux/requests/${requestId}`;
    // Another program collects the job, so that fal bills it and this ledger does not hear.
    await emulator.fetch(`${urls}/status`);
    await emulator.fetch(urls);
    expect((await spent(meter))[0]).toBe("0");
    const withoutQueue = createMeter({ store: shared(store), fetch: refusing(emulator.fetch, "queue.fal.run") });
    const heard: MeterEvent[] = [];
    withoutQueue.on("*", (event) => heard.push(event));
    expect(await trueUp(withoutQueue)).toMatchObject({ checked: 1, settled: 1, open: 0, missing: 0 });
    expect(await meter.receipt(requestId)).toMatchObject({
      outcome: "charged",
      basis: "billing-event",
      note: "by fal's billing events",
    });
    expect(await spent(meter)).toEqual(["0.025", "0"]);
    expect(heard.map(({ type }) => type)).toContain("hold-recovered");
  });

  it("takes a missing event for unknown, never for nothing", async () => {
    const { fal, meter, store } = await open({ latencyMs: { queue: 86_000_000 } });
    await fal.queue.submit(flux, { input });
    expect(await trueUp(meter)).toMatchObject({ missing: 1, settled: 0, open: 1, differences: [] });
    expect(await spent(meter)).toEqual(["0", "0.025"]);
    expect((await store.openHolds({ limit: 10 })).length).toBe(1);
  });

  it("gives an amount to purchases of unknown price", async () => {
    const { fal, meter, trueUp } = await open({ headerlessEndpoints: ["acme/*"] });
    const { requestId } = await fal.run("acme/private", { input: { prompt: "a cat" } });
    expect((await meter.receipt(requestId))!.actual).toBeNull();
    const { corrected, differences } = await trueUp();
    expect([corrected, differences[0]!.unbooked, differences[0]!.difference.toFixed()]).toEqual([1, 1, "0.01"]);
    expect((await meter.receipt(requestId))!.actual!.toFixed()).toBe("0.01");
    expect((await trueUp()).corrected).toBe(0);
  });

  it("teaches the estimator what such requests cost", async () => {
    const { fal, meter, trueUp } = await open();
    await fal.run("acme/private", { input: { prompt: "a cat" } });
    expect((await meter.estimate("acme/private", { prompt: "a dog" })).basis).toBe("unknown");
    await trueUp();
    const { expected, high, basis } = await meter.estimate("acme/private", { prompt: "a dog" });
    expect([expected!.toFixed(), high!.toFixed(), basis]).toEqual(["0.01", "0.02", "learned"]);
  });

  it("asks in batches of 50 and reads every page", async () => {
    const asked: URL[] = [];
    const { fal, trueUp } = await open({ pageSize: 20 }, (through) => (resource, init) => {
      const url = new URL(String(resource instanceof Request ? resource.url : resource));
      if (url.pathname.endsWith("billing-events")) asked.push(url);
      return through(resource, init);
    });
    for (let at = 0; at < 55; at++) await fal.run(flux, { input });
    expect(await trueUp()).toMatchObject({ checked: 55, missing: 0, corrected: 0 });
    expect(asked.map(({ searchParams }) => searchParams.get("request_id")!.split(",").length)).toEqual([50, 50, 50, 5]);
  });

  it("says why where the key may not, and leaves the ledger alone", async () => {
    const { fal, meter } = await open({ prices: { [flux]: { unit: "megapixels", unitPrice: "0.04" } } });
    await fal.run(flux, { input });
    expect((await trueUp(meter, "ordinary:key")).failure).toContain("admin key");
    expect(await spent(meter)).toEqual(["0.025", "0"]);
  });

  it.each([
    [{ billing: "yes" }, "reconcile.billing"],
    [{ since: "2026-11-01" }, "reconcile.billing"],
    [{ billing: true, since: "soon" }, "reconcile.since"],
    [{ billing: true, since: "2026-11-02", until: "2026-11-01" }, "reconcile.until"],
  ])("refuses %j by name", async (options, option) => {
    const { meter } = await open();
    await expect(meter.reconcile(options as never)).rejects.toMatchObject({ name: "OptionsError", option });
  });
});

/** Two meters over one store, of which only the first closes it. */
function shared(store: Store): Store {
  return { ...store, close: async () => {} };
}

function refusing(through: typeof fetch, host: string): typeof fetch {
  return async (resource, init) => {
    const url = new URL(String(resource instanceof Request ? resource.url : resource));
    return url.host === host ? new Response("", { status: 503 }) : through(resource, init);
  };
}

describe("billing events", () => {
  const event = { request_id: "a", cost_total: 0.1, output_units: 2 };

  it("of one request are added up, exactly", () => {
    const bills = billsOf([event, { ...event, cost_total: 0.2, output_units: 1 }, { ...event, request_id: "b" }]);
    expect([...bills.values()]).toEqual([
      { requestId: "a", cost: 300_000_000n, units: "3" },
      { requestId: "b", cost: 100_000_000n, units: "2" },
    ]);
  });

  it("without a total are read from their nano-dollars, and without either not at all", () => {
    const rows = [
      { request_id: "a", cost_estimate_nano_usd: 1_234_567 },
      { request_id: "b", cost_total: null },
      { request_id: "", cost_total: 1 },
      null,
      7,
    ];
    expect([...billsOf(rows).values()]).toEqual([{ requestId: "a", cost: 1_234_567n, units: null }]);
  });

  it("may cost nothing, or a billion dollars, by either of their amounts", () => {
    const costOf = (rest: object) => billsOf([{ request_id: "a", ...rest }]).get("a")?.cost;
    expect(costOf({ cost_total: 0 })).toBe(0n);
    expect(costOf({ cost_total: 1e9 })).toBe(10n ** 18n);
    expect(costOf({ cost_total: 1e9 + 1 })).toBeUndefined();
    expect(costOf({ cost_estimate_nano_usd: 1e18 })).toBe(10n ** 18n);
    expect(costOf({ cost_estimate_nano_usd: 1.5 })).toBe(2n);
    expect(costOf({ cost_estimate_nano_usd: 1.1e18 })).toBeUndefined();
    expect(costOf({ cost_total: -1, cost_estimate_nano_usd: 5 })).toBe(5n);
    expect(billsOf([{ request_id: 5, cost_total: 1 }]).size).toBe(0);
  });

  it("of which one says no units have none known, in whatever order", () => {
    const silent = { request_id: "a", cost_total: 0.1 };
    for (const rows of [[event, silent], [silent, event], [silent], [{ ...event, output_units: -1 }]])
      expect(billsOf(rows).get("a")?.units).toBeNull();
    expect(billsOf([{ ...event, output_units: 0 }]).get("a")?.units).toBe("0");
  });

  it("are asked for from an hour before the first purchase to a week after the last, or to an hour from now", () => {
    const [hour, day] = [3_600_000, 86_400_000];
    const noon = Date.UTC(2026, 10, 1, 12);
    const batch = [
      { requestId: "b", at: noon + 2 * day },
      { requestId: "a", at: noon },
    ];
    const iso = (at: number) => new Date(at).toISOString();
    const question = { request_id: "b,a", start: iso(noon - hour), limit: "10000" };
    expect(questionOf(batch, noon + 20 * day)).toEqual({ ...question, end: iso(noon + 9 * day) });
    expect(questionOf(batch, noon + 3 * day)).toEqual({ ...question, end: iso(noon + 3 * day + hour) });
    expect(questionOf(batch, noon - 9 * day)).toEqual({ ...question, end: iso(noon) });
  });

  it("are split where a question would span more than 90 days, the week and the hours about it included", () => {
    const [hour, day] = [3_600_000, 86_400_000];
    const longest = 83 * day - hour;
    const sizes = (...times: number[]) => batchesOf(times.map((at) => ({ at }))).map(({ length }) => length);
    expect(sizes(longest, 0)).toEqual([2]);
    expect(sizes(0, longest + 1)).toEqual([1, 1]);
    expect(sizes(0, longest, longest + 1, 2 * longest + 1)).toEqual([2, 2]);
    expect(sizes()).toEqual([]);
    expect(batchesOf([{ at: 2 }, { at: 1 }])).toEqual([[{ at: 1 }, { at: 2 }]]);
    expect(sizes(...Array.from({ length: 51 }, () => 0))).toEqual([50, 1]);
  });

  it.each(["0.1", -1, Number.NaN, 1e12])("with a total of %s are no bill", (total) => {
    expect(billsOf([{ ...event, cost_total: total }]).size).toBe(0);
  });

  it("are asked for within 90 days, 50 requests at a time", () => {
    const day = 86_400_000;
    const purchases = Array.from({ length: 400 }, (_, at) => ({ requestId: String(at), at: at * day }));
    const batches = batchesOf([
      ...purchases,
      ...Array.from({ length: 60 }, (_, at) => ({ requestId: `x${at}`, at: 500 * day })),
    ]);
    expect(batches.flat().length).toBe(460);
    for (const batch of batches) {
      const { start, end, request_id: ids } = questionOf(batch, 600 * day);
      expect(Date.parse(end!) - Date.parse(start!)).toBeLessThanOrEqual(90 * day);
      expect(ids!.split(",").length).toBeLessThanOrEqual(50);
    }
  });
});
