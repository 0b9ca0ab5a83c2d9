import { type Ask, positiveNumber, settled, takes, wholeNumber } from "../ask.ts";
import { ownSizes } from "../known-files.ts";
import { fileLength, lengthOf } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { autoMegapixels, MEGAPIXEL, megapixels, readSize, type Size } from "../sizes.ts";
import { plus, type Span, span, times } from "../span.ts";
import { countOf, imagesGiven, imagesMade } from "./images.ts";

/** A generative model that follows an input image paints at most 2048 × 2048. */
const MOST_PAINTED_MEGAPIXELS = 4;
/** Where neither the input nor the types name a size, up to 3840 × 2160 and a little over. */
const MOST_UNSAID_MEGAPIXELS = 9;
const MOST_FRAMES = 100_000;
/** Models of video make a multiple of some frames, and one; and sides of whole blocks. */
const FRAME_STEP = 8;
const BLOCK_PIXELS = 32;
const FRAME_RATES: Span = { low: 15, expected: 25, high: 60 };
/** 4096 × 2160, and twice each side. */
const LARGEST_FRAME_MEGAPIXELS = 9;
const LARGEST_UPSCALED_FRAME_MEGAPIXELS = 36;
/** Paints 2752 × 1536 and the like. */
const ULTRA = /-ultra(\/|$)/;
const MOST_UPSCALED = 64;

interface Area {
  megapixels: Span;
  label: string;
  doubt: string | null;
}

/** The area of one image made. */
function areaMade(ask: Ask): Area {
  // Beside an image_size, a scale weighs something else.
  if (takes(ask, "upscale_factor") || (takes(ask, "scale") && !takes(ask, "image_size"))) return upscaled(ask);
  const chosen =
    settled(ask, "image_size") ?? pair(ask, "width", "height") ?? pair(ask, "target_width", "target_height");
  if (chosen !== undefined) {
    const size = readSize(chosen, "image_size");
    if (size) return { megapixels: megapixels(size), label: ` of ${size.width} × ${size.height}`, doubt: null };
    const auto = autoMegapixels(String(chosen));
    if (auto)
      return { megapixels: auto, label: ` of ${String(chosen).slice(5)}`, doubt: "the size is left to the model" };
  }
  if (takes(ask, "aspect_ratio") && !takes(ask, "resolution")) {
    if (ULTRA.test(ask.endpointId))
      return { megapixels: span(0.5, 4, 5), label: "", doubt: "it paints about 4 megapixels" };
    return { megapixels: span(0.5, 1, 4), label: "", doubt: "an aspect ratio is taken as 0.5 to 4 megapixels" };
  }
  if (imagesGiven(ask) > 0 || followsImage(ask)) {
    const paints = ["prompt", "num_inference_steps", "image_size"].some((name) => takes(ask, name));
    const own = ownSizes(ask);
    if (own) return paints ? repainted(own) : covering(own.map(megapixels), "");
    const most = paints ? Math.min(MOST_PAINTED_MEGAPIXELS, ask.assumed.imageMegapixels) : ask.assumed.imageMegapixels;
    const doubt = `the size follows the input image; taken as up to ${most} megapixels (prices.inputs.imageMegapixels)`;
    return { megapixels: span(Math.min(0.25, most), Math.min(1, most), most), label: "", doubt };
  }
  const doubt = `the size is not stated; taken as up to ${MOST_UNSAID_MEGAPIXELS} megapixels`;
  return { megapixels: span(0.25, 1, MOST_UNSAID_MEGAPIXELS), label: "", doubt };
}

/** The areas of which one will be made: nobody says which image is followed where there are several. */
function covering(areas: readonly Span[], label: string): Area {
  const low = Math.min(...areas.map((area) => area.low));
  const high = Math.max(...areas.map((area) => area.high));
  return { megapixels: span(low, high, high), label, doubt: null };
}

/** A model that paints over an image shrinks a large one, and may enlarge a small one to a megapixel. */
function repainted(sizes: readonly Size[]): Area {
  const areas = sizes.map((size) => {
    const { low, high } = megapixels(size);
    const most = Math.max(1, Math.min(MOST_PAINTED_MEGAPIXELS, high));
    return span(Math.min(low, 1), most, most);
  });
  return { ...covering(areas, ""), doubt: "a model may paint an image larger or smaller than it was given" };
}

function followsImage(ask: Ask): boolean {
  for (const name in ask.shape.parameters) {
    if (ask.shape.parameters[name]!.required && name.includes("image")) return true;
  }
  return false;
}

function pair(ask: Ask, width: string, height: string): { width: unknown; height: unknown } | undefined {
  if (!takes(ask, width) || !takes(ask, height)) return undefined;
  return { width: settled(ask, width) ?? 1024, height: settled(ask, height) ?? 1024 };
}

