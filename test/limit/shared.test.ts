import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../src/errors.ts";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { createLanes, type Place } from "../../src/limit/lane.ts";
import type { Limits } from "../../src/limit/options.ts";
import { createRate } from "../../src/limit/rate.ts";
import { createSharedPaces } from "../../src/limit/shared.ts";
import { createWaitingRoom } from "../../src/limit/waiting-room.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { limitsOf } from "./limits-of.ts";
import { createVirtualClock, drained, settled, until } from "./virtual-clock.ts";

const FLUX = "fal-ai/flux/dev";
const VEO = "fal-ai/veo3";

/** One process among those that share a store. */
function processOf(
  store: Store,
  limits: Limits,
  clock = createVirtualClock(),
  onStoreFailure: "refuse" | "allow" = "refuse",
) {
  const told: MeterEvent[] = [];
  const events = createEvents(() => {});
  events.on("*", (event) => told.push(event));
  const resolved = limitsOf(limits);
  const room = createWaitingRoom(resolved);
  const shared = createSharedPaces({ store, clock, events, onStoreFailure });
  const rate = createRate(resolved, clock, room, shared);
  return { clock, room, rate, shared, told, lanes: createLanes(resolved, clock, room, shared) };
}

async function passing(clock: ReturnType<typeof createVirtualClock>, ms: number, stepMs = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs);
    await settled();
  }
}

test("however time passes in several processes, no stretch holds more starts of all than a pace allows", async () => {
  const pace = fc.record({ count: fc.integer({ min: 1, max: 3 }), per: fc.integer({ min: 20, max: 2_000 }) });
  const call = fc.record({ by: fc.nat(2), flux: fc.boolean(), priority: fc.integer({ min: -1, max: 1 }) });
  await fc.assert(
    fc.asyncProperty(
      pace,
      pace,
      fc.array(call, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 1_500 })),
      async (all, flux, calls, steps) => {
        const [store, clock] = [createMemoryStore(), createVirtualClock()];
        const limits = { starts: all, endpoints: { "fal-ai/flux*": { starts: flux } } };
        const processes = [0, 1, 2].map(() => processOf(store, limits, clock));
        const sent: { endpointId: string; at: number }[] = [];
        for (const { by, flux: isFlux, priority } of calls) {
          const endpointId = isFlux ? FLUX : VEO;
          void processes[by]!.rate.start({ endpointId, priority }, async () => {
            sent.push({ endpointId, at: clock.now() });
          });
        }
        await settled();
        while (sent.length < calls.length) {
          clock.advance(steps.next().value);
          await settled();
        }
        const most = (times: number[], perMs: number) =>
          Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + perMs).length));
        const times = sent.map(({ at }) => at);
        const ofFlux = sent.filter(({ endpointId }) => endpointId === FLUX).map(({ at }) => at);
        expect(most(times, all.per)).toBeLessThanOrEqual(all.count);
        expect(most(ofFlux, flux.per)).toBeLessThanOrEqual(flux.count);
      },
    ),
    { numRuns: 40 },
  );
});

describe("a place", () => {
  test("that one process has is none that another may take, until it is left", async () => {
    const store = createMemoryStore();
    const [one, other] = [processOf(store, { concurrency: 1 }), processOf(store, { concurrency: 1 })];
    const place = await one.lanes.enter({ endpointId: FLUX, priority: 0 });
    let entered: Place | undefined;
    void other.lanes.enter({ endpointId: FLUX, priority: 0 }).then((taken) => {
      entered = taken;
    });
    await settled();
    await passing(other.clock, 2_000);
    expect([entered, other.room.waiting]).toEqual([undefined, 1]);
    place.leave();
    await passing(other.clock, 500);
    expect(entered).toBeDefined();
    expect(other.room.waiting).toBe(0);
  });

  test("of a process that is gone comes back, and one that is at work is kept for as long as it is", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock();
    const [alive, next] = [0, 1].map(() => processOf(store, { concurrency: 2 }, clock));
    await alive!.lanes.enter({ endpointId: FLUX, priority: 0 });
    // A process that is gone renews nothing.
    const dead = { ...store, keep: async () => 0 };
    await processOf(dead, { concurrency: 2 }, clock).lanes.enter({ endpointId: FLUX, priority: 0 });
    const entered: string[] = [];
    for (const name of ["first", "second"])
      void next!.lanes.enter({ endpointId: FLUX, priority: 0 }).then(() => entered.push(name));
    await passing(clock, 29_000, 500);
    expect(entered).toEqual([]);
    await passing(clock, 2_000, 500);
    expect(entered).toEqual(["first"]);
    await passing(clock, 300_000, 2_500);
    expect(entered).toEqual(["first"]);
  });
});

