/** What a unit of fal's pricing counts. `unsaid`: the word tells nothing of how many there will be. */
export type UnitKind =
  | "images"
  | "megapixels"
  | "processed megapixels"
  | "seconds"
  | "characters"
  | "videos"
  | "video segments"
  | "requests"
  | "audios"
  | "steps"
  | "trainings"
  | "tokens"
  | "cloned voices"
  | "dollars"
  | "unsaid";

export interface Unit {
  kind: UnitKind;
  /** How many of the kind make one unit: 60 for `minutes`, 1000 for `1000 characters`. */
  per: number;
  /** One unit as a person reads it, in the singular: `megapixel`, `5 seconds`. */
  word: string;
}

const KINDS: Record<string, [kind: UnitKind, per?: number]> = {
  image: ["images"],
  megapixel: ["megapixels"],
  "processed megapixel": ["processed megapixels"],
  second: ["seconds"],
  "video second": ["seconds"],
  "input second": ["seconds"],
  "audio second": ["seconds"],
  minute: ["seconds", 60],
  "minute of video": ["seconds", 60],
  character: ["characters"],
  video: ["videos"],
  "video segment": ["video segments"],
  request: ["requests"],
  audio: ["audios"],
  step: ["steps"],
  training: ["trainings"],
  token: ["tokens"],
  "cloned voice": ["cloned voices"],
  dollar: ["dollars"],
};

const SCALES: Record<string, number> = { k: 1_000, m: 1_000_000 };
const COUNTED = /^(\d+(?:\.\d+)?)\s*([km])?\s+(.+)$/;

/**
 * Reads a unit as fal's pricing API words it: free text, in any case, singular or plural (`Megapixels`, `1000 characters`,
 * `1m tokens`, `5 seconds`). `units`, `credits`, `generations`, `compute seconds`, `1` and the empty word say nothing
 * about the count, and neither does a word never seen.
 */
export function readUnit(text: string): Unit {
  const word = text.trim().toLowerCase().replace(/\s+/g, " ");
  const [, count, scale, counted] = COUNTED.exec(word) ?? [];
  const noun = singular(counted ?? word);
  const [kind, size = 1] = Object.hasOwn(KINDS, noun) ? KINDS[noun]! : (["unsaid"] as const);
  const many = count === undefined ? 1 : Number(count) * (scale ? SCALES[scale]! : 1);
  if (kind === "unsaid" || !(many > 0)) return { kind: "unsaid", per: 1, word: word || "unnamed unit" };
  return { kind, per: size * many, word: counted === undefined ? noun : word };
}

/** A second that the model works: nobody knows before how many there will be, and fal tells afterwards. */
export const computeSecond: Unit = { kind: "unsaid", per: 1, word: "compute second" };

export function isComputeSecond(text: string): boolean {
  return singular(text.trim().toLowerCase().replace(/\s+/g, " ")) === computeSecond.word;
}

/** Words of fal's pricing that say nothing of the count, though fal bills by them (fal's Platform API, prices observed to July 2026). */
const UNSAID = /^(unit|credit|generation|train unit|compute second|1|)$/;

/** True for a word that fal's pricing is known to use, countable or not. */
export function isUnitWord(text: string): boolean {
  return readUnit(text).kind !== "unsaid" || UNSAID.test(singular(text.trim().toLowerCase().replace(/\s+/g, " ")));
}

function singular(noun: string): string {
  return noun.replace(/^(\w+)s of /, "$1 of ").replace(/([^s])s$/, "$1");
}
