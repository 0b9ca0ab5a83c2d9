import type { Ask } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { span } from "../span.ts";
import { textOf } from "../text.ts";
import type { Unit } from "../unit-words.ts";

/** What an endpoint that answers in text may write. */
const MOST_ANSWERED = 4_000;

/**
 * Thousands of characters. Some endpoints bill fractions of a thousand, some at least one and some every one begun, so `low` is
 * the fraction and `high` rounds up. A Chinese character may be billed as two.
 */
export function characterCount(ask: Ask, unit: Unit): Quantity {
  const speaks = ask.shape.parameters.image_url?.required !== true;
  const text = speaks ? textOf(ask, true) : null;
  const characters = text?.characters ?? 0;
  if (!speaks) {
    const doubt = `it is billed by the text it writes; taken as up to ${MOST_ANSWERED} characters`;
    return {
      count: span(1 / unit.per, 200 / unit.per, MOST_ANSWERED / unit.per),
      label: "about 200 characters",
      doubt,
    };
  }
  const fraction = characters / unit.per;
  return {
    count: span(fraction, fraction, Math.max(1, Math.ceil(fraction + (text?.wide ?? 0) / unit.per))),
    label: characters === 1 ? "1 character" : `${characters} characters`,
    doubt: null,
  };
}
