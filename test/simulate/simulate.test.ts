import { describe, expect, it } from "vitest";
import { type Plant, plants } from "./plants.ts";
import { simulate } from "./simulate.ts";

/** The same worlds with a bug and without: what catches the bug must not cry at its absence. */
const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);
const STEPS = 500;

/** What each bug breaks first, in the words of the rule. */
const symptoms: Record<Plant, RegExp> = {
  "skips a counter": /says .* its purchases say|was let through over/,
  "refunds a doubt": /says .* its purchases say/,
  "settles twice": /says .* its purchases say|the totals say/,
  "sends again": /left without a purchase/,
  "charges another window": /says .* its purchases say|that no purchase explains|has other times/,
  "loses a hold": /the store holds nothing for it|says .* its purchases say/,
  "confuses keys": /asked for .* and was given/,
  "forgets places": /requests are out where/,
  "forgets starts": /requests were sent within/,
};

describe("the simulation", () => {
  it("keeps every promise about money, in fair weather and foul", { timeout: 120_000 }, async () => {
    const broken: string[] = [];
    const faults = new Set<string>();
    for (const seed of SEEDS) {
      const run = await simulate({ seed, steps: STEPS });
      for (const fault of run.faults.keys()) faults.add(fault);
      if (run.violation)
        broken.push(
          `seed ${seed}, step ${run.violation.step}: ${run.violation.rule}\n${run.trace.slice(-20).join("\n")}`,
        );
    }
    expect(broken.join("\n\n")).toBe("");
    expect([...faults].sort()).toEqual(
      expect.arrayContaining(["cut body", "reply lost", "store answer lost", "store refuses"]),
    );
  });

  it("plays the same world again from the same seed, event for event", async () => {
    for (const seed of [3, 11, 42]) {
      const [first, second] = [await simulate({ seed, steps: 600 }), await simulate({ seed, steps: 600 })];
      expect(first.trace.length).toBeGreaterThan(600);
      expect(second.trace).toEqual(first.trace);
    }
  });

  it("plays another world from another seed", async () => {
    const [one, other] = [await simulate({ seed: 1, steps: 50 }), await simulate({ seed: 2, steps: 50 })];
    expect(one.trace).not.toEqual(other.trace);
  });

  it.each(plants)("catches a bug that %s", { timeout: 120_000 }, async (plant) => {
    for (const seed of SEEDS) {
      const { violation } = await simulate({ seed, steps: STEPS, plant });
      if (!violation) continue;
      expect(violation.rule).toMatch(symptoms[plant]);
      return;
    }
    expect.unreachable(`${plant} was not caught in ${SEEDS.length} seeds`);
  });
});
