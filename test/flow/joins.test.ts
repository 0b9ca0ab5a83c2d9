import { describe, expect, test } from "vitest";
import type { MeterEvent, MeterOptions } from "../../src/index.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import { eventually, failure, image, input, openClient, openEmulator, plain, times } from "./open.ts";

const seeded = { ...input, seed: 4 };

/** A fal whose work takes until the clock is moved, and a client that keeps what it buys. */
async function openSlow(meter: MeterOptions = {}) {
  const clock = new MovedClock();
  const emulator = await openEmulator({ clock, latencyMs: { run: 10, queue: 10, work: 10 } });
  const budgets = [{ limit: 1, per: "day" }] as const;
  return { clock, emulator, ...openClient(emulator, { cache: { ttl: "1h" }, budgets, ...meter }) };
}

/** Waits until this many calls are under way. */
async function underWay(events: readonly MeterEvent[], count: number, sent = 1): Promise<void> {
  const seen = (type: string) => events.filter((event) => event.type === type).length;
  await eventually(() => expect([seen("call-priced"), seen("call-sent")]).toEqual([count, sent]));
  // What was priced joins in the same turn of the event loop, or the next.
  await new Promise((resolve) => setImmediate(resolve));
}

describe("twenty equal calls under way are one purchase", () => {
  test("by run, with a result of its own for each", async () => {
    const { clock, emulator, fal, meter, events } = await openSlow();
    const calls = times(20, () => fal.run(image, { input: seeded }));
    await underWay(events, 20);
    await eventually(() => expect(emulator.paidPosts()).toBe(1));
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
    await clock.move(10);
    const [first, ...others] = await Promise.all(calls);
    for (const other of others) expect(other).toEqual(first);
    const original = structuredClone(first);
    first!.data.images.length = 0;
    for (const other of others) expect(other).toEqual(original);
    expect(emulator.paidPosts()).toBe(1);
    const saved = { spent: "0.04", saved: "0.76", calls: 1, joined: 19, cached: 0 };
    expect(plain(await meter.spend())).toMatchObject(saved);
    expect(plain(await meter.receipt(first!.requestId))).toMatchObject({ actual: "0.04", saved: "0.76", joined: true });
  });

  test("by submit one after the other, where answers are kept in memory only", async () => {
    const { emulator, fal } = await openSlow({ cache: { ttl: "1h", persist: false } });
    const first = await fal.queue.submit(image, { input: seeded });
    const second = await fal.queue.submit(image, { input: seeded });
    expect(second.request_id).toBe(first.request_id);
    expect(emulator.paidPosts()).toBe(1);
  });

  test("by subscribe, each with the same request id and its own updates", async () => {
    const { clock, emulator, fal, meter } = await openSlow();
    const seen: string[][] = [];
    const calls = times(20, (index) => {
      const states: string[] = [];
      seen[index] = states;
      return fal.subscribe(image, {
        ...{ input: seeded, pollInterval: 5 },
        onEnqueue: (requestId) => void states.push(requestId),
        onQueueUpdate: ({ status }) => void states.push(status),
      });
    });
    await eventually(() => expect(seen.every((states) => states.includes("IN_QUEUE"))).toBe(true));
    await clock.move(10);
    await eventually(() => expect(seen.every((states) => states.includes("IN_PROGRESS"))).toBe(true));
    await clock.move(10);
    const [first, ...others] = await Promise.all(calls);
    for (const other of others) expect(other).toEqual(first);
    for (const states of seen) {
      expect([...new Set(states)]).toEqual([first!.requestId, "IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
    }
    expect(emulator.paidPosts()).toBe(1);
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", held: "0", saved: "0.76", calls: 1, joined: 19 });
  });

  test("but calls that differ, or ask for a purchase of their own, are not among them", async () => {
    const { clock, emulator, fal, events } = await openSlow();
    const calls = [
      fal.run(image, { input: seeded }),
      fal.run(image, { input: { ...seeded, seed: 5 } }),
      fal.with({ cache: false }).run(image, { input: seeded }),
      fal.run(image, { input }),
    ];
    await underWay(events, 4, 4);
    await eventually(() => expect(emulator.paidPosts()).toBe(4));
    await clock.move(10);
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(4);
  });
});

test("a failed leader fails its followers, and is not bought again for them", async () => {
  const { clock, emulator, fal, events } = await openSlow();
  emulator.fault({ do: { delayMs: 10 } });
  emulator.fault({ do: { status: 500 } });
  const calls = times(20, () => failure(fal.run(image, { input: seeded })));
  await underWay(events, 20);
  await eventually(() => expect(emulator.requests).toHaveLength(1));
  await clock.move(10);
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ name: "ApiError", status: 500 });
  expect(emulator.requests).toHaveLength(1);
});

