import fc from "fast-check";
import { expect, test } from "vitest";
import { QueueFullError } from "../../src/errors.ts";
import { createLanes, type Place } from "../../src/limit/lane.ts";
import type { Limits } from "../../src/limit/options.ts";
import { limitsOf } from "./limits-of.ts";
import { createVirtualClock, settled } from "./virtual-clock.ts";

const FLUX = "fal-ai/flux/dev";
const VEO = "fal-ai/veo3";

function lanesOf(limits: Limits) {
  const clock = createVirtualClock();
  const lanes = createLanes(limitsOf(limits), clock);
  const order: string[] = [];
  const enter = (name: string, endpointId = FLUX, priority = 0, signal?: AbortSignal) =>
    lanes.enter({ endpointId, priority, ...(signal && { signal }) }).then((place) => {
      order.push(name);
      place.sent();
      return place;
    });
  return { clock, lanes, order, enter };
}

test("no more jobs are at work than the concurrency allows, and a place left is taken by the next", async () => {
  const { lanes, order, enter } = lanesOf({ concurrency: 2 });
  const first = await enter("first");
  await enter("second");
  const third = enter("third");
  await settled();
  expect(order).toEqual(["first", "second"]);
  expect([lanes.running, lanes.waiting]).toEqual([2, 1]);
  first.leave();
  await third;
  expect([lanes.running, lanes.waiting]).toEqual([2, 0]);
});

test("leaving twice frees one place", async () => {
  const { lanes, enter } = lanesOf({ concurrency: 1 });
  const first = await enter("first");
  const waiting = [enter("second"), enter("third")];
  first.leave();
  first.leave();
  await waiting[0];
  await settled();
  expect([lanes.running, lanes.waiting]).toEqual([1, 1]);
});

test("higher priorities go first and equals in the order in which they came", async () => {
  const { order, enter } = lanesOf({ concurrency: 1 });
  const place = await enter("running");
  const leaving = [
    ["low", -5],
    ["a", 0],
    ["urgent", 100],
    ["b", 0],
    ["more urgent", 101],
  ] as const;
  const all = leaving.map(([name, priority]) => enter(name, FLUX, priority).then((next) => next.leave()));
  place.leave();
  await Promise.all(all);
  expect(order).toEqual(["running", "more urgent", "urgent", "a", "b", "low"]);
});

test("an endpoint's lane holds back its own calls only", async () => {
  const { order, enter } = lanesOf({ concurrency: 3, endpoints: { "fal-ai/flux*": { concurrency: 1 } } });
  const flux = await enter("flux 1");
  const next = enter("flux 2");
  await enter("veo 1", VEO);
  await enter("veo 2", VEO);
  await settled();
  expect(order).toEqual(["flux 1", "veo 1", "veo 2"]);
  flux.leave();
  await next;
});

test("the lane of all calls holds for endpoints with a lane of their own", async () => {
  const { order, enter } = lanesOf({ concurrency: 1, endpoints: { "fal-ai/flux*": { concurrency: 5 } } });
  await enter("veo", VEO);
  void enter("flux");
  await settled();
  expect(order).toEqual(["veo"]);
});

test("an abort while queued rejects with the signal's reason and takes no place", async () => {
  const { lanes, enter } = lanesOf({ concurrency: 1, endpoints: { "fal-ai/flux*": { concurrency: 1 } } });
  const veo = await enter("veo", VEO);
  const caller = new AbortController();
  // It holds the place in its endpoint's lane and waits for one in the lane of all calls.
  const aborted = enter("flux", FLUX, 0, caller.signal);
  await settled();
  const reason = new Error("no longer wanted");
  caller.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  expect([lanes.running, lanes.waiting]).toEqual([1, 0]);
  veo.leave();
  await enter("flux again");
});

