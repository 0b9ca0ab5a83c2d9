import Bottleneck from "bottleneck";
import type { EndpointId } from "../call.ts";
import type { Clock } from "../clock.ts";
import { createDeadlines } from "./deadlines.ts";
import { createLine } from "./line.ts";
import type { ResolvedLimits, ResolvedPace } from "./options.ts";
import type { SharedPace, SharedPaces, SharedPermit } from "./shared.ts";
import { createWaitingRoom, type Turn, type WaitingRoom } from "./waiting-room.ts";

/** When requests may be sent. */
export interface Rate {
  /**
   * Waits until every pace that matches the call allows one more start, then sends. The answer is handed on at once; the
   * start goes on counting for its stretch of time.
   * @throws QueueFullError at once when too many wait; the signal's reason when it aborts before `send` is called.
   */
  start<T>(turn: Turn, send: () => Promise<T>): Promise<T>;
  /** Sends nothing more, for `ms` milliseconds, under the paces that this endpoint has; where it has none, nothing at all. */
  pause(endpointId: EndpointId, ms: number): void;
}

/** The right to send one request under one pace. */
interface Slot {
  /** The request was sent: it counts from now. */
  sent(): void;
  /** Nothing was sent. */
  giveBack(): void;
  /** It may end before a request that is sent now has counted its time. */
  isLate(): boolean;
}

/** How long a process may take from its permit to its sending. The permit of one that dies meanwhile ends so much later. */
const SEND_WITHIN_MS = 15_000;

/**
 * Makes the rate of these limits: no stretch of `starts.per`, wherever it begins, holds more than `starts.count` sends, with `shared`
 * over all processes. Share `room` with the lanes, so that `maxQueue` counts the calls that wait in both.
 */
export function createRate(
  resolved: ResolvedLimits,
  clock: Clock,
  room: WaitingRoom = createWaitingRoom(resolved),
  shared: SharedPaces | null = null,
): Rate {
  const gates = resolved.paces.map((pace) => createGate(pace, clock));
  const everyGate = gates.slice(-1);

  async function take(path: readonly Gate[], turn: Turn, mustWait: () => void): Promise<Slot[]> {
    const slots: Slot[] = [];
    try {
      for (const gate of path) {
        if (!gate.isFree()) mustWait();
        slots.push(await gate.turn(turn));
      }
      const paces = shared ? path.flatMap(({ pace }) => sharedPaceOf(pace)) : [];
      const permit = paces.length > 0 ? await shared?.permit(turn, paces, mustWait) : null;
      if (permit) slots.push(slotOf(permit, path, clock));
      return slots;
    } catch (error) {
      for (const slot of slots) slot.giveBack();
      throw error;
    }
  }

  return {
    async start(turn, send) {
      turn.signal?.throwIfAborted();
      const path = gates.filter((gate) => gate.pace.matches(turn.endpointId));
      const rooms: (() => void)[] = [];
      const mustWait = () => {
        if (rooms.length === 0) rooms.push(room.admit(turn));
      };
      try {
        for (;;) {
          const slots = await take(path, turn, mustWait);
          // From here to `send` nothing is awaited: what is true now is true when the request goes out.
          const mayGo = !path.some((gate) => gate.isPaused()) && !slots.some((slot) => slot.isLate());
          if (!turn.signal?.aborted && mayGo) return sendUnder(slots, send);
          for (const slot of slots) slot.giveBack();
          turn.signal?.throwIfAborted();
        }
      } finally {
        for (const leave of rooms) leave();
      }
    },
    pause(endpointId, ms) {
      const own = gates.filter(({ pace }) => pace.matches(endpointId) && (pace.starts ?? pace.concurrency) !== null);
      for (const gate of own.length > 0 ? own : everyGate) gate.pause(ms);
    },
  };
}

function sendUnder<T>(slots: readonly Slot[], send: () => Promise<T>): Promise<T> {
  try {
    return send();
  } finally {
    // A send that threw may have sent.
    for (const slot of slots) slot.sent();
  }
}

function startsName({ name, starts }: ResolvedPace): string {
  return `starts|${name}|${starts?.perMs}`;
}

