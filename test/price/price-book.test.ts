import { describe, expect, it, onTestFinished } from "vitest";
import { createFalClient } from "../../src/client.ts";
import { type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.ts";
import { createMeter } from "../../src/meter.ts";
import type { MeterOptions } from "../../src/options.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";

const priced = { "acme/new": { unit: "images", unitPrice: "0.07" } };
const input = { prompt: "a cat" };

/** What becomes of questions to the pricing API; `undefined` lets them through. */
type Pricing = () => Promise<Response> | undefined;

async function open(options: MeterOptions, emulated: EmulatorOptions = {}, pricing: Pricing = () => undefined) {
  const emulator = await startEmulator(emulated);
  const questions: string[] = [];
  const sending: typeof fetch = (resource, init) => {
    const url = new URL(String(resource instanceof Request ? resource.url : resource));
    if (url.host !== "api.fal.ai") return emulator.fetch(resource, init);
    questions.push(url.searchParams.get("endpoint_id") ?? "");
    return pricing() ?? emulator.fetch(resource, init);
  };
  const meter = createMeter({ store: createMemoryStore(), fetch: sending, ...options });
  onTestFinished(async () => {
    await meter.close();
    await emulator.close();
  });
  return { emulator, meter, questions, fal: createFalClient({ credentials: "test:key", meter }) };
}

const live = { prices: { source: "live" as const, credentials: "id:secret" } };

describe("a meter with live prices", () => {
  it("waits for a price that nobody knows, holds it and settles by it", async () => {
    const { fal, meter, questions } = await open({ ...live, budgets: [{ limit: 1, per: "day" }] }, { prices: priced });
    const { requestId } = await fal.run("acme/new", { input });
    const receipt = (await meter.receipt(requestId))!;
    expect([receipt.actual!.toFixed(), receipt.basis, receipt.estimate.source]).toEqual([
      "0.07",
      "billed-units",
      "fal's pricing API",
    ]);
    await fal.run("acme/new", { input });
    expect(questions).toEqual(["acme/new"]);
  });

  it("does not keep a call waiting whose price is known, though fal does not answer", async () => {
    const { fal, meter, questions } = await open(live, {}, () => new Promise(() => {}));
    const { requestId } = await fal.run("fal-ai/flux/dev", { input });
    expect((await meter.receipt(requestId))!.actual!.toFixed()).toBe("0.025");
    expect(questions).toEqual(["fal-ai/flux/dev"]);
  });

  it("refuses what it cannot hold to a budget where fal does not tell", async () => {
    const { fal, emulator } = await open(
      { ...live, budgets: [{ limit: 1, per: "day" }] },
      {},
      async () => new Response("{}", { status: 401 }),
    );
    await expect(fal.run("acme/new", { input })).rejects.toMatchObject({ name: "UnknownPriceError" });
    expect(emulator.paidPosts()).toBe(0);
  });

  it("asks nothing of anybody unless it is told to", async () => {
    const { fal, meter, questions } = await open({});
    await fal.run("acme/new", { input });
    await meter.estimate("acme/other", {});
    expect(questions).toEqual([]);
  });

  it("estimates by them too", async () => {
    const { meter } = await open(live, { prices: priced });
    expect((await meter.estimate("acme/new", { num_images: 3 })).high!.toFixed()).toBe("0.21");
  });
});

describe("a meter that learns", () => {
  const unsaid = "fal-ai/vidu/q1/text-to-video";

  it("knows the price of what it has bought once, in another process and under a budget too", async () => {
    const store = createMemoryStore();
    const first = await open({ store: reopened(store) });
    expect((await first.meter.estimate(unsaid, input)).basis).toBe("unknown");
    await first.fal.run(unsaid, { input });
    await first.meter.close();
    const { fal, meter } = await open({ store: reopened(store), budgets: [{ limit: 10, per: "day" }] });
    expect((await meter.estimate(unsaid, { prompt: "another" })).basis).toBe("learned");
    await expect(fal.run(unsaid, { input: { prompt: "another" } })).resolves.toBeDefined();
  });

  it("learns from a job that another process settles", async () => {
    const store = createMemoryStore();
    const buyer = await open({ store });
    const { request_id: requestId } = await buyer.fal.queue.submit(unsaid, { input });
    const collector = createMeter({ store: reopened(store), fetch: buyer.emulator.fetch });
    const fal = createFalClient({ credentials: "test:key", meter: collector });
    await fal.queue.result(unsaid, { requestId });
    await collector.close();
    const [own] = (await store.listNotes("learned", Date.now())).filter(({ key }) => key.includes("|"));
    expect(own!.key.startsWith(`${unsaid}|`)).toBe(true);
    expect(own!.key + own!.value).not.toContain("cat");
  });
});

describe("a meter with prepaid credit", () => {
  it("keeps the price of the credit's day until the ledger has spent it", async () => {
    const rates = { "acme/new": { unit: "images", price: "0.02" } };
    const contract = {
      credits: [{ amount: "0.10", boughtAt: Date.now() - 1_000, cycleEnds: Date.now() + 86_400_000, rates }],
    };
    const store = createMemoryStore();
    const { fal, meter } = await open({
      store,
      contract,
      prices: { rates: { "acme/new": { unit: "images", price: "0.05" } } },
    });
    expect((await meter.estimate("acme/new", {})).high!.toFixed()).toBe("0.02");
    await fal.run("acme/new", { input: { ...input, num_images: 5 } });
    const again = createMeter({
      store: reopened(store),
      contract,
      prices: { rates: { "acme/new": { unit: "images", price: "0.05" } } },
    });
    expect((await again.estimate("acme/new", {})).high!.toFixed()).toBe("0.05");
  });
});

/** The same store for a second meter, which leaves it open. */
function reopened(store: Store): Store {
  return { ...store, close: async () => {} };
}