test("a signal that was aborted before is refused at once", async () => {
  const { lanes, enter } = lanesOf({ concurrency: 1 });
  const reason = new Error("never wanted");
  await expect(enter("never", FLUX, 0, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(lanes.running).toBe(0);
});

test("an abort while at work keeps the place, for the job is still at work", async () => {
  const { lanes, order, enter } = lanesOf({ concurrency: 1 });
  const caller = new AbortController();
  const place = await enter("first", FLUX, 0, caller.signal);
  const second = enter("second");
  caller.abort();
  await settled();
  expect(order).toEqual(["first"]);
  expect(lanes.running).toBe(1);
  place.leave();
  await second;
});

test("one more than may wait is refused at once, and leaves the lanes it had entered", async () => {
  const { enter } = lanesOf({ concurrency: 1, maxQueue: 1, endpoints: { "fal-ai/veo*": { concurrency: 1 } } });
  const first = await enter("first");
  const second = enter("second");
  const refused = enter("third", VEO);
  await expect(refused).rejects.toThrow(QueueFullError);
  await expect(refused).rejects.toMatchObject({ endpointId: VEO, waiting: 1, maxQueue: 1 });
  first.leave();
  (await second).leave();
  await enter("veo's own lane is free", VEO);
});

test("an endpoint's own bound on waiting leaves the others alone", async () => {
  const { lanes, enter } = lanesOf({ concurrency: 1, endpoints: { "fal-ai/flux*": { maxQueue: 0 } } });
  await enter("first", VEO);
  await expect(enter("flux")).rejects.toMatchObject({ waiting: 0, maxQueue: 0 });
  void enter("veo", VEO);
  await settled();
  expect(lanes.waiting).toBe(1);
});

test("a job whose end is never seen gives its place back after the stated time, and not before", async () => {
  const { clock, lanes, order, enter } = lanesOf({ concurrency: 1, jobTimeout: "10m" });
  const lost = await enter("lost");
  const next = enter("next");
  clock.advance(599_999);
  await settled();
  expect(order).toEqual(["lost"]);
  clock.advance(1);
  await next;
  lost.leave();
  expect(lanes.running).toBe(1);
});

test("a place is kept while its call waits to be sent, and its time counts from the sending", async () => {
  const { clock, lanes, order, enter } = lanesOf({ concurrency: 1, jobTimeout: "1m" });
  const place = await lanes.enter({ endpointId: FLUX, priority: 0 });
  const next = enter("next");
  clock.advance(3_600_000);
  await settled();
  place.sent();
  clock.advance(59_999);
  await settled();
  expect(order).toEqual([]);
  clock.advance(1);
  await next;
  expect(order).toEqual(["next"]);
});

test("a place that timed out while nobody waited is free for the next call", async () => {
  const { clock, lanes, enter } = lanesOf({ concurrency: 1, maxQueue: 0, jobTimeout: "1m" });
  await enter("lost");
  clock.advance(60_000);
  expect(lanes.running).toBe(0);
  await enter("next");
});

test("no timer runs while nobody waits, so that a process with nothing left to do can end", async () => {
  const { clock, enter } = lanesOf({ concurrency: 1 });
  const first = await enter("first");
  await settled();
  expect(clock.sleeping).toBe(0);
  const second = enter("second");
  await settled();
  expect(clock.sleeping).toBe(1);
  first.leave();
  await second;
  expect(clock.sleeping).toBe(0);
});

test("a clock set back an hour does not keep a lost job's place for longer than its timeout", async () => {
  const { clock, enter } = lanesOf({ concurrency: 1, jobTimeout: "1m" });
  await enter("lost");
  clock.advance(-3_600_000);
  const next = enter("next");
  clock.advance(60_000);
  await settled();
  clock.advance(60_000);
  await next;
});

test("a call that must wait is told how many do", async () => {
  const { lanes } = lanesOf({ concurrency: 1 });
  const told: number[] = [];
  const onWait = (waiting: number) => told.push(waiting);
  const first = await lanes.enter({ endpointId: FLUX, priority: 0, onWait });
  const rest = [1, 2].map(() => lanes.enter({ endpointId: FLUX, priority: 0, onWait }).then((place) => place.leave()));
  first.leave();
  await Promise.all(rest);
  expect(told).toEqual([1, 2]);
});

test("an adaptive lane widens with successes and narrows on a 429", async () => {
  const { lanes, order, enter } = lanesOf({ adaptive: true });
  const places = ["1", "2", "3", "4"].map((name) => enter(name));
  await settled();
  expect(order).toEqual(["1", "2"]);
  lanes.report(FLUX, "ok");
  lanes.report(FLUX, "ok");
  await settled();
  expect(order).toEqual(["1", "2", "3"]);
  lanes.report(FLUX, "limited");
  (await places[0])?.leave();
  (await places[1])?.leave();
  await settled();
  expect(order).toEqual(["1", "2", "3"]);
  (await places[2])?.leave();
  await places[3];
});

test("reports change nothing where the lane is not adaptive", async () => {
  const { lanes, order, enter } = lanesOf({ concurrency: 2 });
  lanes.report(FLUX, "limited");
  await enter("1");
  await enter("2");
  expect(order).toEqual(["1", "2"]);
});

test("whatever comes, leaves and gives up, every lane keeps its bound and all places come back", async () => {
  const step = fc.record({
    act: fc.constantFrom("enter", "enter", "leave", "abort", "settle"),
    endpoint: fc.constantFrom(FLUX, VEO, "fal-ai/flux-pro"),
    priority: fc.integer({ min: -3, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { lanes } = lanesOf({
        concurrency: 3,
        endpoints: { "fal-ai/flux*": { concurrency: 2 }, "*flux-pro": { concurrency: 1 } },
      });
      const atWork: { endpoint: string; place: Place }[] = [];
      const waiting: AbortController[] = [];
      const ends: Promise<unknown>[] = [];
      for (const { act, endpoint, priority } of steps) {
        if (act === "settle") await settled();
        if (act === "leave") atWork.shift()?.place.leave();
        if (act === "abort") waiting.shift()?.abort();
        if (act === "enter") {
          const caller = new AbortController();
          waiting.push(caller);
          const entered = lanes.enter({ endpointId: endpoint, priority, signal: caller.signal });
          ends.push(
            entered.then(
              (place) => atWork.push({ endpoint, place }),
              () => {},
            ),
          );
        }
        const flux = atWork.filter((job) => job.endpoint.startsWith("fal-ai/flux"));
        expect(atWork.length).toBeLessThanOrEqual(3);
        expect(flux.length).toBeLessThanOrEqual(2);
        expect(flux.filter((job) => job.endpoint === "fal-ai/flux-pro").length).toBeLessThanOrEqual(1);
      }
      let done = false;
      void Promise.all(ends).then(() => {
        done = true;
      });
      while (!done) {
        atWork.shift()?.place.leave();
        await settled();
      }
      for (const { place } of atWork) place.leave();
      expect([lanes.running, lanes.waiting]).toEqual([0, 0]);
    }),
    { numRuns: 60 },
  );
});
