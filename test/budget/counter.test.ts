import fc from "fast-check";
import { expect, test } from "vitest";
import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { type CounterName, counterId, counterOf, counterPrefix, parseCounterId } from "../../src/budget/counter.ts";
import { createWindows } from "../../src/budget/window.ts";

// Halves of surrogate pairs included: a tag may be any string of sixteen-bit units.
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 5 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "|", "=", "all", "tag:a=b", "(none)", "null", "%", "\\ud800", "\ud800", '"', "*", "a|b"),
);
const name: fc.Arbitrary<CounterName> = fc.record({
  key: text,
  per: fc.constantFrom("day", "total", "rolling:60000"),
  windowId: fc.constantFrom("", "total", "2026-11-23T00:00:00.000Z"),
  split: fc.oneof(
    fc.constant({ by: "all" as const }),
    fc.record({ by: fc.constant("endpoint" as const), value: text }),
    fc.record({ by: fc.constant("tag" as const), tag: text, value: fc.option(text) }),
  ),
});

test("an id says exactly what it was made of, so no two counters share one", () => {
  fc.assert(
    fc.property(name, (counter) => {
      expect(parseCounterId(counterId(counter))).toEqual(counter);
    }),
    { numRuns: 500 },
  );
});

test("an id is plain ASCII, whatever a caller put into a tag", () => {
  fc.assert(
    fc.property(name, (counter) => {
      expect(counterId(counter)).toMatch(/^[\x21-\x7e]*$/);
    }),
  );
});

test.each([
  ...["", "a", "a|day|x", "a|day|x|all|more", "%|day|x|all", "%22|day|x|all", "a|day|x|some", "a|day|x|endpoint"],
  ...["a|day|x|an endpoint=b", "a|day|x|endpoint=b\nc", "a|day|x|a tag:b", "a|day|x|tag:b=c\nd"],
])("%j is no counter of ours", (id) => {
  expect(parseCounterId(id)).toBeNull();
});

test("a window without an end of its own has one counter, whenever a call is made", () => {
  const windows = createWindows("UTC", "monday");
  const times = [0, 31, 400].map((days) => Date.UTC(2026, 0, 1) + days * 86_400_000);
  for (const per of ["request", "total", { rolling: "1h" }] satisfies Budget["per"][]) {
    const [rule] = resolveBudgets([{ name: "b", limit: 1, per }]);
    const ids = times.map((at) => counterOf(rule!, { endpointId: "a", tags: {} }, at, windows));
    expect(new Set(ids).size).toBe(1);
    expect(parseCounterId(ids[0]!)?.windowId).toBe(per === "total" ? "total" : "");
    expect(ids[0]).toBe(`${counterPrefix(rule!, times[0]!, windows)}all`);
  }
});

test("a counter says of whom it is", () => {
  const windows = createWindows("UTC", "monday");
  const splitOf = (splitBy: NonNullable<Budget["splitBy"]>, tags: Record<string, string>) => {
    const [rule] = resolveBudgets([{ name: "b", limit: 1, per: "day", splitBy }]);
    return parseCounterId(counterOf(rule!, { endpointId: "fal-ai/veo3", tags }, 0, windows))?.split;
  };
  expect(splitOf("tag:team", { team: "a" })).toEqual({ by: "tag", tag: "team", value: "a" });
  expect(splitOf("tag:team", {})).toEqual({ by: "tag", tag: "team", value: null });
  expect(splitOf("endpoint", { team: "a" })).toEqual({ by: "endpoint", value: "fal-ai/veo3" });
});
