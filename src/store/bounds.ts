import { OptionsError } from "../errors.ts";
import type { Nano } from "../money.ts";

/** A counter stays readable this long after its window ended, so that late bills and corrections still reach it. */
export const counterKeptMs = 2 * 86_400_000;
/** Ended counters are looked for this often, by the time of the holds. */
export const sweepEveryMs = 60_000;
/** Counters dropped in one sweep: a sweep rides on somebody's hold and must stay short. */
export const sweepBatch = 500;
/** Purchases of how many months and tariffs are numbered at a time; the longest unused goes first. */
export const ordinalsMax = 10_000;
/**
 * A permit that was taken so much later than now means that the clock was set back. Less only means that a verb had to wait for its
 * turn since it read the clock.
 */
export const setBackMs = 60_000;
/** Notes kept of one kind; the oldest go first. */
export const notesMax = 10_000;
/** What a stored result weighs beside its body, so that many small ones are bounded too. */
export const resultOverheadBytes = 512;
/** A page of holds or entries is at most this long. */
const pageMax = 100_000;

/** The most one purchase may hold or post: a billion dollars. Sums then stay within 64 bits. */
const amountMax: Nano = 10n ** 18n;

/** @throws OptionsError when an amount to hold or post is negative or above a billion dollars. */
export function requireAmount(amount: Nano | null, option: string): void {
  if (amount === null || (amount >= 0n && amount <= amountMax)) return;
  throw new OptionsError(option, "between 0 and a billion dollars, in nano-dollars", amount);
}

/** @throws OptionsError when the length of a page is no whole number between 1 and 100,000. */
export function requirePage(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageMax) return;
  throw new OptionsError("limit", `a whole number between 1 and ${pageMax}`, limit);
}

/** Reads an option that bounds something. @throws OptionsError when it is no whole number of at least 1. */
export function wholeNumber(value: number | undefined, byDefault: number, option: string): number {
  if (value === undefined) return byDefault;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new OptionsError(option, "a whole number of at least 1", value);
}
