import { expect, test } from "vitest";
import { Calendar, failure, image, input, newLedger, noon, openClient, openEmulator, plain, times } from "./open.ts";

const budgets = [{ name: "all", limit: 1, per: "day" }] as const;
const hour = 60 * 60_000;

test("what the ledger says is what fal billed, over every door and endpoint", async () => {
  const emulator = await openEmulator();
  const { fal, meter } = openClient(emulator, { store: newLedger() });
  const endpoints = [image, "fal-ai/nano-banana", "fal-ai/flux/schnell", "fal-ai/kokoro/american-english"];
  for (const endpointId of endpoints) {
    const asked = { prompt: "a cat, at some length", image_size: "landscape_16_9", num_images: 2 };
    await Promise.all([
      fal.run(endpointId, { input: asked }),
      fal.subscribe(endpointId, { input: asked, pollInterval: 5 }),
      fal.stream(endpointId, { input: asked }).then((stream) => stream.done()),
    ]);
  }
  const { spent, held, unknown, groups } = await meter.spend({ by: ["endpoint"] });
  expect([spent.toFixed(), held.toFixed(), unknown]).toEqual([emulator.book.total().toFixed(), "0", 0]);
  const billed = emulator.book.byEndpoint();
  expect(groups).toHaveLength(endpoints.length);
  for (const { key, ...group } of groups!) {
    const { calls, amount } = billed.get(key.endpoint!)!;
    expect({ calls: group.calls, spent: group.spent.toFixed() }).toEqual({ calls, spent: amount.toFixed() });
  }
});

test("a bill above what was held is an overrun: it is booked whole, and closes the gate", async () => {
  const emulator = await openEmulator();
  emulator.fault({ times: 1, do: { units: "100" } });
  const { fal, meter, events } = openClient(emulator, { budgets });
  const { requestId } = await fal.run(image, { input });
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "4", held: "0", remaining: "0" }]);
  expect(plain(await meter.receipt(requestId))).toMatchObject({ actual: "4", billableUnits: "100" });
  expect(events.find(({ type }) => type === "call-settled")).toMatchObject({ overrun: true });
  expect(plain(await failure(fal.run(image, { input })))).toMatchObject({ spent: "4", remaining: "0" });
  expect(emulator.paidPosts()).toBe(1);
});

test.for(["abc", "-1", "1e3", null])(
  "a billing header of %j is no bill: the estimate is booked, and says so",
  async (units) => {
    const emulator = await openEmulator();
    emulator.fault({ do: { units } });
    const { fal, meter } = openClient(emulator, { budgets });
    const { requestId } = await fal.run(image, { input });
    expect(plain(await meter.receipt(requestId))).toMatchObject({
      ...{ outcome: "charged", actual: "0.04", basis: "rate-card", billableUnits: null },
    });
  },
);

test("a bill of 0 units is free, and 8.439999999999998 units are what they say", async () => {
  const emulator = await openEmulator();
  const { fal, meter } = openClient(emulator, { budgets });
  emulator.fault({ times: 1, do: { units: "0" } });
  const { requestId: free } = await fal.run(image, { input });
  expect(plain(await meter.receipt(free))).toMatchObject({ outcome: "free", actual: "0" });
  emulator.fault({ times: 1, do: { units: "8.439999999999998" } });
  const { requestId: noisy } = await fal.run(image, { input });
  expect(plain(await meter.receipt(noisy))).toMatchObject({ actual: "0.3376", billableUnits: "8.439999999999998" });
});

test("a result collected twice is paid for once", async () => {
  const emulator = await openEmulator();
  const { fal, meter } = openClient(emulator, { budgets });
  const { request_id: requestId } = await fal.queue.submit(image, { input });
  const results = await Promise.all(times(3, () => fal.queue.result(image, { requestId })));
  await fal.queue.result(image, { requestId });
  expect(results[0]).toEqual(results[1]);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
  expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", calls: 1 });
});

test("a job that one meter submitted is settled by another that collects it", async () => {
  const emulator = await openEmulator();
  const store = newLedger();
  const buyer = openClient(emulator, { store, budgets, tags: { team: "a" } });
  const collector = openClient(emulator, { store, budgets });
  const { request_id: requestId } = await buyer.fal.queue.submit(image, { input });
  await collector.fal.queue.result(image, { requestId });
  for (const { meter } of [buyer, collector]) {
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
    expect(plain(await meter.receipt(requestId))).toMatchObject({ actual: "0.04", tags: { team: "a" } });
  }
});

test("a job that only a webhook is told of is settled by reconcile", async () => {
  const emulator = await openEmulator({ requireKey: true });
  const clock = new Calendar();
  const { fal, meter, events } = openClient(emulator, { budgets, clock });
  const webhookUrl = `${emulator.url}/hook`;
  const { request_id: requestId } = await fal.queue.submit(image, { input, webhookUrl });
  const credentials = "id:secret";
  expect(await meter.reconcile({ credentials })).toMatchObject({ checked: 0, settled: 0, open: 0 });
  clock.set(noon + hour);
  expect(await meter.reconcile({ credentials })).toMatchObject({ checked: 1, settled: 1, open: 0 });
  expect(plain(await meter.receipt(requestId))).toMatchObject({ outcome: "charged", actual: "0.04" });
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
  expect(events.filter(({ type }) => type === "hold-recovered")).toHaveLength(1);
  expect(emulator.paidPosts()).toBe(1);
});

test("a result that fal no longer keeps leaves the money held", async () => {
  const emulator = await openEmulator();
  const { fal, meter } = openClient(emulator, { budgets });
  const { request_id: requestId } = await fal.queue.submit(image, { input });
  emulator.fault({ do: "lose-result" });
  await expect(fal.queue.result(image, { requestId })).rejects.toMatchObject({ status: 404 });
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
});

test("a listener and a logger that throw take nothing from anybody", async () => {
  const emulator = await openEmulator();
  const fail = () => {
    throw new Error("a listener of one's own");
  };
  const logger = { debug: fail, info: fail, warn: fail, error: fail };
  const { fal, meter } = openClient(emulator, { budgets, logger, onEvent: fail, cache: { ttl: "1h" } });
  meter.on("*", async () => fail());
  const first = await fal.run(image, { input: { ...input, seed: 4 } });
  expect(await fal.run(image, { input: { ...input, seed: 4 } })).toEqual(first);
  expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", cached: 1 });
});
