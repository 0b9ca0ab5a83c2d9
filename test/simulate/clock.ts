import type { Clock } from "../../src/clock.ts";
import type { World } from "./world.ts";

/** A process's own clock: it may be set forward or back, and its sleeps last as long as they should all the same. */
export interface SetClock extends Clock {
  set(byMs: number): void;
}

export function createSetClock(world: World, owner: string, skewMs: number): SetClock {
  let skew = skewMs;
  return {
    now: () => world.nowMs + skew,
    set(byMs) {
      skew = byMs;
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          callOff();
          reject(signal?.reason);
        };
        const wake = () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        };
        const callOff = world.plan({ owner, label: "wakes", afterMs: Math.max(0, ms), happen: wake });
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
  };
}
