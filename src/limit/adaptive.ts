/** Where a lane that follows fal's answers stands. */
export interface AdaptivePace {
  /** Jobs at once. */
  readonly concurrency: number;
  /** Since the concurrency last changed. */
  readonly successes: number;
}

/** How fal took a call: it went through, or was turned away with a 429. */
export type PaceReport = "ok" | "limited";

/** What fal gives a new account, by its documentation of April 2026. */
const FIRST_CONCURRENCY = 2;

export function firstPace(max: number): AdaptivePace {
  return { concurrency: Math.min(FIRST_CONCURRENCY, max), successes: 0 };
}

/** Adds one job after as many successes as there are jobs at once, never above `max`; halves on a 429, never below one. */
export function nextPace(pace: AdaptivePace, report: PaceReport, max: number): AdaptivePace {
  const { concurrency, successes } = pace;
  if (report === "limited") return { concurrency: Math.max(1, Math.floor(concurrency / 2)), successes: 0 };
  if (concurrency >= max) return { concurrency, successes: 0 };
  if (successes + 1 < concurrency) return { concurrency, successes: successes + 1 };
  return { concurrency: concurrency + 1, successes: 0 };
}
