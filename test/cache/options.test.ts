import { expect, it } from "vitest";
import { type CacheOptions, resolveCache } from "../../src/cache/options.ts";
import { OptionsError } from "../../src/errors.ts";

it("is off unless asked for", () => {
  expect(resolveCache(undefined)).toBeNull();
  expect(resolveCache(false)).toBeNull();
});

it("needs only a ttl", () => {
  expect(resolveCache({ ttl: "1h" })).toEqual({
    ttlMs: 3_600_000,
    unseeded: false,
    maxBytes: 67_108_864,
    maxEntries: 1000,
    persist: true,
  });
});

it("takes what is given", () => {
  const options: CacheOptions = { ttl: "7d", unseeded: true, maxBytes: 1024, maxEntries: 1, persist: false };
  expect(resolveCache(options)).toEqual({
    ttlMs: 604_800_000,
    unseeded: true,
    maxBytes: 1024,
    maxEntries: 1,
    persist: false,
  });
});

it.each<[string, unknown]>([
  ["cache.ttl", { ttl: "soon" }],
  ["cache.ttl", { ttl: 0 }],
  ["cache.ttl", {}],
  ["cache.ttl", { ttl: "8d" }],
  ["cache.unseeded", { ttl: "1h", unseeded: "yes" }],
  ["cache.maxBytes", { ttl: "1h", maxBytes: 1023 }],
  ["cache.maxBytes", { ttl: "1h", maxBytes: Number.POSITIVE_INFINITY }],
  ["cache.maxEntries", { ttl: "1h", maxEntries: 0 }],
  ["cache.maxEntries", { ttl: "1h", maxEntries: 1.5 }],
  ["cache.persist", { ttl: "1h", persist: 1 }],
  ["cache", true],
  ["cache", null],
  ["cache", "1h"],
  ["cache.maxSize", { ttl: "1h", maxSize: 5 }],
])("names %s when it is wrong: %j", (option, cache) => {
  const read = () => resolveCache(cache as CacheOptions);
  expect(read).toThrow(OptionsError);
  expect(read).toThrow(expect.objectContaining({ option }));
});

it("says why a ttl above seven days is refused", () => {
  expect(() => resolveCache({ ttl: "169h" })).toThrow(/at most "7d", for fal keeps media no longer/);
});
