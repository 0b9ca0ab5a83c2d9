/** MeterOptions → resolved options. Every default stands here, and the modes are presets over the same options. */
import { type Budget, type BudgetRule, resolveBudgets } from "./budget/budget.ts";
import type { StoreFailurePolicy, UnknownPricePolicy } from "./budget/hold.ts";
import { createWindows, validWeekStart, type WeekStart } from "./budget/window.ts";
import { validZone } from "./budget/zone.ts";
import { type CacheOptions, type ResolvedCache, resolveCache } from "./cache/options.ts";
import type { Scope, Tags } from "./call.ts";
import { type Clock, type Duration, milliseconds, systemClock } from "./clock.ts";
import { OptionsError, onlyKeys } from "./errors.ts";
import type { MeterEvent } from "./events.ts";
import { type Limits, type ResolvedLimits, resolveLimits } from "./limit/options.ts";
import { dollars, type MoneyInput } from "./money.ts";
import { type DiscountOptions, type ResolvedDiscounts, resolveDiscounts } from "./price/discount.ts";
import {
  type ContractOptions,
  type PricesOptions,
  type ResolvedPrices,
  resolvePrices,
} from "./price/prices-options.ts";
import { type AlertOptions, type ResolvedAlerts, resolveAlerts } from "./report/alert-options.ts";
import type { Logger } from "./report/log.ts";
import { OLDER_THAN } from "./settle/expiry.ts";
import type { Store } from "./store/store.ts";

export type Mode = "development" | "production" | "enterprise";

export interface MeterOptions {
  /**
   * A preset, which any option given overrides.
   * `"development"`: one call at a time, 10 starts a minute, cache for a day (calls without a seed too), images drafted at
   * 512×512, a line of log for every call, $1 a day unless budgets are given.
   * `"production"`: cache for a day (calls with a seed only), alerts at 50, 80 and 100 %, concurrency that follows fal's answers.
   * `"enterprise"`: production, and a `contract` is required, so that nothing is priced at the public rates by mistake.
   * @default none: meters, and does what the given options say
   */
  mode?: Mode;
  /** Caps on spending. A call must fit under every one that matches it, or it is refused before it is sent. @default none */
  budgets?: readonly Budget[];
  /** Pace: jobs at once, starts in a stretch of time. @default none */
  limits?: Limits;
  /** Keeps answers and gives them again. @default false */
  cache?: false | CacheOptions;
  /** Your own rates, and where other prices come from. @default the bundled rate card and list, nothing asked of fal */
  prices?: PricesOptions;
  /** The monthly volume discount. @default per purchase: 5 % from the 1,000th, 10 % from the 5,001st */
  discounts?: DiscountOptions;
  /** Rates, volume tiers and prepaid credits agreed with fal, before every other price. @default none */
  contract?: ContractOptions;
  /**
   * Where the ledger is: `"memory:"`, `"sqlite:PATH"` (many processes of one machine), `"redis://HOST:PORT"` (many machines),
   * or a `Store`.
   * @default `FAL_METER_STORE`, else `"sqlite:.fal-meter/ledger.db"`; memory, with one warning, where there is no file system or it is read-only
   */
  store?: string | Store;
  /** IANA zone of every hour, day, week and month. @default "UTC" */
  timezone?: string;
  /** @default "monday" */
  weekStart?: WeekStart;
  /** On every call, for allocating costs. At most 10; keys to 64 and values to 256 characters. @default {} */
  tags?: Tags;
  /** What to do when a budget guards a call whose price nobody knows. @default "refuse" */
  onUnknownPrice?: "refuse" | "allow" | { assume: MoneyInput };
  /** What to do when the ledger cannot be written: `"refuse"` the call, or `"allow"` it unmetered. @default "refuse" */
  onStoreFailure?: StoreFailurePolicy;
  /**
   * Realtime connections cannot be billed from outside: `"refuse"` them, or let them through `"unmetered"`.
   * @default "refuse" when any budget is set, else "unmetered"
   */
  realtime?: "refuse" | "unmetered";
  /** A pino-shaped logger. @default none; the console in development */
  logger?: Logger;
  /**
   * Asks fal in the background what became of purchases that are still open, as `reconcile()` does: when the ledger is first
   * opened, and then again and again. One process at a time per store. It keeps no process alive, and `close` ends it.
   * @default `{}` in modes production and enterprise, else `false`
   */
  reconcile?: false | RoundsOptions;
  /** fal key for what the meter itself asks fal: `reconcile`, `settleWebhook`. @default in `createFalClient` the client's own, else `FAL_KEY` */
  credentials?: string | (() => string | undefined);
  /**
   * Has people hear of what matters: budgets that reach a threshold, refuse or will run out, days that left their pattern, 429s, price
   * changes, purchases of unknown fate. Each once, over all processes that share the store. In the background; no call waits for it.
   * @default none
   */
  alerts?: AlertOptions;
  /** Hears every event. What it throws is swallowed. @default none */
  onEvent?: (event: MeterEvent) => void;
  /** The fetch that does the sending. @default the global one, looked up at each call */
  fetch?: typeof fetch;
  /** The time. @default the system's */
  clock?: Clock;
}