function sharedPaceOf(pace: ResolvedPace): SharedPace[] {
  const { starts } = pace;
  if (!starts) return [];
  return [{ pace: startsName(pace), count: starts.count, leaseMs: countedMs(starts.perMs) + 2 * SEND_WITHIN_MS }];
}

function slotOf(permit: SharedPermit, path: readonly Gate[], clock: Clock): Slot {
  const counted = new Map(path.map(({ pace }) => [startsName(pace), countedMs(pace.starts?.perMs ?? 0)]));
  return {
    sent: () => permit.endIn((pace) => counted.get(pace) ?? 0),
    giveBack: permit.giveBack,
    isLate: () => clock.now() - permit.takenAt > SEND_WITHIN_MS,
  };
}

interface Gate {
  readonly pace: ResolvedPace;
  /** Whether a call that came now would have its turn without waiting. */
  isFree(): boolean;
  isPaused(): boolean;
  pause(ms: number): void;
  turn(turn: Turn): Promise<Slot>;
}

interface Waiter {
  readonly priority: number;
  readonly go: (slot: Slot) => void;
}

/**
 * Timers fire early by a millisecond and the wire delays one request more than another, so a start counts for a little
 * longer than its stretch.
 */
function countedMs(perMs: number): number {
  return perMs + Math.max(2, Math.min(50, perMs / 20));
}

/**
 * One pace. Strict because Bottleneck runs at most `count` jobs at once and a job here lasts from before its request is
 * sent until the stretch after it has passed. Bottleneck's own reservoir refills at fixed moments and lets almost twice
 * as many through around each. The job does not belong to a call: whoever stands first in line when it starts has its
 * turn, so that priorities are exact and a call that gave up leaves nothing behind.
 */
function createGate(pace: ResolvedPace, clock: Clock): Gate {
  const { starts } = pace;
  const width = starts?.count ?? Number.POSITIVE_INFINITY;
  const jobs = starts ? new Bottleneck({ maxConcurrent: starts.count }) : null;
  const line = createLine<Waiter>();
  const counted = createDeadlines(clock);
  const pauses = createDeadlines(clock);
  let pause: { until: number; callOff: () => void } | null = null;
  let taken = 0;
  let asked = 0;

  function isPaused() {
    pauses.sweep();
    return pause !== null;
  }

  function ask() {
    while (!isPaused() && asked < Math.min(line.length, width)) {
      asked++;
      if (jobs) void jobs.schedule(askOnceMore);
      else void serve();
    }
  }

  function askOnceMore(): Promise<void> {
    const job = serve();
    ask();
    return job;
  }

  /** One job: gives the first in line its turn, and lasts until that turn counts no more. */
  function serve(): Promise<void> {
    asked--;
    const first = isPaused() ? undefined : line.shift();
    if (!first) return Promise.resolve();
    taken++;
    return new Promise((end) => {
      const giveBack = () => {
        taken--;
        end();
      };
      const sent = () => {
        if (starts) counted.add(countedMs(starts.perMs), giveBack);
        else giveBack();
      };
      first.go({ sent, giveBack, isLate: () => false });
    });
  }

  function reopen() {
    pause = null;
    ask();
  }

  return {
    pace,
    isPaused,
    isFree() {
      counted.sweep();
      return !isPaused() && taken + line.length < width;
    },
    pause(ms) {
      const until = clock.now() + ms;
      if (isPaused() && pause && pause.until >= until) return;
      pause?.callOff();
      pause = { until, callOff: pauses.add(ms, reopen) };
    },
    async turn({ priority, signal }) {
      signal?.throwIfAborted();
      counted.sweep();
      const stops = [counted.watch(), pauses.watch()];
      try {
        return await new Promise<Slot>((resolve, reject) => {
          const giveUp = () => {
            line.leave(waiter);
            reject(signal?.reason);
          };
          const go = (slot: Slot) => {
            signal?.removeEventListener("abort", giveUp);
            resolve(slot);
          };
          const waiter = { priority, go };
          signal?.addEventListener("abort", giveUp, { once: true });
          line.join(waiter);
          ask();
        });
      } finally {
        for (const stop of stops) stop();
      }
    },
  };
}
