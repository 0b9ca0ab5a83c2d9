import type { Clock } from "../../src/clock.ts";

/** A clock that moves only when told. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms` and wakes whoever slept until then. */
  advance(ms: number): void;
  /** Timers that run. */
  readonly sleeping: number;
}

export function createVirtualClock(start = 1_750_000_000_000): VirtualClock {
  const sleepers = new Set<{ at: number; wake: () => void }>();
  let now = start;
  return {
    now: () => now,
    get sleeping() {
      return sleepers.size;
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", stop);
          resolve();
        };
        const sleeper = { at: now + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
    advance(ms) {
      now += ms;
      for (const sleeper of [...sleepers]) if (sleeper.at <= now) sleeper.wake();
    },
  };
}

/** Lets every promise that is ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Lets every chain of zero-length timers run out. Bottleneck takes one between its steps, at most four for a start; timers
 * of one length fire in the order in which they were set, so a longer chain set later ends later.
 */
export async function drained(): Promise<void> {
  for (let step = 0; step < 12; step++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits for a condition, however long the machine takes. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
