import { type Ask, given } from "./ask.ts";
import type { Size } from "./sizes.ts";
import { type Span, span } from "./span.ts";

/** What a file says of itself. */
export type KnownFile =
  | { readonly kind: "image"; readonly width: number; readonly height: number }
  | { readonly kind: "audio" | "video"; readonly seconds: number };

/** Files of an input that were looked into, by where they stand in it: `audio_url`, `image_urls[1]`. */
export type KnownFiles = ReadonlyMap<string, KnownFile>;

export const noFiles: KnownFiles = new Map();

/** How an estimate says what it learned from the files themselves. */
export function inWords(files: KnownFiles): string {
  const kinds = new Set([...files.values()].map(({ kind }) => kind));
  const sized = kinds.delete("image");
  return sized ? (kinds.size > 0 ? "the files' own length and size" : "the image's own size") : "the file's own length";
}

/** A file that a parameter has, and what is known of it. */
interface GivenFile {
  readonly name: string;
  readonly known: KnownFile | null;
}

const ADDRESS = /^(?:https?|data|blob):/i;

/** The files under parameters of such a name, in the order of the input. */
function filesUnder(ask: Ask, names: RegExp): GivenFile[] {
  const found: GivenFile[] = [];
  for (const name in ask.input) {
    if (!names.test(name)) continue;
    const value = given(ask, name);
    const list = Array.isArray(value);
    (list ? (value as unknown[]) : [value]).forEach((each, index) => {
      if (typeof each === "string" ? !ADDRESS.test(each) : typeof each !== "object" || each === null) return;
      found.push({ name, known: ask.files.get(list ? `${name}[${index}]` : name) ?? null });
    });
  }
  return found;
}

const RECORDINGS = /audio|video/;
/** A sample of a voice or a style is listened to; it does not say how long the rest will be. */
const SAMPLES = /voice|ref|style/;
/** What these make is longer than what they are given. */
const LENGTHENS = /outpaint|extend/;

/**
 * Seconds of the recordings in the request; fal may count the second that one ends in, for a file and what is in it differ by some
 * frames. Of several parameters any may count, from the shortest to the longest; those of one list
 * count together. `null` where one of them is not known.
 */
export function ownSeconds(ask: Ask): Span | null {
  if (ask.files.size === 0 || LENGTHENS.test(ask.endpointId)) return null;
  const files = filesUnder(ask, RECORDINGS);
  const heard = files.filter(({ name }) => !SAMPLES.test(name));
  const sums = new Map<string, number>();
  for (const { name, known } of heard.length > 0 ? heard : files) {
    if (known === null || known.kind === "image") return null;
    sums.set(name, (sums.get(name) ?? 0) + known.seconds);
  }
  if (sums.size === 0) return null;
  const seconds = [...sums.values()];
  const longest = Math.max(...seconds);
  return span(Math.min(...seconds), longest, Math.ceil(longest));
}

const IMAGES = /image/;
const NO_IMAGE = /data_url|size|format|strength/;

/** Sizes of the images in the request; `null` where one of them is not known, or where there is none. */
export function ownSizes(ask: Ask): readonly Size[] | null {
  if (ask.files.size === 0) return null;
  const sizes: Size[] = [];
  for (const { name, known } of filesUnder(ask, IMAGES)) {
    if (NO_IMAGE.test(name)) continue;
    if (known?.kind !== "image") return null;
    sizes.push(known);
  }
  return sizes.length > 0 ? sizes : null;
}
