import type fc from "fast-check";

/** Every case follows from it: another seed, given as the environment variable FUZZ_SEED, makes other cases. */
const seed = seedOf(process.env.FUZZ_SEED);

function seedOf(given: string | undefined): number {
  if (given === undefined || given === "") return 20_261_123;
  if (/^\d{1,10}$/.test(given) && Number(given) <= 0x7fff_ffff) return Number(given);
  throw new Error(`FUZZ_SEED must be a whole number from 0 to 2147483647; got "${given}".`);
}

/** For the title of what is fuzzed, so that a report names the seed whether or not a case failed. */
export const withSeed = `(FUZZ_SEED=${seed})`;

/** Cases of one property. A failing one is made as small as it gets, and printed with the seed and its path. */
export function cases<T = unknown>(count: number): fc.Parameters<T> {
  return { seed, numRuns: count, interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true };
}
