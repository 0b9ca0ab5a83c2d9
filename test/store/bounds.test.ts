import { expect, test } from "vitest";
import { requireAmount, requirePage, wholeNumber } from "../../src/store/bounds.ts";

const billion = 10n ** 18n;

test.each([0n, 1n, billion, null])("%s nano-dollars may be held or posted", (amount) => {
  expect(() => requireAmount(amount, "amount")).not.toThrow();
});

test.each([-1n, billion + 1n])("%s nano-dollars are no amount", (amount) => {
  expect(() => requireAmount(amount, "post.amount")).toThrow(/^post\.amount must be between 0 and a billion dollars/);
});

test.each([1, 100_000])("a page may have %s rows", (limit) => {
  expect(() => requirePage(limit)).not.toThrow();
});

test.each([0, -1, 1.5, 100_001, Number.NaN, "5"])("a page of %s rows is refused by name", (limit) => {
  expect(() => requirePage(limit as number)).toThrow(/^limit must be a whole number between 1 and 100000/);
});

test("a bound is a whole number of at least 1, and its default where it is left out", () => {
  expect([wholeNumber(undefined, 7, "maxNotes"), wholeNumber(1, 7, "maxNotes"), wholeNumber(9, 7, "maxNotes")]).toEqual(
    [7, 1, 9],
  );
  for (const value of [0, -1, 1.5, 2 ** 53, Number.NaN, "5"])
    expect(() => wholeNumber(value as number, 7, "maxNotes")).toThrow(/^maxNotes must be a whole number of at least 1/);
});