export interface RoundsOptions {
  /** From the end of one round to the start of the next: 1 second to 7 days. @default "5m" */
  every?: Duration;
  /** Leaves younger purchases alone: their callers are still waiting for them. @default "10m" */
  olderThan?: Duration;
}

export interface ResolvedOptions {
  rules: readonly BudgetRule[];
  /** As they were written, for the registry in the store. */
  budgets: readonly Budget[];
  limits: ResolvedLimits | null;
  cache: ResolvedCache | null;
  prices: ResolvedPrices;
  discounts: ResolvedDiscounts;
  store: StoreChoice;
  timezone: string;
  weekStart: WeekStart;
  tags: Tags;
  draft: boolean;
  onUnknownPrice: UnknownPricePolicy;
  onStoreFailure: StoreFailurePolicy;
  realtime: "refuse" | "unmetered";
  reconcile: { everyMs: number; olderThanMs: number } | null;
  credentials: () => string | undefined;
  alerts: ResolvedAlerts | null;
  logger: Logger | null;
  onEvent: ((event: MeterEvent) => void) | null;
  fetch: typeof fetch;
  clock: Clock;
}

/** `fallback` is set for the default store only: one that was asked for must be had. */
export type StoreChoice =
  | { kind: "given"; store: Store }
  | { kind: "memory" }
  | { kind: "sqlite"; path: string; fallback: "memory" | "none" }
  | { kind: "redis"; url: string };

const DEFAULT_PATH = ".fal-meter/ledger.db";

const PRESETS: Record<Mode | "none", Partial<MeterOptions> & { draft?: boolean; alertAt?: readonly number[] }> = {
  none: {},
  development: {
    limits: { concurrency: 1, starts: { count: 10, per: "1m" } },
    cache: { ttl: "24h", unseeded: true },
    budgets: [{ limit: 1, per: "day" }],
    draft: true,
  },
  production: { limits: { adaptive: true }, cache: { ttl: "24h" }, reconcile: {}, alertAt: [0.5, 0.8, 1] },
  enterprise: { limits: { adaptive: true }, cache: { ttl: "24h" }, reconcile: {}, alertAt: [0.5, 0.8, 1] },
};

const KNOWN = [
  "mode",
  "budgets",
  "limits",
  "cache",
  "prices",
  "discounts",
  "contract",
  "store",
  "timezone",
  "weekStart",
  "tags",
  "onUnknownPrice",
  "onStoreFailure",
  "realtime",
  "reconcile",
  "credentials",
  "alerts",
  "logger",
  "onEvent",
  "fetch",
  "clock",
] satisfies (keyof MeterOptions)[];

