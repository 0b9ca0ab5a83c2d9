import { type Ask, given } from "./ask.ts";

/** A text that is spoken, read or billed, as far as its price depends on it. */
export interface TextSize {
  /** UTF-16 units, as JavaScript and most bills count. */
  readonly characters: number;
  /** Those of Chinese, Japanese and Korean: each is a syllable or more, and some endpoints bill it as two. */
  readonly wide: number;
  /** Each is read out as a word. */
  readonly digits: number;
  /** No tokeniser makes more tokens of a text than it has bytes. */
  readonly bytes: number;
}

const TEXTS = new Set([
  "text",
  "gen_text",
  "script",
  "text_input",
  "first_text_input",
  "second_text_input",
  "preview_text",
]);
/** Lists of turns that have a text, and of bare texts. */
const TURNS = new Set(["inputs", "scene", "texts"]);

const TOLD_APART = /[^\0-/:-\x7f]/;
/** Hangul, kana, ideographs and their signs, as ranges of UTF-16 units. */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x11ff],
  [0x2e80, 0x9fff],
  [0xac00, 0xd7ff],
  [0xf900, 0xfaff],
  [0xff00, 0xffef],
];

const none: TextSize = { characters: 0, wide: 0, digits: 0, bytes: 0 };

/**
 * The text that an endpoint speaks or reads; `null` where the input has none. A prompt counts only where `promptIsText` and there is
 * no text beside it: next to a text it tells how to speak.
 */
export function textOf(ask: Ask, promptIsText: boolean): TextSize | null {
  let all: TextSize | null = null;
  for (const name in ask.input) {
    const value = TEXTS.has(name) || TURNS.has(name) ? given(ask, name) : undefined;
    if (typeof value === "string" && TEXTS.has(name)) all = plus(all, measured(value));
    if (!Array.isArray(value) || TEXTS.has(name)) continue;
    for (const turn of value) {
      const text = name === "texts" ? turn : (turn as { text?: unknown } | null)?.text;
      all = plus(all, typeof text === "string" ? measured(text) : none);
    }
  }
  if (all !== null || !promptIsText) return all;
  const prompt = given(ask, "prompt");
  return typeof prompt === "string" ? measured(prompt) : null;
}

/** Characters of {@link textOf}. */
export function textLength(ask: Ask, promptIsText: boolean): number | null {
  return textOf(ask, promptIsText)?.characters ?? null;
}

function measured(text: string): TextSize {
  const characters = text.length;
  if (!TOLD_APART.test(text)) return { characters, wide: 0, digits: 0, bytes: characters };
  let [wide, digits, bytes] = [0, 0, 0];
  for (let at = 0; at < characters; at++) {
    const unit = text.charCodeAt(at);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (unit >= 0x30 && unit <= 0x39) digits++;
    else if (unit >= 0x1100 && WIDE.some(([first, last]) => first <= unit && unit <= last)) wide++;
  }
  return { characters, wide, digits, bytes };
}

function plus(a: TextSize | null, b: TextSize): TextSize {
  if (a === null) return b;
  return {
    characters: a.characters + b.characters,
    wide: a.wide + b.wide,
    digits: a.digits + b.digits,
    bytes: a.bytes + b.bytes,
  };
}

const ADDRESS = /^(?:https?|data|blob):/i;
const DEEPEST = 6;

/** All that is written anywhere in an input, but for addresses of files. */
export function everyText(value: unknown, depth = 0): TextSize {
  if (typeof value === "string") return ADDRESS.test(value) ? none : measured(value);
  if (typeof value !== "object" || value === null || depth === DEEPEST) return none;
  let all = none;
  for (const each of Object.values(value)) all = plus(all, everyText(each, depth + 1));
  return all;
}
