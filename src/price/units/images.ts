import { type Ask, given, positiveNumber, takes, wholeNumber } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { exactly, type Span, span } from "../span.ts";

/** More in one request is a slip of the keyboard: the endpoints stop at 4, 8 or 10. */
const MOST_IMAGES = 1_000;

/** Steps of a zoom, each of which is an image of its own; layers of an image; pictures that a prompt may ask for. */
const ZOOMS = /^fal-ai\/chain-of-zoom/;
const MOST_PROMPTED = 4;

/**
 * Images that one request makes: `num_images`, and up to `max_images` for each where an endpoint has it.
 * @throws OptionsError naming the parameter when it is no whole number from 1 to 1000.
 */
export function imagesMade(ask: Ask): Span {
  const images = wholeNumber(ask, "num_images", 1, MOST_IMAGES);
  const samples = wholeNumber(ask, "num_samples", 1, MOST_IMAGES) * wholeNumber(ask, "num_results", 1, MOST_IMAGES);
  const most = mostOfEach(ask);
  return most === 1
    ? exactly(images * samples)
    : span(images * samples, images * samples * (takes(ask, "max_images") ? most : 1), images * samples * most);
}

function mostOfEach(ask: Ask): number {
  const most = takes(ask, "max_images") ? wholeNumber(ask, "max_images", 1, MOST_IMAGES) : 1;
  const layers = takes(ask, "num_layers") ? wholeNumber(ask, "num_layers", 1, MOST_IMAGES) : 1;
  const zooms = ZOOMS.test(ask.endpointId) ? Math.max(1, Math.ceil(positiveNumber(ask, "scale", 1, MOST_IMAGES))) : 1;
  const prompted = given(ask, "limit_generations") === false ? MOST_PROMPTED : 1;
  return most * layers * zooms * prompted;
}

/** How many images the request carries. */
export function imagesGiven(ask: Ask): number {
  let images = 0;
  for (const name in ask.input) {
    const value = given(ask, name);
    if (!/image/.test(name) || /data_url|size|format|strength/.test(name)) continue;
    if (Array.isArray(value)) images += value.length;
    else if (typeof value === "string" || typeof value === "object") images += 1;
  }
  return images;
}

export function imageCount(ask: Ask): Quantity {
  const made = imagesMade(ask);
  // Endpoints that only look at images are billed by those they are given.
  const looked = takes(ask, "num_images") ? 1 : imagesGiven(ask);
  const count = looked > 1 ? span(made.low, made.expected, Math.max(made.high, looked)) : made;
  return { count, label: countOf(made.expected, "image"), doubt: null };
}

export function countOf(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
