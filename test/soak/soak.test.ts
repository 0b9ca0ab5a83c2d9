import { expect, test } from "vitest";
import { soak } from "./soak.ts";

/** Longer than it takes, for the machine may have other work. */
const TIMEOUT_MS = 600_000;

/** Wherever a test runs, something is open: the pipes and channels of its own process. */
function handlesNow(): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

test.each([
  ["memory", 10_000],
  ["sqlite", 3_000],
] as const)(
  "in %s, thousands of calls of all kinds come to what fal billed, and leave nothing open",
  {
    timeout: TIMEOUT_MS,
  },
  async (store, calls) => {
    const before = handlesNow();
    const { tenths, outcomes, events, adopted, disagreements, handlesAfterClose } = await soak({
      calls,
      seed: 7,
      store,
    });
    expect(disagreements).toEqual([]);
    for (const { billed, booked } of tenths) expect(booked.toFixed()).toBe(billed.toFixed());
    const wanted = ["answered", "ApiError", "ValidationError", "AbortError", "OutcomeUnknownError"];
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining([...wanted, "BudgetExceededError", "SyntaxError"]));
    expect(Object.values(outcomes).reduce((sum, times) => sum + times, 0)).toBe(calls);
    for (const type of ["cache-hit", "call-joined", "budget-refused", "hold-expired"])
      expect(events[type], type).toBeGreaterThan(0);
    expect(adopted).toBeGreaterThan(calls / 1_000);
    expect(leftOpen(before, handlesAfterClose)).toEqual({});
  },
);

function leftOpen(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).filter(([kind, count]) => count > (before[kind] ?? 0)));
}
