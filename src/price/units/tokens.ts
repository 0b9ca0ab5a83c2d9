import { type Ask, takes, wholeNumber } from "../ask.ts";
import { fileLength, hasRecording } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { span } from "../span.ts";
import { everyText } from "../text.ts";
import type { Unit } from "../unit-words.ts";
import { imagesGiven } from "./images.ts";

const MOST_TOKENS = 10_000_000;
/** What an answer may take where nothing limits it. */
const MOST_ANSWERED = 32_000;
/** What models read an image as, and a second of a recording. */
const IMAGE_TOKENS = { fewest: 64, usual: 1_024, most: 4_096 };
const SECOND_TOKENS = { fewest: 25, usual: 100, most: 300 };

/**
 * Tokens of all that is read and of the answer: some four characters a token and never more tokens than bytes, images and recordings
 * as models read them, and an answer of up to `max_tokens`.
 */
export function tokenCount(ask: Ask, unit: Unit): Quantity {
  const { characters, bytes } = everyText(ask.input);
  const limit = takes(ask, "max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
  const answer = wholeNumber(ask, limit, MOST_ANSWERED, MOST_TOKENS);
  const images = imagesGiven(ask);
  const seconds = hasRecording(ask) ? fileLength(ask).seconds : null;
  return {
    count: span(
      (characters / 6 + images * IMAGE_TOKENS.fewest + (seconds?.low ?? 0) * SECOND_TOKENS.fewest) / unit.per,
      (characters / 4 +
        images * IMAGE_TOKENS.usual +
        (seconds?.expected ?? 0) * SECOND_TOKENS.usual +
        Math.min(answer, 500)) /
        unit.per,
      (bytes + images * IMAGE_TOKENS.most + (seconds?.high ?? 0) * SECOND_TOKENS.most + answer) / unit.per,
    ),
    label: `a text of ${characters} characters and its answer`,
    doubt: "tokens are taken from the length of the text and the longest answer",
  };
}
