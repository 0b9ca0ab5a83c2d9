import { OptionsError } from "../errors.ts";
import { type Ask, given, settled } from "./ask.ts";
import { ownSeconds } from "./known-files.ts";
import { readSize } from "./sizes.ts";
import { textLength } from "./text.ts";
import { imagesGiven } from "./units/images.ts";

/*
 * Requests of one shape should be billed alike, so bills are kept by shape: the parameters that can bear on a price, and nothing that
 * a person wrote or made. No prompt, no address and no seed is ever part of it.
 */

/** Numbers that bear on a price. Seeds, strengths and guidance do not. */
const NUMBERS =
  /^(num_\w+|number_of_\w+|max_images|max_tokens|\w*steps|\w*duration\w*|\w*seconds\w*|\w*frames\w*|fps|\w*_fps|frame_rate|width|height|target_width|target_height|\w*scale|\w*factor|\w*_ms|scale)$/;
const NO_NUMBER = /guidance|cfg|strength|conditioning|lora/;

/** Choices by name. A value of any other parameter could be something that a person wrote. */
const CHOICES =
  /^(\w*resolution|\w*aspect_ratio|\w*quality|\w*duration|\w*mode|\w*model|\w*tier|dimensions|size|style|rendering_speed|performance|acceleration|num_frames|\w*fps|thinking_level|\w*speed|\w*factor)$/;
/** One short word, as a choice is: `720p`, `16:9`, `gpt-image-1`, `1024x1024`. */
const WORD = /^[\w.:×-]{1,24}$/;

const NO_SWITCH = /^(sync_mode|enable_safety_checker|enable_safety_check|enable_logging)$/;
const MEDIA = /_urls?$|^(audio|video|image|loras|file)s?$/;
const SIZES = /^(image_size|video_size)$/;

/** Texts of one bucket are taken to cost alike. */
const BUCKETS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000];
/** Recordings of one bucket are taken to cost alike. */
const LENGTHS = [5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200];
/** Where the prompt itself is what is spoken or read. */
const READS_PROMPT = /tts|speech|voice|dialog|avatar|llm|chat|vision|caption/;

/** The first bucket is taken to begin at a fifth of its end. */
const FIRST_BEGINS = 5;

/** Where the bucket that ends at `most` begins. */
export function bucketStart(kind: "characters" | "seconds", most: number): number {
  const ends = kind === "characters" ? BUCKETS : LENGTHS;
  return ends[ends.indexOf(most) - 1] ?? most / FIRST_BEGINS;
}

const MOST_PARAMETERS = 24;
const LONGEST_READABLE = 160;

/** The shape of a request: a short digest, then its parameters, such as `1c9e0a42 duration=8 resolution=720p`. Up to 170 characters. */
export function billShape(ask: Ask): string {
  const names = new Set([...Object.keys(ask.shape.parameters), ...Object.keys(ask.input)]);
  const parts: string[] = [];
  for (const name of [...names].sort()) {
    const value = parts.length < MOST_PARAMETERS ? shapeOfParameter(ask, name) : null;
    if (value !== null) parts.push(`${name}=${value}`);
  }
  const images = imagesGiven(ask);
  if (images > 0) parts.push(`images=${images}`);
  const characters = textLength(ask, READS_PROMPT.test(ask.endpointId));
  if (characters !== null) parts.push(`characters<=${BUCKETS.find((most) => characters <= most) ?? "more"}`);
  const seconds = ownSeconds(ask)?.high;
  if (seconds !== undefined) parts.push(`seconds<=${LENGTHS.find((most) => seconds <= most) ?? "more"}`);
  const whole = parts.join(" ");
  return `${digest(whole)} ${whole.slice(0, LONGEST_READABLE)}`.trimEnd();
}

function shapeOfParameter(ask: Ask, name: string): string | null {
  if (!/^\w{1,40}$/.test(name)) return null;
  const value = settled(ask, name);
  if (typeof value === "number") return NUMBERS.test(name) && !NO_NUMBER.test(name) ? String(value) : null;
  if (typeof value === "boolean") return NO_SWITCH.test(name) ? null : String(value);
  if (SIZES.test(name)) return sizeOf(value, name);
  if (typeof value === "string" && value !== "") return choiceOf(ask, name, value);
  if (Array.isArray(value) && MEDIA.test(name) && !name.includes("image")) return String(value.length);
  return null;
}

function choiceOf(ask: Ask, name: string, value: string): string | null {
  const listed = ask.shape.parameters[name]?.options.includes(value) ?? false;
  if (WORD.test(value) && (listed || CHOICES.test(name))) return value;
  return MEDIA.test(name) && !name.includes("image") && given(ask, name) !== undefined ? "given" : null;
}

function sizeOf(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  try {
    const size = readSize(value, name);
    return size ? `${size.width}x${size.height}` : WORD.test(String(value)) ? String(value) : "unknown";
  } catch (error) {
    if (error instanceof OptionsError) return "unknown";
    throw error;
  }
}

/** FNV-1a, 32 bits: it tells shapes apart whose readable part was cut, and hides nothing. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