/** An upscaler is billed by what it makes: the input's area times the factor squared. */
function upscaled(ask: Ask): Area {
  const factor = positiveNumber(ask, takes(ask, "upscale_factor") ? "upscale_factor" : "scale", 4, MOST_UPSCALED) || 1;
  const own = settled(ask, "upscale_mode") === "target" ? null : ownSizes(ask);
  if (own) {
    const enlarged = ({ width, height }: Size) => megapixels({ width: width * factor, height: height * factor });
    return covering(own.map(enlarged), ` upscaled ${factor} times`);
  }
  const most = ask.assumed.imageMegapixels * Math.max(1, factor * factor);
  const low = Math.min(0.25, ask.assumed.imageMegapixels);
  const doubt = `the size follows the input image, taken as up to ${ask.assumed.imageMegapixels} megapixels (prices.inputs.imageMegapixels)`;
  return { megapixels: span(low, Math.max(1, factor * factor), most), label: ` upscaled ${factor} times`, doubt };
}

export function megapixelCount(ask: Ask): Quantity {
  if (videoLike(ask)) return videoMegapixels(ask);
  const made = imagesMade(ask);
  const area = areaMade(ask);
  return {
    count: times(area.megapixels, made),
    label: `${countOf(made.expected, "image")}${area.label}`,
    doubt: area.doubt,
  };
}

/**
 * Everything the model looks at and everything it makes. Images given count too, each at least one megapixel and at most
 * four, to which such models shrink them.
 */
export function processedMegapixelCount(ask: Ask): Quantity {
  const made = megapixelCount(ask);
  const images = Math.max(imagesGiven(ask), followsImage(ask) ? 1 : 0);
  if (images === 0) return made;
  const own = ownSizes(ask);
  if (own?.length === images) {
    const read = own.map((size) => Math.min(MOST_PAINTED_MEGAPIXELS, Math.max(1, megapixels(size).high)));
    const bare = own.map((size) => Math.min(MOST_PAINTED_MEGAPIXELS, megapixels(size).low));
    const all = total(read);
    return {
      count: plus(made.count, span(total(bare), all, all)),
      label: `${made.label} from ${countOf(images, "image")}`,
      doubt: made.doubt,
    };
  }
  const most = Math.min(MOST_PAINTED_MEGAPIXELS, Math.max(1, ask.assumed.imageMegapixels));
  return {
    count: plus(made.count, span(images * 0.25, images, images * most)),
    label: `${made.label} from ${countOf(images, "image")}`,
    doubt: made.doubt ?? `the size of the input images is not in the request; taken as up to ${most} megapixels each`,
  };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

function videoLike(ask: Ask): boolean {
  return takes(ask, "video_url") || takes(ask, "video_size") || takes(ask, "num_frames");
}

/** A video's megapixels are those of all its frames. */
function videoMegapixels(ask: Ask): Quantity {
  const frame = frameArea(ask);
  const matched = ["match_audio_length", "match_video_length"].some(
    (name) => takes(ask, name) && settled(ask, name) !== false,
  );
  if (takes(ask, "num_frames") && !matched) {
    const stated = wholeNumber(ask, "num_frames", 121, MOST_FRAMES);
    const frames = span(stated, stated, Math.ceil(stated / FRAME_STEP) * FRAME_STEP + 1);
    return {
      count: times(frame, frames),
      label: `${stated} frames`,
      doubt: "a frame's size is rounded as fal sees fit",
    };
  }
  const { seconds, doubt } = matched ? fileLength(ask) : lengthOf(ask);
  const frames = times(seconds, FRAME_RATES);
  return {
    count: times(frame, frames),
    label: `about ${Math.round(frames.expected)} frames`,
    doubt: doubt ?? `the frame rate is taken as ${FRAME_RATES.low} to ${FRAME_RATES.high} a second`,
  };
}

function onGrid(side: number): number {
  return Math.ceil(side / BLOCK_PIXELS) * BLOCK_PIXELS;
}

/** Millions of pixels for `high`, which is the larger count, and megapixels of 1024 × 1024 for `low`. */
function frameArea(ask: Ask): Span {
  const chosen = settled(ask, "video_size");
  const size = chosen === undefined ? null : readSize(chosen, "video_size");
  if (size) {
    const pixels = size.width * size.height;
    const most = onGrid(size.width) * onGrid(size.height);
    return span(pixels / MEGAPIXEL, pixels / 1_000_000, most / 1_000_000);
  }
  const scaled = takes(ask, "upscale_factor") || takes(ask, "scale");
  const factor = scaled
    ? positiveNumber(ask, takes(ask, "upscale_factor") ? "upscale_factor" : "scale", 2, MOST_UPSCALED)
    : 1;
  const most = LARGEST_FRAME_MEGAPIXELS * factor * factor;
  return span(0.2, 0.9, Math.max(LARGEST_FRAME_MEGAPIXELS, Math.min(LARGEST_UPSCALED_FRAME_MEGAPIXELS, most)));
}
