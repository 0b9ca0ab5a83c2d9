import { type Clock, systemClock } from "../../src/clock.ts";

/** The machine's clock, set forward: processes that are told the same agree on the time to the millisecond. */
export interface AheadClock extends Clock {
  readonly aheadMs: number;
  set(aheadMs: number): void;
}

export function aheadClock(aheadMs = 0): AheadClock {
  let ahead = aheadMs;
  return {
    get aheadMs() {
      return ahead;
    },
    set(ms) {
      ahead = ms;
    },
    now: () => Date.now() + ahead,
    sleep: systemClock.sleep,
  };
}
