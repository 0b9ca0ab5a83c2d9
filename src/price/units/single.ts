import type { Ask } from "../ask.ts";
import { textLength } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { one, span } from "../span.ts";
import type { Unit } from "../unit-words.ts";

/** Dollars, and so units where a unit is a dollar, for a character of a preview to be read out; double the published 0.00003. */
const PREVIEW_CHARACTER = 0.00006;

/** Units of which a request takes one: requests, audios, trainings, cloned voices. A voice's preview is charged by its text. */
export function singleCount(ask: Ask, unit: Unit): Quantity {
  const label = `1 ${unit.word}`;
  const read = unit.kind === "cloned voices" || unit.kind === "audios" ? textLength(ask, false) : null;
  if (read === null || read === 0) return { count: one, label, doubt: null };
  return {
    count: span(1, 1 + (read * PREVIEW_CHARACTER) / 2, 1 + read * PREVIEW_CHARACTER),
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
