import fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { QueueFullError } from "../../src/errors.ts";
import { createLanes } from "../../src/limit/lane.ts";
import type { Limits } from "../../src/limit/options.ts";
import { createRate } from "../../src/limit/rate.ts";
import { createWaitingRoom } from "../../src/limit/waiting-room.ts";
import { limitsOf } from "./limits-of.ts";
import { createVirtualClock, drained, settled, until } from "./virtual-clock.ts";

const FLUX = "fal-ai/flux/dev";
const VEO = "fal-ai/veo3";

interface Sent {
  name: string;
  endpointId: string;
  at: number;
}

function rateOf(limits: Limits, clock = createVirtualClock()) {
  const rate = createRate(limitsOf(limits), clock);
  const sent: Sent[] = [];
  const start = (name: string, endpointId = FLUX, priority = 0, signal?: AbortSignal) =>
    rate.start({ endpointId, priority, ...(signal && { signal }) }, async () => {
      sent.push({ name, endpointId, at: clock.now() });
      return name;
    });
  const names = () => sent.map(({ name }) => name);
  return { clock, rate, sent, names, start };
}

/** The most sends that any stretch of this length holds, wherever it begins. */
function mostWithin(sent: readonly Sent[], lengthMs: number): number {
  const times = sent.map(({ at }) => at).sort((a, b) => a - b);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + lengthMs).length));
}

test("with a real clock, no second holds more than ten of thirty-five sends at ten a second", async () => {
  const rate = createRate(limitsOf({ starts: { count: 10, per: "1s" } }), systemClock);
  const sent: Sent[] = [];
  const calls = Array.from({ length: 35 }, (_, index) =>
    rate.start({ endpointId: FLUX, priority: 0 }, async () => {
      sent.push({ name: String(index), endpointId: FLUX, at: systemClock.now() });
    }),
  );
  await Promise.all(calls);
  expect(sent).toHaveLength(35);
  expect(mostWithin(sent, 1_000)).toBeLessThanOrEqual(10);
});

