import { createFalClient as createUpstreamClient } from "@fal-ai/client";
import { describe, expect, test } from "vitest";
import { createFalClient, type MeterOptions } from "../../src/index.ts";
import { absurdPrograms, mishapPrograms } from "./mishap-programs.ts";
import { programs } from "./programs.ts";
import { type Program, type Trace, trace, type UpstreamConfig } from "./trace.ts";

/** The import that changed: no option but a ledger that leaves no file behind, and whatever is given. */
const metered = (options: MeterOptions) => (config: UpstreamConfig) =>
  createFalClient({ ...config, meter: { store: "memory:", ...options } });

const bare = metered({});

/** Room enough for everything. */
const guarded = metered({
  budgets: [{ limit: 1_000, per: "day" }],
  onUnknownPrice: "allow",
  limits: { concurrency: 10, starts: { count: 100, per: "1m" } },
});

describe("a program that changes only its import cannot tell the difference, when it", () => {
  test.for(Object.entries({ ...programs, ...mishapPrograms }))("%s", async ([, program]) => {
    const creates = [createUpstreamClient, bare, guarded];
    const [expected, ...others] = await Promise.all(creates.map((create) => trace(program, create)));
    for (const got of others) expect(withoutCheck(got)).toEqual(withoutCheck(expected!));
    expect(expected!.crossings.length > 0 || expected!.thrown !== undefined).toBe(true);
  });

  test.for(Object.entries(absurdPrograms))("%s, with no budget set", async ([, program]) => {
    const [expected, got] = await Promise.all([trace(program, createUpstreamClient), trace(program, bare)]);
    expect(got).toEqual(expected);
    expect(expected.crossings).toHaveLength(1);
  });
});

/** Under a cap a cancel that fal took is followed by one question more: whether the job had begun. */
function withoutCheck({ crossings, ...traced }: Trace): Trace {
  const checks = (index: number) =>
    crossings[index]?.path.endsWith("/status") === true && crossings[index - 1]?.path.endsWith("/cancel") === true;
  return { ...traced, crossings: crossings.filter((_, index) => !checks(index)) };
}

test("with no budget set, a cancel is one request", async () => {
  const program = programs["cancels a job that waits, and asks for its result"]!;
  const [expected, got, checked] = await Promise.all(
    [createUpstreamClient, bare, guarded].map((create) => trace(program, create)),
  );
  expect(got).toEqual(expected);
  expect(checked!.crossings).toHaveLength(expected!.crossings.length + 1);
});

/** The client's own retry would hide a lost answer by buying again. */
const losesAnAnswer = (play: Program["play"]): Program => ({
  config: () => ({ retry: { backoffMultiplier: 0.01, enableJitter: false } }),
  play(fal, stage) {
    stage.emulator.fault({ times: 1, do: "drop-after-accept" });
    return play(fal, stage);
  },
});
const input = { prompt: "a cat" };

describe("the one difference: a paid request whose answer was lost is not sent again, where the client alone buys twice", () => {
  test.for<[string, Program]>([
    ["run", losesAnAnswer((fal) => fal.run("fal-ai/flux/dev", { input }))],
    ["subscribe", losesAnAnswer((fal) => fal.subscribe("fal-ai/flux/dev", { input, pollInterval: 1 }))],
  ])("%s", async ([, program]) => {
    const [alone, got] = await Promise.all([trace(program, createUpstreamClient), trace(program, bare)]);
    expect([alone.paidPosts, got.paidPosts]).toEqual([2, 1]);
    expect(alone.thrown).toBeUndefined();
    expect(got.thrown).toMatchObject({ name: "OutcomeUnknownError" });
  });
});
