import type { Budget } from "../../src/budget/budget.ts";
import type { CacheOptions } from "../../src/cache/options.ts";
import type { Limits } from "../../src/limit/options.ts";
import type { Random } from "./random.ts";

/** How one run is set up: drawn from its seed, so that a thousand seeds are a thousand different worlds. */
export interface Scenario {
  processes: number;
  /** No faults, no deaths, right clocks, answers kept for long, and nobody gives up. */
  calm: boolean;
  /** Whether programs use the queue at all, or only calls that are answered at once. */
  queues: boolean;
  budgets: Budget[];
  cache: false | CacheOptions;
  limits: Limits | undefined;
  /** Probability of each fault at each of its chances. */
  rates: Record<string, number>;
  /** Of a process dying, at each step. */
  crashRate: number;
  /** How far the clocks of the processes may be apart. */
  skewMs: number;
}

/** Budgets never cover this endpoint, so that it can always be bought. */
export const unguarded = "fal-ai/minimax/image-01";
export const unknownPrice = "fal-ai/bria/text-to-image/base";

export const JOB_TIMEOUT_MS = 240_000;
export const STARTS_PER_MS = 10_000;

const guarded = ["fal-ai/nano*", "fal-ai/flux*", "fal-ai/kling*", "fal-ai/bria*"];

const budgets: Budget[] = [
  { name: "each", limit: "2", per: "request" },
  { name: "hour", limit: "0.9", per: "hour" },
  { name: "day", limit: "2.5", per: "day" },
  { name: "all", limit: "6", per: "total" },
  { name: "rolling", limit: "0.5", per: { rolling: "10m" } },
  { name: "customer", limit: "0.4", per: "hour", splitBy: "tag:customer" },
  { name: "endpoint", limit: "1.5", per: "week", splitBy: "endpoint" },
  { name: "soft", limit: "0.1", per: "day", onExceed: "warn" },
];

const faults = [
  "store refuses",
  "store answer lost",
  "store delay",
  "connection refused",
  "request lost",
  "reply lost",
  "delay",
  "cut body",
  "malformed JSON",
  "status 429",
  "status 4xx",
  "status 5xx",
  "schema 422",
  "billed 422",
  "billed 500",
  "gateway error",
  "result lies",
  "job fails",
  "no bill",
  "garbage bill",
  "bill above the hold",
];

export function drawScenario(random: Random): Scenario {
  const weather = random.pick(["fair", "mild", "mild", "rough", "stormy"] as const);
  const strength = { fair: 0, mild: 0.02, rough: 0.08, stormy: 0.2 }[weather];
  const rates = Object.fromEntries(
    faults.map((fault) => [fault, random.chance(0.6) ? strength * random.fraction() : 0]),
  );
  const calm = weather === "fair";
  return {
    processes: random.whole(1, 4),
    calm,
    queues: random.chance(0.8),
    budgets: budgets.filter(() => random.chance(0.4)).map((budget) => ({ ...budget, match: { endpoints: guarded } })),
    cache: random.chance(0.3)
      ? false
      : {
          ttl: calm ? "24h" : random.pick(["30s", "10m", "24h"] as const),
          persist: random.chance(0.75),
          unseeded: random.chance(0.2),
        },
    limits: random.chance(0.5) ? undefined : drawLimits(random),
    rates,
    crashRate: calm || random.chance(0.4) ? 0 : 0.02 * random.fraction(),
    skewMs: calm ? 0 : random.pick([0, 0, 2_000, 3_600_000]),
  };
}

function drawLimits(random: Random): Limits {
  const limits: Limits = { concurrency: random.whole(1, 4), jobTimeout: JOB_TIMEOUT_MS };
  if (random.chance(0.3)) limits.starts = { count: random.whole(2, 6), per: STARTS_PER_MS };
  return limits;
}