/** @throws OptionsError naming the option, what was wanted and what came */
export function resolveOptions(options: MeterOptions = {}): ResolvedOptions {
  onlyKeys(options, "meter", KNOWN);
  const { mode } = options;
  if (mode !== undefined && !Object.hasOwn(PRESETS, mode))
    throw new OptionsError("mode", '"development", "production" or "enterprise"', mode);
  if (mode === "enterprise" && options.contract === undefined)
    throw new OptionsError("contract", 'given in mode "enterprise"', undefined);
  const preset = PRESETS[mode ?? "none"];
  const budgets = options.budgets ?? preset.budgets ?? [];
  const alerts = options.alerts === undefined ? null : resolveAlerts(options.alerts);
  const rules = resolveBudgets(budgets, alerts?.thresholds ?? preset.alertAt);
  const timezone = validZone(options.timezone ?? "UTC", "timezone");
  const weekStart = validWeekStart(options.weekStart ?? "monday", "weekStart");
  const months = createWindows(timezone, weekStart);
  const prices = resolvePrices(options.prices, options.contract, (at) => months.at("month", at).end ?? at);
  return {
    rules,
    budgets,
    limits: resolveLimits(options.limits ?? preset.limits),
    cache: resolveCache(options.cache ?? preset.cache),
    prices,
    discounts: resolveDiscounts(options.discounts, prices.contractTiers),
    store: storeChoice(options.store),
    timezone,
    weekStart,
    tags: validTags(options.tags ?? {}, "tags"),
    draft: preset.draft ?? false,
    onUnknownPrice: unknownPrice(options.onUnknownPrice ?? "refuse"),
    onStoreFailure: oneOf(options.onStoreFailure ?? "refuse", ["refuse", "allow"], "onStoreFailure"),
    realtime: oneOf(
      options.realtime ?? (rules.length > 0 ? "refuse" : "unmetered"),
      ["refuse", "unmetered"],
      "realtime",
    ),
    reconcile: resolveRounds(options.reconcile ?? preset.reconcile ?? false),
    credentials: validCredentials(options.credentials),
    alerts,
    logger: validLogger(options.logger) ?? (mode === "development" ? consoleLogger : null),
    onEvent: optionalFunction(options.onEvent, "onEvent"),
    fetch:
      optionalFunction(options.fetch, "fetch") ?? ((...args: Parameters<typeof fetch>) => globalThis.fetch(...args)),
    clock: validClock(options.clock),
  };
}

/** Lines for a person at a terminal: what was called, what it cost. Debug lines stay silent. */
const consoleLogger: Logger = {
  debug() {},
  info: (_facts, message) => console.info(`fal-meter: ${message}`),
  warn: (_facts, message) => console.warn(`fal-meter: ${message}`),
  error: (_facts, message) => console.error(`fal-meter: ${message}`),
};

function storeChoice(store: MeterOptions["store"]): StoreChoice {
  const given = store ?? environment("FAL_METER_STORE");
  if (given === undefined || given === "") return { kind: "sqlite", path: DEFAULT_PATH, fallback: "memory" };
  if (typeof given === "object" && given !== null && typeof given.hold === "function")
    return { kind: "given", store: given };
  if (given === "memory:") return { kind: "memory" };
  if (typeof given === "string" && /^sqlite:./s.test(given))
    return { kind: "sqlite", path: given.slice("sqlite:".length), fallback: "none" };
  if (typeof given === "string" && /^rediss?:\/\/./s.test(given)) return { kind: "redis", url: given };
  throw new OptionsError("store", '"memory:", "sqlite:PATH", "redis://HOST:PORT" or a Store', withoutAddress(given));
}

/** An address may hold a password, which no error may show: a misspelt one, or one inside of an object, too. */
export function withoutAddress(store: unknown): unknown {
  if (typeof store === "string") return store.replace(/^([a-z0-9+.-]*:?).*$/is, "$1…");
  return typeof store === "object" && store !== null ? "an object that is no Store" : store;
}

/** Reads the environment where there is one. */
export function environment(name: string): string | undefined {
  return typeof process === "undefined" ? undefined : process.env?.[name];
}

const MOST_TAGS = 10;
const LONGEST_TAG_NAME = 64;
const LONGEST_TAG_VALUE = 256;

function validTags(tags: Tags, option: string): Tags {
  if (typeof tags !== "object" || tags === null || Array.isArray(tags))
    throw new OptionsError(option, 'an object such as { customer: "acme" }', tags);
  const entries = Object.entries(tags);
  if (entries.length > MOST_TAGS) throw new OptionsError(option, `at most ${MOST_TAGS} tags`, entries.length);
  for (const [name, value] of entries) {
    if (name === "" || name.length > LONGEST_TAG_NAME)
      throw new OptionsError(option, `named with 1 to ${LONGEST_TAG_NAME} characters`, name);
    if (typeof value !== "string" || value.length > LONGEST_TAG_VALUE) {
      throw new OptionsError(`${option}.${name}`, `a string of at most ${LONGEST_TAG_VALUE} characters`, value);
    }
  }
  return Object.freeze({ ...tags });
}

