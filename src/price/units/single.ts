import type { Ask } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { one, span } from "../span.ts";
import { textLength } from "../text.ts";
import type { Unit } from "../unit-words.ts";

/** Dollars, and so units where a unit is a dollar, for a character of a preview to be read out: published for one endpoint, and what speech costs at most. */
const PREVIEW_CHARACTER = { low: 0.00003, high: 0.0003 };

/** Units of which a request takes one: requests, audios, trainings, cloned voices. A voice's preview is charged by its text. */
export function singleCount(ask: Ask, unit: Unit): Quantity {
  const label = `1 ${unit.word}`;
  const read = unit.kind === "cloned voices" || unit.kind === "audios" ? textLength(ask, false) : null;
  if (read === null || read === 0) return { count: one, label, doubt: null };
  return {
    count: span(1, 1 + read * PREVIEW_CHARACTER.low, 1 + read * PREVIEW_CHARACTER.high),
    label: `${label} and its preview`,
    doubt: null,
  };
}

/** Where the billed unit is the dollar itself, only the endpoint's own rule can count. */
export function dollarCount(): Quantity {
  return {
    count: span(0, 1, 10),
    label: "the bill itself",
    doubt: "the billed unit is the dollar; taken as up to $10",
  };
}