test("a leader whose answer was lost tells its followers so, and nobody sends again", async () => {
  const { clock, emulator, fal, meter, events } = await openSlow();
  emulator.fault({ do: "drop-after-accept" });
  const calls = times(20, () => failure(fal.run(image, { input: seeded })));
  await underWay(events, 20);
  await eventually(() => expect(emulator.paidPosts()).toBe(1));
  await clock.move(10);
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ name: "OutcomeUnknownError" });
  expect(emulator.paidPosts()).toBe(1);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
});

test.for([
  ["follower", 1],
  ["leader", 0],
] as const)("a %s that aborts leaves the others their answer", async ([, leaving]) => {
  const { clock, emulator, fal, events } = await openSlow();
  const controls = times(3, () => new AbortController());
  const calls = controls.map(({ signal }) => fal.run(image, { input: seeded, abortSignal: signal }));
  const left = failure(calls[leaving]!);
  const staying = calls.filter((_, index) => index !== leaving);
  await underWay(events, 3);
  await eventually(() => expect(emulator.paidPosts()).toBe(1));
  controls[leaving]!.abort();
  expect(await left).toMatchObject({ name: "AbortError" });
  await clock.move(10);
  const answers = await Promise.all(staying);
  expect(answers[0]).toEqual(answers[1]);
  expect(emulator.paidPosts()).toBe(1);
});

test("when every caller aborts, the request is aborted and its money stays held", async () => {
  const { emulator, fal, meter, events } = await openSlow();
  const controls = times(3, () => new AbortController());
  const calls = controls.map(({ signal }) => failure(fal.run(image, { input: seeded, abortSignal: signal })));
  await underWay(events, 3);
  await eventually(() => expect(emulator.paidPosts()).toBe(1));
  for (const control of controls) control.abort();
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ name: "AbortError" });
  await eventually(async () => expect(plain(await meter.spend())).toMatchObject({ held: "0.04" }));
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
  expect(emulator.paidPosts()).toBe(1);
});

test("a cancel on a shared ticket lets one caller go; the last one's cancels the job", async () => {
  const { emulator, fal, meter, events } = await openSlow();
  const tickets = await Promise.all(times(3, () => fal.queue.submit(image, { input: seeded })));
  expect(new Set(tickets.map(({ request_id }) => request_id)).size).toBe(1);
  expect(events.filter(({ type }) => type === "call-joined")).toHaveLength(2);
  const requestId = tickets[0]!.request_id;
  const cancels = () => emulator.requests.filter(({ kind }) => kind === "cancel").length;
  await fal.queue.cancel(image, { requestId });
  await fal.queue.cancel(image, { requestId });
  expect(cancels()).toBe(0);
  expect(await fal.queue.status(image, { requestId })).toMatchObject({ status: "IN_QUEUE" });
  await fal.queue.cancel(image, { requestId });
  expect(cancels()).toBe(1);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0" }]);
});

test("a ticket that one caller cancelled still brings the others their result", async () => {
  const { clock, fal, emulator } = await openSlow();
  const tickets = await Promise.all(times(2, () => fal.queue.submit(image, { input: seeded })));
  const requestId = tickets[0]!.request_id;
  await fal.queue.cancel(image, { requestId });
  await clock.move(10);
  await clock.move(10);
  expect((await fal.queue.result(image, { requestId })).data).toMatchObject({ seed: 4 });
  expect(emulator.paidPosts()).toBe(1);
});

test("an equal submit while the job is at work, after the first submit was answered, gets the same ticket", async () => {
  const { clock, fal, emulator } = await openSlow();
  const first = await fal.queue.submit(image, { input: seeded });
  const second = await fal.queue.submit(image, { input: seeded });
  expect(second.request_id).toBe(first.request_id);
  expect(emulator.paidPosts()).toBe(1);
  await clock.move(20);
});

test("callers who all leave while their shared call waits for its turn leave nothing behind", async () => {
  const { clock, emulator, fal, meter, events } = await openSlow({ limits: { concurrency: 1 } });
  const busy = fal.run(image, { input });
  await eventually(() => expect(emulator.paidPosts()).toBe(1));
  const controls = times(3, () => new AbortController());
  const calls = controls.map(({ signal }) => failure(fal.run(image, { input: seeded, abortSignal: signal })));
  await eventually(() => expect(events.map(({ type }) => type)).toContain("call-queued"));
  for (const control of controls) control.abort();
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ name: "AbortError" });
  await eventually(async () => expect(plain(await meter.budgets())).toMatchObject([{ held: "0.04" }]));
  await clock.move(10);
  await busy;
  expect(emulator.paidPosts()).toBe(1);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
});
