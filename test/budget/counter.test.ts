import fc from "fast-check";
import { expect, test } from "vitest";
import { type CounterName, counterId, parseCounterId } from "../../src/budget/counter.ts";

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

test.each(["", "a", "a|day|x", "a|day|x|all|more", "%|day|x|all", "%22|day|x|all", "a|day|x|some", "a|day|x|endpoint"])(
  "%j is no counter of ours",
  (id) => {
    expect(parseCounterId(id)).toBeNull();
  },
);
