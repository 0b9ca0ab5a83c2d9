import { type EndpointGlob, type EndpointId, endpointMatcher } from "../call.ts";
import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";

/** A pace: how many jobs at once, how many starts in a stretch of time, how many calls may wait. */
export interface Pace {
  /** Jobs at work at once, over all processes that share the store: 1 to 10,000. A queue job is at work until its end is seen. @default no limit */
  concurrency?: number;
  /**
   * Paid requests sent in a stretch of time: no stretch of `per`, wherever it begins, holds more than `count` (1 to
   * 100,000). Counted over all processes that share the store. @default no limit
   */
  starts?: { count: number; per: Duration };
  /** Calls that may wait for their turn, 0 to 1,000,000; one more is refused with a `QueueFullError`. @default 10_000 */
  maxQueue?: number;
}

/** How fast calls go out. The pace given here is that of all calls together. */
export interface Limits extends Pace {
  /**
   * Follows what fal allows: begins with 2 jobs at once, adds one after every round of successes, and halves on a 429;
   * never above `concurrency`, which is 40 unless given. @default false
   */
  adaptive?: boolean;
  /** After this time a job whose end was never seen gives its place back. @default "10m" */
  jobTimeout?: Duration;
  /** Paces of some endpoints, on top of that of all calls. A call keeps every one that matches it. At most 1,000. */
  endpoints?: Readonly<Record<EndpointGlob, Pace>>;
}

/** A pace, read once, and whose it is. */
export interface ResolvedPace {
  /** The glob whose pace it is. */
  readonly name: EndpointGlob;
  readonly concurrency: number | null;
  readonly starts: { readonly count: number; readonly perMs: number } | null;
  /** `null`: only the bound over all calls holds. */
  readonly maxQueue: number | null;
  matches(endpointId: EndpointId): boolean;
}

export interface ResolvedLimits {
  /** Those of endpoints in the order given, then that of all calls: every call takes its turns in this order. */
  readonly paces: readonly ResolvedPace[];
  readonly adaptive: boolean;
  readonly jobTimeoutMs: number;
}

/** The most jobs that fal runs at once for one account, by its documentation of April 2026. */
const FAL_CONCURRENCY_MAX = 40;
const QUEUE_DEFAULT = 10_000;
const JOB_TIMEOUT_DEFAULT = "10m";
const ENDPOINTS_MAX = 1_000;
const PACE_KEYS = ["concurrency", "starts", "maxQueue"];
const LIMITS_KEYS = [...PACE_KEYS, "adaptive", "jobTimeout", "endpoints"];

/**
 * Reads the limits that a user wrote; `null` where there are none.
 * @throws OptionsError naming the field, such as `limits.starts.per`.
 */
export function resolveLimits(limits: Limits | undefined): ResolvedLimits | null {
  if (limits === undefined) return null;
  onlyKeys(limits, "limits", LIMITS_KEYS);
  const { adaptive = false, jobTimeout = JOB_TIMEOUT_DEFAULT, endpoints = {} } = limits;
  if (typeof adaptive !== "boolean") throw new OptionsError("limits.adaptive", "true or false", adaptive);
  const all = resolvePace("*", limits, "limits");
  return {
    paces: [
      ...resolveEndpoints(endpoints),
      {
        ...all,
        concurrency: all.concurrency ?? (adaptive ? FAL_CONCURRENCY_MAX : null),
        maxQueue: all.maxQueue ?? QUEUE_DEFAULT,
      },
    ],
    adaptive,
    jobTimeoutMs: milliseconds(jobTimeout, "limits.jobTimeout"),
  };
}

function resolveEndpoints(endpoints: Readonly<Record<EndpointGlob, Pace>>): ResolvedPace[] {
  if (typeof endpoints !== "object" || endpoints === null || Array.isArray(endpoints)) {
    throw new OptionsError("limits.endpoints", 'an object such as { "fal-ai/flux*": { concurrency: 2 } }', endpoints);
  }
  const given = Object.entries(endpoints);
  if (given.length > ENDPOINTS_MAX) {
    throw new OptionsError("limits.endpoints", `an object of at most ${ENDPOINTS_MAX} endpoint globs`, given.length);
  }
  return given.map(([glob, pace]) => {
    const option = `limits.endpoints[${JSON.stringify(glob)}]`;
    onlyKeys(pace, option, PACE_KEYS);
    return resolvePace(glob, pace, option);
  });
}

function resolvePace(glob: EndpointGlob, { concurrency, starts, maxQueue }: Pace, option: string): ResolvedPace {
  if (concurrency !== undefined) wholeNumber(concurrency, 1, 10_000, `${option}.concurrency`);
  if (maxQueue !== undefined) wholeNumber(maxQueue, 0, 1_000_000, `${option}.maxQueue`);
  return {
    name: glob,
    concurrency: concurrency ?? null,
    starts: starts === undefined ? null : resolveStarts(starts, `${option}.starts`),
    maxQueue: maxQueue ?? null,
    matches: endpointMatcher(glob),
  };
}

function resolveStarts(starts: { count: number; per: Duration }, option: string) {
  onlyKeys(starts, option, ["count", "per"]);
  wholeNumber(starts.count, 1, 100_000, `${option}.count`);
  return { count: starts.count, perMs: milliseconds(starts.per, `${option}.per`) };
}

function wholeNumber(value: number, least: number, most: number, option: string): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new OptionsError(option, `a whole number from ${least} to ${most}`, value);
  }
}
