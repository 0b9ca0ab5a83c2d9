import { type Ask, wholeNumber } from "../ask.ts";
import { textLength } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { span } from "../span.ts";
import type { Unit } from "../unit-words.ts";

const MOST_TOKENS = 10_000_000;
/** What an answer may take where nothing limits it. */
const MOST_ANSWERED = 32_000;

/** Tokens of a text and of its answer: three to four characters a token, and an answer of up to `max_tokens`. */
export function tokenCount(ask: Ask, unit: Unit): Quantity {
  const characters = textLength(ask, true) ?? 0;
  const answer = wholeNumber(ask, "max_tokens", MOST_ANSWERED, MOST_TOKENS);
  return {
    count: span(
      characters / 6 / unit.per,
      (characters / 4 + Math.min(answer, 500)) / unit.per,
      (characters + answer) / unit.per,
    ),
    label: `a text of ${characters} characters and its answer`,
    doubt: "tokens are taken from the length of the text and the longest answer",
  };
}
