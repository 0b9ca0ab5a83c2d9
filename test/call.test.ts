import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointMatcher, purchaseId } from "../src/call.ts";

describe("an endpoint glob", () => {
  it.each([
    ["fal-ai/flux*", "fal-ai/flux/dev", true],
    ["fal-ai/flux*", "fal-ai/flux-pro/v1.1", true],
    ["fal-ai/*/dev", "fal-ai/flux/dev", true],
    ["fal-ai/flux", "fal-ai/flux/dev", false],
    ["*", "anything/at/all", true],
    ["fal-ai/flux-pro/v1.1", "fal-ai/flux-pro/v1x1", false],
  ])("%s over %s is %s", (glob, endpointId, wanted) => expect(endpointMatcher(glob)(endpointId)).toBe(wanted));

  it("takes every other sign literally", () => {
    fc.assert(
      fc.property(fc.string(), (text) => endpointMatcher(text.replaceAll("*", "x"))(text.replaceAll("*", "x"))),
    );
  });

  it("matches where any of several does", () => {
    const matches = endpointMatcher(["a/*", "b"]);
    expect([matches("a/c"), matches("b"), matches("b/c")]).toEqual([true, true, false]);
  });
});

describe("a purchase id", () => {
  it("is a UUID that sorts by time and is never the same twice", () => {
    const earlier = purchaseId(1_700_000_000_000);
    const later = purchaseId(1_700_000_000_001);
    expect(earlier).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(earlier < later).toBe(true);
    expect(new Set(Array.from({ length: 1000 }, () => purchaseId(0))).size).toBe(1000);
  });
});
