/** What a request asks for, read the way a model reads it: sizes, seconds, characters, counts. */

export type Input = Readonly<Record<string, unknown>>;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The names that fal's image endpoints accept for `image_size` (fal documentation, April 2026). */
const NAMED_SIZES: Readonly<Record<string, Size>> = {
  square: { width: 512, height: 512 },
  square_hd: { width: 1024, height: 1024 },
  portrait_4_3: { width: 768, height: 1024 },
  portrait_16_9: { width: 576, height: 1024 },
  landscape_4_3: { width: 1024, height: 768 },
  landscape_16_9: { width: 1024, height: 576 },
};

const ONE_MEGAPIXEL = 1024 * 1024;

/** No model at fal draws a longer side; a larger request is a mistake. */
const LONGEST_SIDE = 14_142;

/** The size asked for, by name, by numbers, as `"1024x768"` or as an aspect ratio of one megapixel; `null` when it is none of these. */
export function imageSize(endpointId: string, input: Input): Size | null {
  const asked = input.image_size ?? input.size;
  if (asked === undefined && typeof input.aspect_ratio === "string") return ofRatio(input.aspect_ratio);
  if (asked === undefined && input.width !== undefined) return ofNumbers(input.width, input.height);
  if (asked === undefined || asked === "auto")
    return NAMED_SIZES[/flux-subject/.test(endpointId) ? "square_hd" : "landscape_4_3"]!;
  if (typeof asked === "string") {
    const [, width, height] = /^(\d{1,5})\s*x\s*(\d{1,5})$/.exec(asked) ?? [];
    return Object.hasOwn(NAMED_SIZES, asked) ? NAMED_SIZES[asked]! : ofNumbers(Number(width), Number(height));
  }
  if (typeof asked !== "object" || asked === null) return null;
  return ofNumbers((asked as Input).width, (asked as Input).height);
}

function ofNumbers(width: unknown, height: unknown): Size | null {
  return isSide(width) && isSide(height) ? { width, height } : null;
}

function isSide(side: unknown): side is number {
  return Number.isInteger(side) && (side as number) >= 1 && (side as number) <= LONGEST_SIDE;
}

function ofRatio(ratio: string): Size | null {
  const [, across, down] = /^(\d{1,2}):(\d{1,2})$/.exec(ratio) ?? [];
  if (ratio === "auto") return NAMED_SIZES.square_hd!;
  if (!Number(across) || !Number(down)) return null;
  const width = Math.sqrt((ONE_MEGAPIXEL * Number(across)) / Number(down));
  const height = ONE_MEGAPIXEL / width;
  return { width: Math.max(16, Math.floor(width / 16) * 16), height: Math.max(16, Math.floor(height / 16) * 16) };
}

/** No model at fal makes more at once, and the emulator draws them one by one. */
const MADE_AT_ONCE_MAX = 32;

/** How many pictures, videos or takes are asked for; `null` when it is no whole number from 1 to 32. @default 1 */
export function howMany(input: Input): number | null {
  const asked = input.num_images ?? input.num_videos ?? input.num_samples ?? 1;
  return Number.isInteger(asked) && (asked as number) >= 1 && (asked as number) <= MADE_AT_ONCE_MAX
    ? (asked as number)
    : null;
}

const LENGTH_FIELDS = ["duration", "seconds_total", "duration_seconds", "audio_length", "video_length", "max_duration"];

/** The seconds asked for, from a number, `"8"` or `"8s"`, or from frames; `null` when the input does not say. Ten hours at most. */
export function secondsAsked(input: Input): number | null {
  for (const field of LENGTH_FIELDS) {
    const asked = input[field];
    const seconds = typeof asked === "string" ? Number(asked.replace(/s$/, "")) : asked;
    if (typeof seconds === "number" && seconds > 0 && seconds <= 36_000) return seconds;
  }
  const frames = input.num_frames;
  const rate = input.frames_per_second ?? input.fps ?? 16;
  if (typeof frames === "number" && frames > 0 && typeof rate === "number" && rate > 0) {
    return Math.min(36_000, frames / rate);
  }
  return null;
}

/** The words to be drawn, spoken or answered. */
export function textOf(input: Input): string {
  for (const field of ["prompt", "gen_text", "text", "lyrics", "input"]) {
    if (typeof input[field] === "string") return input[field];
  }
  return "";
}

/** Characters as people count them: code points, not UTF-16 halves. */
export function charactersOf(input: Input): number {
  let count = 0;
  for (const _ of textOf(input)) count++;
  return count;
}
