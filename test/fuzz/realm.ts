import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Clock } from "../../src/clock.ts";

/** What waits no longer than this is waited for by somebody; what waits longer is a deadline, and never comes here. */
const LONGEST_WAIT_MS = 1_000;

/** Time that stands still, except that whoever waits a little finds it later. */
export class SleepersClock implements Clock {
  #now: number;

  constructor(now = Date.UTC(2026, 10, 11, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms > LONGEST_WAIT_MS) return forEver(signal);
    this.#now += Math.max(1, ms);
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}

function forEver(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
const LONGEST_CASE_MS = Number(process.env.HANG_MS ?? 10_000);

/** The work, or an error where it does not end: a case that waits for ever is one that failed. */
export async function ended<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const never = new Promise<never>((_, reject) => {
    timer = realSetTimeout(() => reject(new Error("It never ended.")), LONGEST_CASE_MS);
  });
  try {
    return await Promise.race([work, never]);
  } finally {
    realClearTimeout(timer);
  }
}

/**
 * For a test file: what is rejected or thrown with nobody to hear it fails the test in which it happens, and the fal client's
 * pauses before it tries again take no time.
 */
export function quickRealm(): void {
  const unheard: unknown[] = [];
  const hear = (error: unknown) => void unheard.push(error);

  beforeAll(() => {
    const quick = (act: (...given: unknown[]) => void, _ms?: number, ...given: unknown[]) =>
      setImmediate(act, ...given);
    globalThis.setTimeout = quick as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((timer: NodeJS.Immediate) => clearImmediate(timer)) as unknown as typeof clearTimeout;
    process.on("unhandledRejection", hear);
    process.on("uncaughtExceptionMonitor", hear);
  });
  afterEach(async () => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(unheard.splice(0)).toEqual([]);
  });
  afterAll(() => {
    globalThis.setTimeout = realSetTimeout;
    globalThis.clearTimeout = realClearTimeout;
    process.off("unhandledRejection", hear);
    process.off("uncaughtExceptionMonitor", hear);
  });
}
