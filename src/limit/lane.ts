import PQueue from "p-queue";
import type { EndpointId } from "../call.ts";
import type { Clock } from "../clock.ts";
import { type AdaptivePace, firstPace, nextPace, type PaceReport } from "./adaptive.ts";
import { createDeadlines } from "./deadlines.ts";
import type { ResolvedLimits } from "./options.ts";
import type { SharedPaces, SharedPermit } from "./shared.ts";
import { createWaitingRoom, type Turn, type WaitingRoom } from "./waiting-room.ts";

/** A job's place among those at work. */
export interface Place {
  /** The request is sent now: the job's time counts from here. Until then the place is kept for its caller. */
  sent(): void;
  /** Gives the place to the next that waits. Leaving twice is leaving once. */
  leave(): void;
}

/** How many jobs are at work at once. */
export interface Lanes {
  /**
   * Waits until every lane that matches the call has a place for it. The place is kept until it is left, or until
   * `limits.jobTimeout` has passed since the request was sent.
   * @throws QueueFullError at once when too many wait; the signal's reason when it aborts first. Neither keeps a place.
   */
  enter(turn: Turn): Promise<Place>;
  /** Tells the lanes of this endpoint how fal took a call; heard only where `limits.adaptive` is set. */
  report(endpointId: EndpointId, report: PaceReport): void;
  /** Calls that wait for a place, or for a start where the room is shared. */
  readonly waiting: number;
  /** Jobs at work. */
  readonly running: number;
}

interface Lane {
  /** Among all processes. */
  readonly name: string;
  readonly matches: (endpointId: EndpointId) => boolean;
  readonly queue: PQueue;
  readonly max: number;
  pace: AdaptivePace | null;
  taken: number;
}

/** The places of a process that dies are given back after this. */
const LEASE_MS = 30_000;

/**
 * Makes the lanes of these limits; with `shared`, over all processes. Share `room` with the rate, so that `maxQueue` counts the calls
 * that wait in both.
 */
export function createLanes(
  resolved: ResolvedLimits,
  clock: Clock,
  room: WaitingRoom = createWaitingRoom(resolved),
  shared: SharedPaces | null = null,
): Lanes {
  const { adaptive, jobTimeoutMs } = resolved;
  const lanes = resolved.paces.flatMap(({ name, concurrency, matches }): Lane[] => {
    if (concurrency === null) return [];
    const pace = adaptive ? firstPace(concurrency) : null;
    const queue = new PQueue({ concurrency: pace?.concurrency ?? concurrency });
    return [{ name: `jobs|${name}`, matches, queue, max: concurrency, pace, taken: 0 }];
  });
  const timeouts = createDeadlines(clock);
  let running = 0;

  function occupy(frees: readonly (() => void)[], permit: SharedPermit | null): Place {
    let left = false;
    let callOff = () => {};
    const leave = () => {
      if (left) return;
      left = true;
      running--;
      callOff();
      for (const free of frees) free();
    };
    running++;
    return {
      sent() {
        if (left) return;
        callOff();
        callOff = timeouts.add(jobTimeoutMs, leave);
        permit?.renewFor(jobTimeoutMs);
      },
      leave,
    };
  }

  return {
    get waiting() {
      return room.waiting;
    },
    get running() {
      timeouts.sweep();
      return running;
    },
    async enter(turn) {
      turn.signal?.throwIfAborted();
      timeouts.sweep();
      const frees: (() => void)[] = [];
      const waits: (() => void)[] = [];
      const mustWait = () => {
        if (waits.length === 0) waits.push(wait(turn));
      };
      try {
        // Always in the same order: two calls can never each hold the place that the other waits for.
        const path = lanes.filter((lane) => lane.matches(turn.endpointId));
        for (const lane of path) {
          if (!hasPlace(lane)) mustWait();
          frees.push(await placeIn(lane, turn));
        }
        const paces = path.map(({ name, max }) => ({
          pace: name,
          count: max,
          leaseMs: Math.min(LEASE_MS, jobTimeoutMs),
        }));
        const permit = (paces.length > 0 && (await shared?.permit(turn, paces, mustWait))) || null;
        if (permit) frees.push(permit.giveBack);
        turn.signal?.throwIfAborted();
        permit?.renewFor(Number.POSITIVE_INFINITY);
        return occupy(frees, permit);
      } catch (error) {
        for (const free of frees) free();
        throw error;
      } finally {
        for (const stopWaiting of waits) stopWaiting();
      }
    },
    report(endpointId, report) {
      for (const lane of lanes) {
        if (!lane.pace || !lane.matches(endpointId)) continue;
        lane.pace = nextPace(lane.pace, report, lane.max);
        lane.queue.concurrency = lane.pace.concurrency;
      }
    },
  };

  function wait(turn: Turn): () => void {
    const leaveRoom = room.admit(turn);
    const stopWatching = timeouts.watch();
    return () => {
      leaveRoom();
      stopWatching();
    };
  }
}

/** The queue's own count lags behind by a tick when a place has just been left. */
function hasPlace({ queue, taken }: Lane): boolean {
  return taken + queue.size < queue.concurrency;
}

function placeIn(lane: Lane, { priority, signal }: Turn): Promise<() => void> {
  return new Promise((resolve, reject) => {
    // The caller's own signal would end the task, and so free its place, while the job is still at work.
    const queued = new AbortController();
    const giveUp = () => queued.abort(signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    const work = () =>
      new Promise<void>((end) => {
        signal?.removeEventListener("abort", giveUp);
        lane.taken++;
        resolve(() => {
          lane.taken--;
          end();
        });
      });
    lane.queue.add(work, { priority, signal: queued.signal }).catch(reject);
  });
}
