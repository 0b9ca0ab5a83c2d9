import { type Ask, choice, settled } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { readSize } from "../sizes.ts";
import { type Span, span } from "../span.ts";
import { textOf } from "../text.ts";
import { countOf, imagesGiven, imagesMade } from "../units/images.ts";
import { type Family, modelPages, pagesRead } from "./family.ts";

/** Dollars for one image by quality: 1024 × 1024, and any other size. */
interface Grades {
  square: Readonly<Record<string, number>>;
  other: Readonly<Record<string, number>>;
}

const MODELS: readonly [RegExp, Grades][] = [
  [
    /^fal-ai\/gpt-image-1\.5/,
    { square: { low: 0.009, medium: 0.034, high: 0.133 }, other: { low: 0.013, medium: 0.051, high: 0.2 } },
  ],
  [
    /^fal-ai\/gpt-image-1-mini/,
    { square: { low: 0.005, medium: 0.011, high: 0.036 }, other: { low: 0.006, medium: 0.015, high: 0.052 } },
  ],
  [
    /^fal-ai\/gpt-image-1\//,
    { square: { low: 0.011, medium: 0.042, high: 0.167 }, other: { low: 0.016, medium: 0.063, high: 0.25 } },
  ],
];

/** Generous allowances for what is read as tokens, whose number is not told: an image, and a byte of the prompt, which is a token at most. */
const IMAGE_READ_DOLLARS = 0.07;
const BYTE_READ_DOLLARS = 0.000005;

/** The larger sizes of 1.5 are not published: half as much again is expected, and a little over is covered. */
const UNPUBLISHED = /^fal-ai\/gpt-image-1\.5/;
const PLAY = 1.25;

function dollarsFor(ask: Ask, grades: Grades, quality: string | null): Span {
  const sized = settled(ask, "image_size");
  const size = sized === undefined ? null : readSize(sized, "image_size");
  const play = UNPUBLISHED.test(ask.endpointId) ? PLAY : 1;
  if (quality === null) return span(grades.square.low!, grades.square.medium!, grades.other.high! * play);
  const [square, other] = [grades.square[quality]!, grades.other[quality]!];
  if (size !== null && size.width === 1024 && size.height === 1024) return span(square, square, square);
  return span(size && play === 1 ? other : square, other, other * play);
}

/**
 * The billed units are dollars: so much an image by quality and size, and a little for the text and images read. The whole may be
 * rounded up to a cent.
 */
function dollars(ask: Ask): Quantity {
  const grades = MODELS.find(([endpoints]) => endpoints.test(ask.endpointId))![1];
  const made = imagesMade(ask);
  const read = imagesGiven(ask) * IMAGE_READ_DOLLARS + (textOf(ask, true)?.bytes ?? 0) * BYTE_READ_DOLLARS;
  const chosen = choice(ask, "quality");
  const quality = chosen !== null && Object.hasOwn(grades.other, chosen) ? chosen : null;
  const image = dollarsFor(ask, grades, quality);
  return {
    count: span(
      image.low * made.low,
      image.expected * made.expected + read / 4,
      Math.ceil((image.high * made.high + read + 0.01) * 100 - 1e-9) / 100,
    ),
    label: `${countOf(made.expected, "image")} of ${quality ?? "unstated"} quality`,
    doubt: quality === null ? "the quality is left to the model" : null,
  };
}

export const gptImage: readonly Family[] = [
  {
    covers: (endpointId) =>
      MODELS.some(([endpoints]) => endpoints.test(endpointId)) || endpointId === "fal-ai/gpt-image-1-mini",
    unit: "dollars",
    price: () => "1",
    source: modelPages,
    asOf: pagesRead,
    count: dollars,
  },
];
