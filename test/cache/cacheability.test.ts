import { describe, expect, it } from "vitest";
import { type CacheQuestion, cacheability, lifetime } from "../../src/cache/cacheability.ts";
import { resolveCache } from "../../src/cache/options.ts";

const seededOnly = resolveCache({ ttl: "1h" });
const everything = resolveCache({ ttl: "1h", unseeded: true });

function question(changes: Partial<CacheQuestion> & { headers?: Record<string, string> } = {}): CacheQuestion {
  const headers = new Headers(changes.headers);
  return {
    transport: "run",
    method: "POST",
    input: { kind: "json", value: { prompt: "a fox", seed: 7 } },
    header: (name) => headers.get(name),
    webhook: false,
    scope: {},
    ...changes,
  };
}
const withInput = (value: unknown) => question({ input: { kind: "json", value } });

describe("a call may be shared", () => {
  it("when it has a seed, on both transports", () => {
    expect(cacheability(question(), seededOnly)).toBe("cacheable");
    expect(cacheability(question({ transport: "queue" }), seededOnly)).toBe("cacheable");
    expect(cacheability(withInput({ seed: 0 }), seededOnly)).toBe("cacheable");
    expect(cacheability(question({ scope: { cache: "refresh" } }), seededOnly)).toBe("cacheable");
  });

  it.each([-1, null, "random", "42", 1.5, 2 ** 53, true, undefined, [7]])(
    "but %j is no seed, and without one only when unseeded calls are asked for",
    (seed) => {
      expect(cacheability(withInput({ prompt: "a fox", seed }), seededOnly)).toBe("unseeded");
      expect(cacheability(withInput({ prompt: "a fox", seed }), everything)).toBe("cacheable");
    },
  );

  it("does not take a seed from deeper inside", () => {
    for (const value of [{ sampler: { seed: 7 } }, [{ seed: 7 }], undefined, "seed"]) {
      expect(cacheability(withInput(value), seededOnly)).toBe("unseeded");
    }
  });
});

describe("a call is never shared", () => {
  it.each<[string, Parameters<typeof question>[0]]>([
    ["bypassed", { scope: { cache: false } }],
    ["method", { method: "GET" }],
    ["stream", { transport: "stream" }],
    ["webhook", { transport: "queue", webhook: true }],
    ["not-json", { input: { kind: "opaque" } }],
    ["private", { headers: { "X-Fal-Store-IO": "0" } }],
    ["private", { headers: { "X-Fal-Object-Lifecycle-Preference": '{"initial_acl":{"default":"forbid"}}' } }],
    ["private", { headers: { "X-Fal-Object-Lifecycle-Preference": "soon" } }],
  ])("because: %s", (why, changes) => {
    expect(cacheability(question(changes), everything)).toBe(why);
  });

  it("without a cache", () => {
    expect(cacheability(question(), null)).toBe("off");
  });
});

describe("an answer is kept", () => {
  const hour = 3_600_000;
  it.each<[string, string | null, number]>([
    ["for the ttl", null, hour],
    ["for the ttl when the media lives longer", '{"expiration_duration_seconds":86400}', hour],
    ["no longer than the media", '{"expiration_duration_seconds":60}', 60_000],
    ["for the ttl when the lifecycle says nothing", "{}", hour],
    ["not at all when the lifecycle is not understood", "soon", 0],
    ["not at all when the media is gone at once", '{"expiration_duration_seconds":0}', 0],
    ["not at all when the life is no number", '{"expiration_duration_seconds":"60"}', 0],
  ])("%s", (_, header, ms) => {
    expect(lifetime(hour, header)).toBe(ms);
  });

  it("for seven days at most", () => {
    const week = 7 * 24 * hour;
    expect(lifetime(30 * 24 * hour, null)).toBe(week);
    expect(lifetime(30 * 24 * hour, '{"expiration_duration_seconds":2592000}')).toBe(week);
  });
});
