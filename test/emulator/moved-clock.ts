import type { Clock } from "../../src/clock.ts";

/** A clock that stands still until it is moved; sleepers wake in the order of their time. */
export class MovedClock implements Clock {
  #now: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(now = Date.UTC(2026, 3, 1)) {
    this.#now = now;
  }

  /** How many are asleep. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Moves on by `ms`, and lets what was woken do its next step. */
  async move(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#sleepers.sort((left, right) => left.at - right.at)[0];
      if (!next || next.at > until) break;
      this.#sleepers.shift();
      this.#now = next.at;
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = until;
  }
}
