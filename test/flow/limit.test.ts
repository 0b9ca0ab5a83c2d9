import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Emulator } from "../../src/emulator/emulator.ts";
import type { Limits, MeterEvent, QueueFullError } from "../../src/index.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import { eventually, failure, image, input, openClient, openEmulator, plain, times } from "./open.ts";

const budgets = [{ limit: 10, per: "day" }] as const;

/** A fal whose work takes until the clock is moved. */
async function openSlow(limits: Limits) {
  const clock = new MovedClock();
  const emulator = await openEmulator({ clock, latencyMs: { run: 10, work: 10 } });
  return { clock, emulator, ...openClient(emulator, { limits, budgets, onUnknownPrice: "allow" }) };
}

function queued(events: readonly MeterEvent[], count: number): Promise<void> {
  return eventually(() => expect(events.filter(({ type }) => type === "call-queued")).toHaveLength(count));
}

function accepted(emulator: Emulator, count: number): Promise<void> {
  return eventually(() => expect(emulator.paidPosts()).toBe(count));
}

/** The endpoints bought, in the order in which they arrived. */
function bought(emulator: Emulator): (string | null)[] {
  return emulator.requests.filter(({ paid }) => paid).map(({ endpointId }) => endpointId);
}

test("at 10 starts a second no second holds more than 10 starts, wherever it begins", async () => {
  const emulator = await openEmulator();
  const limits = { starts: { count: 10, per: "1s" } } as const;
  const { fal, events } = openClient(emulator, { limits, clock: systemClock });
  await Promise.all(times(35, () => fal.run(image, { input })));
  const starts = events.flatMap((event) => (event.type === "call-sent" ? [event.at] : []));
  expect([starts.length, emulator.paidPosts()]).toEqual([35, 35]);
  const crowded = starts.filter((at, index) => (starts[index + 10] ?? Number.POSITIVE_INFINITY) - at < 1_000);
  expect(crowded).toEqual([]);
});

test("starts are counted over run, subscribe and stream together", async () => {
  const clock = new MovedClock();
  const emulator = await openEmulator();
  const { fal, events } = openClient(emulator, { clock, limits: { starts: { count: 2, per: "1m" } } });
  await fal.run(image, { input });
  const { request_id: requestId } = await fal.queue.submit(image, { input });
  const stream = fal.stream(image, { input }).then((started) => started.done());
  await queued(events, 1);
  await fal.queue.result(image, { requestId });
  expect(emulator.paidPosts()).toBe(2);
  await clock.move(61_000);
  await stream;
  expect(emulator.paidPosts()).toBe(3);
});

describe("concurrency", () => {
  test("counts queued jobs until they are completed", async () => {
    const { clock, emulator, fal } = await openSlow({ concurrency: 2 });
    let [atWork, most] = [0, 0];
    const calls = times(6, () =>
      fal.subscribe(image, {
        ...{ input, pollInterval: 5 },
        onEnqueue: () => {
          atWork++;
          most = Math.max(most, atWork);
        },
        onQueueUpdate: ({ status }) => {
          if (status === "COMPLETED") atWork--;
        },
      }),
    );
    for (const round of [1, 2, 3]) {
      await accepted(emulator, round * 2);
      await clock.move(10);
    }
    await Promise.all(calls);
    expect(most).toBe(2);
    expect(emulator.paidPosts()).toBe(6);
  });

  test("of a submit without a webhook is given back when its end is seen", async () => {
    const { clock, emulator, fal, events } = await openSlow({ concurrency: 1 });
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    const second = fal.queue.submit(image, { input });
    await queued(events, 1);
    await fal.queue.status(image, { requestId });
    expect(emulator.paidPosts()).toBe(1);
    await clock.move(10);
    expect(emulator.paidPosts()).toBe(1);
    await fal.queue.status(image, { requestId });
    await second;
    expect(emulator.paidPosts()).toBe(2);
  });

  test("of a submit with a webhook is given back when it is answered", async () => {
    const { emulator, fal } = await openSlow({ concurrency: 1 });
    const webhookUrl = `${emulator.url}/hook`;
    for (let count = 0; count < 3; count++) await fal.queue.submit(image, { input, webhookUrl });
    expect(emulator.paidPosts()).toBe(3);
  });

  test("of a stream is given back when it is aborted", async () => {
    const { clock, emulator, fal, events } = await openSlow({ concurrency: 1 });
    const stream = await fal.stream(image, { input });
    await accepted(emulator, 1);
    const second = fal.run(image, { input });
    await queued(events, 1);
    stream.abort();
    await accepted(emulator, 2);
    await clock.move(10);
    await second;
  });

  test("is given back by a call that fails", async () => {
    const { clock, emulator, fal } = await openSlow({ concurrency: 1 });
    emulator.fault({ times: 1, do: { status: 500 } });
    emulator.fault({ after: 1, times: 1, do: "drop-after-accept" });
    await expect(fal.run(image, { input })).rejects.toMatchObject({ status: 500 });
    const lost = failure(fal.run(image, { input }));
    await accepted(emulator, 1);
    await clock.move(10);
    expect(await lost).toMatchObject({ name: "OutcomeUnknownError" });
    const served = fal.run(image, { input });
    await accepted(emulator, 2);
    await clock.move(10);
    await served;
  });

  test("of some endpoints holds for those only", async () => {
    const { clock, emulator, fal, events } = await openSlow({ endpoints: { "fal-ai/flux-pro/*": { concurrency: 1 } } });
    const calls = [image, image, "fal-ai/nano-banana", "fal-ai/nano-banana"].map((id) => fal.run(id, { input }));
    await accepted(emulator, 3);
    await queued(events, 1);
    await clock.move(10);
    await accepted(emulator, 4);
    await clock.move(10);
    await Promise.all(calls);
  });
});

