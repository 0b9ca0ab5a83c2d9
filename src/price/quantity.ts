import type { Ask } from "./ask.ts";
import type { Span } from "./span.ts";
import type { Unit, UnitKind } from "./unit-words.ts";
import { characterCount } from "./units/characters.ts";
import { imageCount } from "./units/images.ts";
import { megapixelCount, processedMegapixelCount } from "./units/megapixels.ts";
import { secondCount } from "./units/seconds.ts";
import { dollarCount, singleCount } from "./units/single.ts";
import { stepCount } from "./units/steps.ts";
import { tokenCount } from "./units/tokens.ts";
import { segmentCount, videoCount } from "./units/videos.ts";

/** How many billing units one request will take. */
export interface Quantity {
  readonly count: Span;
  /** What is counted, for a person: `2 images of 1024 × 768`. */
  readonly label: string;
  /** Why the count rests on an assumption; `null` where the input and the endpoint's defaults settle it. */
  readonly doubt: string | null;
}

/** Counts the units of an endpoint's request; `per` is how many of the kind make one unit. */
export type Count = (ask: Ask, unit: Unit) => Quantity;

const COUNTS: Record<Exclude<UnitKind, "unsaid">, Count> = {
  images: imageCount,
  megapixels: megapixelCount,
  "processed megapixels": processedMegapixelCount,
  seconds: secondCount,
  characters: characterCount,
  videos: videoCount,
  "video segments": segmentCount,
  requests: singleCount,
  audios: singleCount,
  trainings: singleCount,
  "cloned voices": singleCount,
  steps: stepCount,
  tokens: tokenCount,
  dollars: dollarCount,
};

/** The counting rule of a unit; `null` for units that say nothing about the count. */
export function countFor(unit: Unit): Count | null {
  return unit.kind === "unsaid" ? null : COUNTS[unit.kind];
}
