import { expect, test } from "vitest";
import { OptionsError } from "../../src/errors.ts";
import { type Limits, resolveLimits } from "../../src/limit/options.ts";

function optionRefused(limits: unknown): string {
  try {
    resolveLimits(limits as Limits);
  } catch (error) {
    if (error instanceof OptionsError) return error.option;
    throw error;
  }
  return "nothing was refused";
}

test("no limits are null, so that nothing is paced", () => {
  expect(resolveLimits(undefined)).toBeNull();
});

test("what is not given has its default", () => {
  const limits = resolveLimits({});
  expect(limits).toMatchObject({ adaptive: false, jobTimeoutMs: 600_000 });
  expect(limits?.paces).toMatchObject([{ concurrency: null, starts: null, maxQueue: 10_000 }]);
});

test("an adaptive lane has fal's own ceiling unless another is given", () => {
  expect(resolveLimits({ adaptive: true })?.paces[0]?.concurrency).toBe(40);
  expect(resolveLimits({ adaptive: true, concurrency: 7 })?.paces[0]?.concurrency).toBe(7);
});

test("paces of endpoints come before that of all calls and match by glob", () => {
  const paces = resolveLimits({
    concurrency: 9,
    endpoints: { "fal-ai/flux*": { concurrency: 2, starts: { count: 3, per: "1m" } } },
  })?.paces;
  expect(paces?.map(({ concurrency, starts }) => [concurrency, starts])).toEqual([
    [2, { count: 3, perMs: 60_000 }],
    [9, null],
  ]);
  expect(paces?.map(({ matches }) => matches("fal-ai/flux/dev"))).toEqual([true, true]);
  expect(paces?.map(({ matches }) => matches("fal-ai/veo3"))).toEqual([false, true]);
});

test.each([
  [{ concurrency: 0 }, "limits.concurrency"],
  [{ concurrency: 1.5 }, "limits.concurrency"],
  [{ concurrency: "2" }, "limits.concurrency"],
  [{ concurrency: Number.POSITIVE_INFINITY }, "limits.concurrency"],
  [{ starts: { count: 0, per: "1s" } }, "limits.starts.count"],
  [{ starts: { count: 1, per: "soon" } }, "limits.starts.per"],
  [{ starts: { count: 1, per: 0 } }, "limits.starts.per"],
  [{ starts: { count: 1 } }, "limits.starts.per"],
  [{ starts: { count: 1, per: "1s", burst: 2 } }, "limits.starts.burst"],
  [{ starts: 10 }, "limits.starts"],
  [{ maxQueue: -1 }, "limits.maxQueue"],
  [{ adaptive: "yes" }, "limits.adaptive"],
  [{ jobTimeout: "0s" }, "limits.jobTimeout"],
  [{ concurency: 2 }, "limits.concurency"],
  [{ endpoints: [] }, "limits.endpoints"],
  [{ endpoints: { "fal-ai/*": { adaptive: true } } }, 'limits.endpoints["fal-ai/*"].adaptive'],
  [{ endpoints: { "fal-ai/*": { concurrency: -2 } } }, 'limits.endpoints["fal-ai/*"].concurrency'],
  [2, "limits"],
  [null, "limits"],
])("%j is refused and the error names what is wrong", (limits, option) => {
  expect(optionRefused(limits)).toBe(option);
});