test("one call more than may wait is refused: it is not sent and holds nothing", async () => {
  const { clock, emulator, fal, meter, events } = await openSlow({ concurrency: 1, maxQueue: 2 });
  const calls = times(3, () => fal.run(image, { input }));
  await queued(events, 2);
  const error = (await failure(fal.run(image, { input }))) as unknown as QueueFullError;
  expect(error).toMatchObject({ name: "QueueFullError", endpointId: image, waiting: 2, maxQueue: 2 });
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.12" }]);
  for (const count of [1, 2, 3]) {
    await accepted(emulator, count);
    await clock.move(10);
  }
  await Promise.all(calls);
  expect(emulator.paidPosts()).toBe(3);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.12", held: "0" }]);
});

test("after a 429 with Retry-After nothing starts before that time has passed", async () => {
  const clock = new MovedClock();
  const emulator = await openEmulator();
  emulator.fault({ times: 1, do: { status: 429, headers: { "retry-after": "60" } } });
  const { fal, events } = openClient(emulator, { clock, limits: { starts: { count: 100, per: "1s" } } });
  const turnedAway = fal.run(image, { input });
  await eventually(() => expect(emulator.requests).toHaveLength(1));
  await eventually(() => expect(events.map(({ type }) => type)).toContain("rate-limited"));
  expect(events.find(({ type }) => type === "rate-limited")).toMatchObject({ retryAfterMs: 60_000 });
  const other = fal.run("fal-ai/nano-banana", { input });
  // The other call, and the client's own retry of the first.
  await queued(events, 2);
  await clock.move(59_999);
  expect(emulator.requests).toHaveLength(1);
  await clock.move(1);
  await Promise.all([turnedAway, other]);
  expect(emulator.paidPosts()).toBe(2);
});

test("among the calls that wait the higher priority goes first, and equals go as they came", async () => {
  const { clock, emulator, fal, events } = await openSlow({ concurrency: 1 });
  const calls = [fal.run("acme/first", { input })];
  await accepted(emulator, 1);
  const turns: [endpointId: string, priority: number][] = [
    ["acme/low-a", -1],
    ["acme/plain-a", 0],
    ["acme/high", 5],
    ["acme/plain-b", 0],
    ["acme/low-b", -1],
  ];
  for (const [index, [endpointId, priority]] of turns.entries()) {
    calls.push(fal.with({ priority }).run(endpointId, { input }));
    await queued(events, index + 1);
  }
  for (const count of times(6, (index) => index + 1)) {
    await accepted(emulator, count);
    await clock.move(10);
  }
  await Promise.all(calls);
  const order = ["first", "high", "plain-a", "plain-b", "low-a", "low-b"].map((name) => `acme/${name}`);
  expect(bought(emulator)).toEqual(order);
});

test("a call aborted while it waits for its start is not sent and holds nothing", async () => {
  const clock = new MovedClock();
  const emulator = await openEmulator();
  const limits = { starts: { count: 1, per: "1h" } } as const;
  const { fal, meter, events } = openClient(emulator, { clock, budgets, limits });
  await fal.run(image, { input });
  const control = new AbortController();
  const waiting = failure(fal.run(image, { input, abortSignal: control.signal }));
  await queued(events, 1);
  expect(plain(await meter.budgets())).toMatchObject([{ held: "0.04" }]);
  const reason = new RangeError("no longer wanted");
  control.abort(reason);
  expect(await waiting).toBe(reason);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
  await clock.move(60 * 60_000);
  expect(emulator.paidPosts()).toBe(1);
});

test("an answer from the cache waits for nobody", async () => {
  const { clock, emulator } = await openSlow({});
  const { fal } = openClient(emulator, { cache: { ttl: "1h" }, limits: { concurrency: 1 } });
  const first = fal.run(image, { input: { ...input, seed: 4 } });
  await accepted(emulator, 1);
  await clock.move(10);
  const { requestId } = await first;
  const busy = fal.run(image, { input });
  await accepted(emulator, 2);
  expect((await fal.run(image, { input: { ...input, seed: 4 } })).requestId).toBe(requestId);
  await clock.move(10);
  await busy;
});

test("a call that waited for half a day is given up: it is not sent and holds nothing", async () => {
  const clock = new MovedClock();
  const emulator = await openEmulator();
  const limits = { starts: { count: 1, per: "13h" } } as const;
  const { fal, meter, events } = openClient(emulator, { clock, budgets, limits });
  await fal.run(image, { input });
  const waiting = failure(fal.run(image, { input }));
  await queued(events, 1);
  await clock.move(14 * 3_600_000);
  expect(await waiting).toMatchObject({ name: "MeterError", message: expect.stringContaining("more than 12 hours") });
  expect(emulator.paidPosts()).toBe(1);
  expect((await meter.spend()).held.toFixed()).toBe("0");
});
