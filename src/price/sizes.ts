import { OptionsError } from "../errors.ts";
import { shown } from "./ask.ts";
import { exactly, type Span, span } from "./span.ts";

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** fal counts a megapixel as 1024 × 1024 pixels. */
export const MEGAPIXEL = 1_048_576;

/** No endpoint makes or takes an image with a longer side. */
const LONGEST_SIDE = 16_384;

const PRESETS: Record<string, Size> = {
  square: { width: 512, height: 512 },
  square_hd: { width: 1024, height: 1024 },
  portrait_4_3: { width: 768, height: 1024 },
  portrait_16_9: { width: 576, height: 1024 },
  landscape_4_3: { width: 1024, height: 768 },
  landscape_16_9: { width: 1024, height: 576 },
};

/** What `auto` and its kin may become, in megapixels. */
const AUTO: Record<string, Span> = {
  auto_1k: span(0.5, 1, 2),
  auto_2k: span(2, 4, 5),
  auto_3k: span(4, 9, 10),
  auto_4k: span(8, 16, 17),
};

const SPELLED = /^(\d{1,5})\s*[x×*]\s*(\d{1,5})$/i;

/**
 * Reads an image size: a preset name, `"1024x1536"`, or `{ width, height }` (fal takes 512 for a side left out).
 * `null` for a name whose size is not fixed, such as `auto`.
 * @throws OptionsError naming `input.<name>` for sides that are not whole numbers from 1 to 16384.
 */
export function readSize(value: unknown, name: string): Size | null {
  if (typeof value === "string") {
    const preset = Object.hasOwn(PRESETS, value) ? PRESETS[value] : undefined;
    if (preset) return preset;
    const [, width, height] = SPELLED.exec(value) ?? [];
    return width && height ? checked({ width: Number(width), height: Number(height) }, name) : null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OptionsError(`input.${name}`, "a size preset or { width, height }", shown(value));
  }
  const { width = 512, height = 512 } = value as { width?: unknown; height?: unknown };
  return checked({ width, height }, name);
}

function checked(size: { width: unknown; height: unknown }, name: string): Size {
  for (const side of ["width", "height"] as const) {
    const pixels = size[side];
    if (!(typeof pixels === "number" && Number.isInteger(pixels) && pixels >= 1 && pixels <= LONGEST_SIDE)) {
      throw new OptionsError(`input.${name}.${side}`, `whole pixels from 1 to ${LONGEST_SIDE}`, shown(pixels));
    }
  }
  return size as Size;
}

/** Megapixels that a named but unfixed size may become; `null` for a name never seen. */
export function autoMegapixels(name: string): Span | null {
  return Object.hasOwn(AUTO, name.toLowerCase()) ? AUTO[name.toLowerCase()]! : null;
}

/**
 * Megapixels of one image as billed: `high` rounds up to whole ones, as fal's own demo does; `low` is the bare area, since a
 * recorded bill for 1376 × 768 was one megapixel and not two.
 */
export function megapixels({ width, height }: Size): Span {
  const area = (width * height) / MEGAPIXEL;
  const whole = Math.ceil(area);
  return whole === area ? exactly(area) : { low: area, expected: whole, high: whole };
}

const LABELS: Record<string, number> = { "1k": 1024, "2k": 2048, "3k": 3072, "4k": 4096, "0.5k": 512 };
const LINES = /^(\d{3,4})p$/i;
const MEGA = /^(\d+(?:\.\d+)?)\s?mp$/i;

/** How many pixels a resolution's name stands for, relative to others of its kind; `null` for `auto` and unknown names. */
export function resolutionArea(name: string): number | null {
  const label = Object.hasOwn(LABELS, name.toLowerCase()) ? LABELS[name.toLowerCase()]! : 0;
  if (label > 0) return label * label;
  const lines = LINES.exec(name)?.[1];
  if (lines) return (Number(lines) * Number(lines) * 16) / 9;
  const mega = MEGA.exec(name)?.[1];
  if (mega) return Number(mega) * MEGAPIXEL;
  const [, width, height] = SPELLED.exec(name) ?? [];
  return width && height ? Number(width) * Number(height) : null;
}
