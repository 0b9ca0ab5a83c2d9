import fc from "fast-check";
import { expect, test } from "vitest";
import { firstPace, nextPace, type PaceReport } from "../../src/limit/adaptive.ts";

function after(reports: readonly PaceReport[], max = 40) {
  return reports.reduce((pace, report) => nextPace(pace, report, max), firstPace(max)).concurrency;
}

test("a lane begins with two jobs at once, or with one where no more are allowed", () => {
  expect(firstPace(40).concurrency).toBe(2);
  expect(firstPace(1).concurrency).toBe(1);
});

test("every round of successes adds one job", () => {
  expect(after(["ok"])).toBe(2);
  expect(after(["ok", "ok"])).toBe(3);
  expect(after(["ok", "ok", "ok", "ok"])).toBe(3);
  expect(after(["ok", "ok", "ok", "ok", "ok"])).toBe(4);
});

test("a 429 halves, and the round of successes begins again", () => {
  const five = Array<PaceReport>(9).fill("ok");
  expect(after([...five, "limited"])).toBe(2);
  expect(after([...five, "limited", "ok"])).toBe(2);
  expect(after(["limited", "limited", "limited"])).toBe(1);
});

test("whatever fal answers, between one job and the most allowed are at work", () => {
  const reports = fc.array(fc.constantFrom<PaceReport>("ok", "ok", "ok", "limited"), { maxLength: 500 });
  fc.assert(
    fc.property(reports, fc.integer({ min: 1, max: 40 }), (answers, max) => {
      const concurrency = after(answers, max);
      expect(concurrency).toBeGreaterThanOrEqual(1);
      expect(concurrency).toBeLessThanOrEqual(max);
    }),
  );
});

test("successes alone reach the most allowed and stay there", () => {
  expect(after(Array<PaceReport>(2_000).fill("ok"), 40)).toBe(40);
});