const SCOPE_KEYS = ["tags", "priority", "maxCost", "cache", "draft"];

/** @throws OptionsError naming `scope.…` */
export function resolveScope(scope: Scope): Scope {
  onlyKeys(scope, "scope", SCOPE_KEYS);
  if (scope.tags !== undefined) validTags(scope.tags, "scope.tags");
  if (scope.priority !== undefined && !Number.isFinite(scope.priority))
    throw new OptionsError("scope.priority", "a number", scope.priority);
  if (scope.maxCost !== undefined) dollars(scope.maxCost, "scope.maxCost");
  if (scope.cache !== undefined && scope.cache !== false && scope.cache !== "refresh")
    throw new OptionsError("scope.cache", 'false or "refresh"', scope.cache);
  if (scope.draft !== undefined && typeof scope.draft !== "boolean")
    throw new OptionsError("scope.draft", "true or false", scope.draft);
  return scope;
}

/** The inner scope wins; tags are merged, the inner ones last. */
export function mergeScopes(outer: Scope, inner: Scope): Scope {
  const merged = { ...outer, ...inner };
  if (outer.tags && inner.tags) merged.tags = validTags({ ...outer.tags, ...inner.tags }, "scope.tags");
  return merged;
}

const MOST_OFTEN_MS = 1_000;
const LEAST_OFTEN_MS = 7 * 86_400_000;

function resolveRounds(rounds: false | RoundsOptions): ResolvedOptions["reconcile"] {
  if (rounds === false) return null;
  onlyKeys(rounds, "reconcile", ["every", "olderThan"]);
  const { every = "5m", olderThan = OLDER_THAN } = rounds;
  const everyMs = milliseconds(every, "reconcile.every");
  if (everyMs < MOST_OFTEN_MS || everyMs > LEAST_OFTEN_MS)
    throw new OptionsError("reconcile.every", 'between "1s" and "7d"', every);
  return { everyMs, olderThanMs: milliseconds(olderThan, "reconcile.olderThan") };
}

/** A function is asked each time, as the fal client does. */
function validCredentials(given: MeterOptions["credentials"]): () => string | undefined {
  if (given !== undefined && typeof given !== "string" && typeof given !== "function") {
    throw new OptionsError("credentials", "a fal key, or a function that gives one", typeof given);
  }
  return () => (typeof given === "function" ? given() : given) ?? environment("FAL_KEY");
}

function unknownPrice(policy: NonNullable<MeterOptions["onUnknownPrice"]>): UnknownPricePolicy {
  if (policy === "refuse" || policy === "allow") return { kind: policy };
  if (typeof policy === "object" && policy !== null && "assume" in policy) {
    return { kind: "assume", amount: dollars(policy.assume, "onUnknownPrice.assume") };
  }
  throw new OptionsError("onUnknownPrice", '"refuse", "allow" or { assume: "0.50" }', policy);
}

function oneOf<T extends string>(value: T, allowed: readonly T[], option: string): T {
  if (!allowed.includes(value)) throw new OptionsError(option, allowed.map((each) => `"${each}"`).join(" or "), value);
  return value;
}

function optionalFunction<T>(value: T | undefined, option: string): T | null {
  if (value === undefined) return null;
  if (typeof value !== "function") throw new OptionsError(option, "a function", value);
  return value;
}

function validLogger(logger: Logger | undefined): Logger | null {
  if (logger === undefined) return null;
  const levels = ["debug", "info", "warn", "error"] as const;
  const shaped =
    typeof logger === "object" && logger !== null && levels.every((level) => typeof logger[level] === "function");
  if (!shaped) throw new OptionsError("logger", "pino-shaped: debug, info, warn and error", typeof logger);
  return logger;
}

function validClock(clock: Clock | undefined): Clock {
  if (clock === undefined) return systemClock;
  if (typeof clock?.now !== "function" || typeof clock.sleep !== "function")
    throw new OptionsError("clock", "{ now(), sleep(ms, signal) }", typeof clock);
  return clock;
}
