import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";

/** Which answers are kept, for how long, and in how much room. */
export interface CacheOptions {
  /**
   * How long a bought answer is given again, from the moment its call was sent. At most `"7d"`: fal keeps media for at
   * least seven days and no longer unless asked (fal documentation, April 2026), and an answer whose image is gone is
   * worth nothing. A shorter `X-Fal-Object-Lifecycle-Preference` on the request shortens it.
   */
  ttl: Duration;
  /**
   * Also keep and join calls without a seed. Surprise: two callers who ask for "a cat" then get the same cat.
   * @default false
   */
  unseeded?: boolean | undefined;
  /** Room for answers in this process's memory, in bytes, at least 1024. An answer above a quarter of it is not kept at all. @default 67108864 (64 MiB) */
  maxBytes?: number | undefined;
  /** The most answers in this process's memory, 1 to 1,000,000. @default 1000 */
  maxEntries?: number | undefined;
  /** Keep answers in the store too, for other processes and after a restart; `false` keeps them in this process only. @default true */
  persist?: boolean | undefined;
}

export interface ResolvedCache {
  readonly ttlMs: number;
  readonly unseeded: boolean;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly persist: boolean;
}

/** How long fal keeps generated media at least, unless the account or the request says otherwise (fal documentation, April 2026). */
export const MEDIA_LIFE_MS = 7 * 24 * 60 * 60 * 1000;

const KNOWN = ["ttl", "unseeded", "maxBytes", "maxEntries", "persist"];

/**
 * Reads the `cache` option; `null` is no cache.
 * @throws OptionsError naming the member (`cache.ttl`) and what was wanted.
 */
export function resolveCache(cache: false | CacheOptions | undefined): ResolvedCache | null {
  if (cache === undefined || cache === false) return null;
  if (typeof cache !== "object" || cache === null || Array.isArray(cache)) {
    throw new OptionsError("cache", 'false, or an object such as { ttl: "1h" }', cache);
  }
  onlyKeys(cache, "cache", KNOWN);
  return {
    ttlMs: timeToLive(cache.ttl),
    unseeded: flag(cache.unseeded, false, "cache.unseeded"),
    maxBytes: count(cache.maxBytes, 64 * 1024 * 1024, 1024, Number.MAX_SAFE_INTEGER, "cache.maxBytes"),
    maxEntries: count(cache.maxEntries, 1000, 1, 1_000_000, "cache.maxEntries"),
    persist: flag(cache.persist, true, "cache.persist"),
  };
}

function timeToLive(ttl: Duration): number {
  const ms = milliseconds(ttl, "cache.ttl");
  if (ms > MEDIA_LIFE_MS) {
    throw new OptionsError("cache.ttl", 'at most "7d", for fal keeps media no longer than that unless asked', ttl);
  }
  return ms;
}

function flag(value: boolean | undefined, fallback: boolean, option: string): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw new OptionsError(option, "true or false", value);
  return value;
}

function count(value: number | undefined, fallback: number, least: number, most: number, option: string): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new OptionsError(option, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}
