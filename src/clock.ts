import { OptionsError } from "./errors.ts";

/** Time as a value handed in. Tests hand in a clock that moves when told. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout turns anything longer into 1 ms; longer sleeps are taken in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    let left = Math.max(0, ms);
    do {
      const piece = Math.min(left, LONGEST_TIMER_MS);
      await pause(piece, signal);
      left -= piece;
    } while (left > 0);
  },
};

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Sleeps, unless the signal ends it, and keeps no process alive that has nothing left to do: the system's own sleep would, the
 * runtime's timeout signals do not. A clock that was handed in decides for itself. Never rejects.
 */
export function idleFor(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (clock !== systemClock) return clock.sleep(ms, signal).catch(() => {});
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const due = AbortSignal.timeout(Math.min(ms, LONGEST_TIMER_MS));
    const wake = () => {
      due.removeEventListener("abort", wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    due.addEventListener("abort", wake);
    signal.addEventListener("abort", wake);
  });
}

/** `"500ms"`, `"30s"`, `"10m"`, `"24h"`, `"7d"`, or a number of milliseconds. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Ten years: a longer duration is a mistake in units. */
const LONGEST_DURATION_MS = 10 * 366 * UNIT_MS.d;

/**
 * Reads a duration into milliseconds.
 * @throws OptionsError naming `option` when it is not a duration, is zero or negative, or is longer than ten years.
 */
export function milliseconds(value: Duration, option: string): number {
  const wanted = 'a duration above zero such as "500ms", "30s", "10m", "24h", "7d" or a number of milliseconds';
  let ms = Number.NaN;
  if (typeof value === "number") ms = value;
  else if (typeof value === "string") {
    const [, count, unit] = DURATION.exec(value) ?? [];
    if (count && unit) ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  if (!(ms > 0 && ms <= LONGEST_DURATION_MS)) throw new OptionsError(option, wanted, value);
  return ms;
}