test("however time passes and whatever answers take, no stretch holds more starts than its pace allows", async () => {
  const pace = fc.record({ count: fc.integer({ min: 1, max: 4 }), per: fc.integer({ min: 20, max: 2_000 }) });
  const call = fc.record({ flux: fc.boolean(), priority: fc.integer({ min: -2, max: 2 }), aborted: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      pace,
      pace,
      fc.array(call, { minLength: 1, maxLength: 16 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 1_500 })),
      async (all, flux, calls, steps) => {
        const { clock, sent, start } = rateOf({ starts: all, endpoints: { "fal-ai/flux*": { starts: flux } } });
        let over = 0;
        const end = () => {
          over++;
        };
        const callers = calls.map((wanted, index) => {
          const caller = new AbortController();
          start(String(index), wanted.flux ? FLUX : VEO, wanted.priority, caller.signal).then(end, end);
          return { caller, ...wanted };
        });
        await settled();
        for (const { caller, aborted } of callers) if (aborted) caller.abort();
        while (over < calls.length) {
          clock.advance(steps.next().value);
          await settled();
        }
        expect(mostWithin(sent, all.per)).toBeLessThanOrEqual(all.count);
        expect(
          mostWithin(
            sent.filter(({ endpointId }) => endpointId === FLUX),
            flux.per,
          ),
        ).toBeLessThanOrEqual(flux.count);
        expect(sent.length).toBeGreaterThanOrEqual(calls.filter(({ aborted }) => !aborted).length);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

test("a start counts from the moment of sending, not from when its turn was asked for", async () => {
  const { clock, sent, start } = rateOf({ starts: { count: 1, per: "1s" } });
  await start("first");
  const second = start("second");
  await drained();
  clock.advance(5_000);
  await second;
  const third = start("third");
  await drained();
  clock.advance(900);
  await drained();
  expect(sent).toHaveLength(2);
  clock.advance(200);
  await third;
});

test("the answer is handed on at once, and a failure as it is", async () => {
  const { rate } = rateOf({ starts: { count: 2, per: "1h" } });
  const turn = { endpointId: FLUX, priority: 0 };
  await expect(rate.start(turn, async () => "answer")).resolves.toBe("answer");
  const failure = new TypeError("fetch failed");
  await expect(rate.start(turn, () => Promise.reject(failure))).rejects.toBe(failure);
});

test("a send that throws counts as a start, for it may have sent", async () => {
  const { clock, rate, names, start } = rateOf({ starts: { count: 1, per: "1s" } });
  const failure = new Error("thrown at once");
  const broken = rate.start({ endpointId: FLUX, priority: 0 }, () => {
    throw failure;
  });
  await expect(broken).rejects.toBe(failure);
  const next = start("next");
  await drained();
  expect(names()).toEqual([]);
  clock.advance(2_000);
  await next;
});

test("higher priorities are sent first and equals in the order in which they came", async () => {
  const { clock, names, start } = rateOf({ starts: { count: 1, per: "1s" } });
  await start("first");
  const rest = [start("low", FLUX, -50), start("a"), start("urgent", FLUX, 70), start("b"), start("most", FLUX, 71)];
  for (let sends = 2; sends <= 6; sends++) {
    clock.advance(2_000);
    await until(() => names().length === sends);
  }
  await Promise.all(rest);
  expect(names()).toEqual(["first", "most", "urgent", "a", "b", "low"]);
});

test("an endpoint's pace holds back its own calls only", async () => {
  const { names, start } = rateOf({ endpoints: { "fal-ai/flux*": { starts: { count: 1, per: "1s" } } } });
  await start("flux 1");
  void start("flux 2");
  await start("veo 1", VEO);
  await start("veo 2", VEO);
  expect(names()).toEqual(["flux 1", "veo 1", "veo 2"]);
});

test("an abort while waiting rejects with the signal's reason, sends nothing and frees the turn for others", async () => {
  const { clock, names, start } = rateOf({ starts: { count: 1, per: "1s" } });
  await start("first");
  const caller = new AbortController();
  const aborted = start("aborted", FLUX, 5, caller.signal);
  const next = start("next");
  await drained();
  const reason = new Error("no longer wanted");
  caller.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  clock.advance(2_000);
  await next;
  expect(names()).toEqual(["first", "next"]);
});

test("an abort gives back the turn it already had in another pace", async () => {
  const { clock, names, start } = rateOf({
    starts: { count: 1, per: "1h" },
    endpoints: { "fal-ai/flux*": { starts: { count: 1, per: "10s" } } },
  });
  await start("veo", VEO);
  const caller = new AbortController();
  const aborted = start("aborted", FLUX, 0, caller.signal);
  await drained();
  caller.abort();
  await expect(aborted).rejects.toThrow();
  const flux = start("flux");
  await drained();
  clock.advance(3_700_000);
  await flux;
  expect(names()).toEqual(["veo", "flux"]);
});

test("calls that come and give up for ever leave nothing behind", async () => {
  const { clock, names, start } = rateOf({ starts: { count: 1, per: "1h" }, maxQueue: 3 });
  await start("first");
  for (let round = 0; round < 50; round++) {
    const caller = new AbortController();
    const aborted = start(String(round), FLUX, 0, caller.signal);
    caller.abort();
    await expect(aborted).rejects.toThrow();
  }
  expect(clock.sleeping).toBe(0);
  const last = start("last");
  clock.advance(4_000_000);
  await last;
  expect(names()).toEqual(["first", "last"]);
});

test("one more than may wait is refused at once and the waiting ones are sent in time", async () => {
  const { clock, names, start } = rateOf({ starts: { count: 1, per: "1s" }, maxQueue: 1 });
  await start("first");
  const second = start("second");
  await expect(start("third")).rejects.toThrow(QueueFullError);
  clock.advance(2_000);
  await second;
  expect(names()).toEqual(["first", "second"]);
});

test("calls that wait for a place and calls that wait for a start count to one bound", async () => {
  const clock = createVirtualClock();
  const limits = limitsOf({
    maxQueue: 2,
    starts: { count: 1, per: "1h" },
    endpoints: { "fal-ai/veo*": { concurrency: 1 } },
  });
  const room = createWaitingRoom(limits);
  const lanes = createLanes(limits, clock, room);
  const rate = createRate(limits, clock, room);
  const flux = { endpointId: FLUX, priority: 0 };
  const veo = { endpointId: VEO, priority: 0 };
  await rate.start(flux, async () => {});
  await lanes.enter(veo);
  void rate.start(flux, async () => {});
  void lanes.enter(veo);
  await drained();
  expect(lanes.waiting).toBe(2);
  await expect(rate.start(flux, async () => {})).rejects.toThrow(QueueFullError);
  await expect(lanes.enter(veo)).rejects.toThrow(QueueFullError);
});

test("after a pause for an endpoint, its paces send nothing until it has passed", async () => {
  const { clock, rate, names, start } = rateOf({ endpoints: { "fal-ai/flux*": { starts: { count: 9, per: "1s" } } } });
  rate.pause(FLUX, 30_000);
  const flux = start("flux");
  await start("veo", VEO);
  clock.advance(29_999);
  await drained();
  expect(names()).toEqual(["veo"]);
  clock.advance(1);
  await flux;
});

test("a pause holds for all calls where they share one pace", async () => {
  const { clock, rate, names, start } = rateOf({ concurrency: 5 });
  rate.pause(FLUX, 1_000);
  const low = start("low", VEO, -1);
  const high = start("high", VEO, 1);
  await drained();
  expect(names()).toEqual([]);
  clock.advance(1_000);
  await Promise.all([low, high]);
  expect(names()).toEqual(["high", "low"]);
});

test("a shorter pause does not end a longer one, and a longer one prolongs it", async () => {
  const { clock, rate, names, start } = rateOf({});
  rate.pause(FLUX, 10_000);
  rate.pause(FLUX, 1_000);
  const call = start("call");
  clock.advance(9_999);
  await drained();
  rate.pause(FLUX, 5_000);
  clock.advance(4_999);
  await drained();
  expect(names()).toEqual([]);
  clock.advance(1);
  await call;
});

test("a pause that comes while a call waits for another pace holds it too", async () => {
  const { clock, rate, names, start } = rateOf({
    endpoints: { "fal-ai/*": { concurrency: 5 }, "*/dev": { starts: { count: 1, per: "1s" } } },
  });
  await start("first");
  const second = start("second");
  await drained();
  rate.pause("fal-ai/other", 60_000);
  clock.advance(2_000);
  await drained();
  expect(names()).toEqual(["first"]);
  clock.advance(58_000);
  await second;
});

test("a paused call that is aborted is not sent", async () => {
  const { clock, rate, names, start } = rateOf({});
  rate.pause(FLUX, 60_000);
  const caller = new AbortController();
  const aborted = start("aborted", FLUX, 0, caller.signal);
  await drained();
  caller.abort();
  await expect(aborted).rejects.toThrow();
  expect(clock.sleeping).toBe(0);
  clock.advance(60_000);
  await drained();
  expect(names()).toEqual([]);
});

test("no timer runs while nobody waits, so that a process with nothing left to do can end", async () => {
  const { clock, rate, start } = rateOf({ starts: { count: 5, per: "1h" } });
  await start("first");
  rate.pause(FLUX, 60_000);
  expect(clock.sleeping).toBe(0);
});