test("of those that wait for the same place the higher priority is first", async () => {
  const store = createMemoryStore();
  const clock = createVirtualClock();
  const [one, other] = [processOf(store, { concurrency: 2 }, clock), processOf(store, { concurrency: 2 }, clock)];
  const places = [await one.lanes.enter({ endpointId: FLUX, priority: 0 })];
  places.push(await one.lanes.enter({ endpointId: FLUX, priority: 0 }));
  const entered: number[] = [];
  for (const priority of [0, 1])
    void other.lanes.enter({ endpointId: FLUX, priority }).then(() => entered.push(priority));
  await settled();
  places[0]!.leave();
  await passing(clock, 1_000);
  expect(entered).toEqual([1]);
  places[1]!.leave();
  await passing(clock, 1_000);
  expect(entered).toEqual([1, 0]);
});

test("one more than may wait is refused where other processes have every place", async () => {
  const store = createMemoryStore();
  const [one, other] = [{ concurrency: 1 }, { concurrency: 1, maxQueue: 0 }].map((limits) => processOf(store, limits));
  await one!.lanes.enter({ endpointId: FLUX, priority: 0 });
  const refused = other!.lanes.enter({ endpointId: FLUX, priority: 0 });
  await expect(refused).rejects.toMatchObject({ name: "QueueFullError", maxQueue: 0 });
  expect([other!.room.waiting, other!.lanes.running]).toEqual([0, 0]);
});

test("a call that gives up while it waits for others' places takes none", async () => {
  const store = createMemoryStore();
  const clock = createVirtualClock();
  const [one, other] = [processOf(store, { concurrency: 1 }, clock), processOf(store, { concurrency: 1 }, clock)];
  const place = await one.lanes.enter({ endpointId: FLUX, priority: 0 });
  const control = new AbortController();
  const waiting = other.lanes.enter({ endpointId: FLUX, priority: 0, signal: control.signal });
  await settled();
  const reason = new RangeError("no longer wanted");
  control.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  place.leave();
  await passing(clock, 1_000);
  expect(other.lanes.running).toBe(0);
  await one.lanes.enter({ endpointId: FLUX, priority: 0 });
});

test("a place is kept for as long as its call waits to be sent, and given up once the sent job has had its time", async () => {
  const clock = createVirtualClock();
  const store = createMemoryStore();
  const [one, other] = [0, 1].map(() => processOf(store, { concurrency: 1, jobTimeout: "1m" }, clock));
  const place = await one!.lanes.enter({ endpointId: FLUX, priority: 0 });
  let entered = false;
  void other!.lanes.enter({ endpointId: FLUX, priority: 0 }).then(() => {
    entered = true;
  });
  await passing(clock, 5 * 60_000);
  place.sent();
  await passing(clock, 55_000);
  expect(entered).toBe(false);
  await passing(clock, 40_000);
  expect(entered).toBe(true);
});

describe("where the store fails", () => {
  const failing = (): Store => ({
    ...createMemoryStore(),
    take: () => Promise.reject(new StoreError("broken:", "unreachable", "it is down")),
  });

  test("a call is refused, and leaves no place behind", async () => {
    const { lanes, rate, told } = processOf(failing(), { concurrency: 1, starts: { count: 1, per: "1s" } });
    for (let tries = 0; tries < 2; tries++) {
      await expect(lanes.enter({ endpointId: FLUX, priority: 0 })).rejects.toMatchObject({ name: "StoreError" });
      const sending = rate.start({ endpointId: FLUX, priority: 0 }, async () => "sent");
      await expect(sending).rejects.toMatchObject({ name: "StoreError" });
    }
    expect(lanes.running).toBe(0);
    expect(told[0]).toMatchObject({ type: "store-failed", verb: "take" });
  });

  test("and the policy allows it, a call goes by the pace of its own process", async () => {
    const limits = { concurrency: 1, starts: { count: 1, per: "1s" } } as const;
    const { lanes, rate, clock } = processOf(failing(), limits, createVirtualClock(), "allow");
    const place = await lanes.enter({ endpointId: FLUX, priority: 0 });
    expect(await rate.start({ endpointId: FLUX, priority: 0 }, async () => "sent")).toBe("sent");
    let second = false;
    void rate.start({ endpointId: FLUX, priority: 0 }, async () => {
      second = true;
    });
    await drained();
    expect(second).toBe(false);
    clock.advance(1_500);
    await until(() => second);
    place.leave();
  });
});
