import { bucketStart } from "./bill-shape.ts";
import { resolutionArea } from "./sizes.ts";

/*
 * How much more one request may cost than another of which bills are known, by their shapes alone: a price grows at most as the numbers
 * that bear on it do, and a choice changes it by no more than grades of one model do.
 */

/** What another word, and another position of a switch, may make of a price. */
const OTHER_CHOICE = 4;
const OTHER_SWITCH = 2;
/** A file whose length nobody saw may be so much longer than those that were billed. */
const UNSEEN_LENGTH = 4;
const SIZE = /^(\d+)x(\d+)$/;
const NUMBER = /^(\d+(?:\.\d+)?)s?$/;
const BUCKET = /^(characters|seconds)<=(.+)$/;

type Parts = ReadonlyMap<string, string>;

/** How much more a request may cost than another of its own shape. */
export function widthOf(shape: string): number {
  const parts = partsOf(shape);
  let width = 1;
  for (const [name, value] of parts) {
    if (name === "characters" || name === "seconds")
      width *= Number(value) / bucketStart(name, Number(value)) || UNSEEN_LENGTH;
  }
  const recorded = [...parts].some(([name, value]) => value === "given" && /audio|video/.test(name));
  return recorded && !parts.has("seconds") ? width * UNSEEN_LENGTH : width;
}

/** The most that a request may come to by the bills of another shape, as a multiple of the largest of them. */
export function growth(asked: string, billed: string): number {
  const [wanted, known] = [partsOf(asked), partsOf(billed)];
  let times = widthOf(billed);
  for (const name of new Set([...wanted.keys(), ...known.keys()]))
    times *= growthOf(name, wanted.get(name), known.get(name));
  return times;
}

function growthOf(name: string, wanted: string | undefined, known: string | undefined): number {
  if (wanted === known) return 1;
  const [to, from] = [magnitude(name, wanted), magnitude(name, known)];
  if (to !== null && from !== null && from > 0) return Math.max(1, to / from);
  const switched = [wanted, known].every((value) => value === undefined || value === "true" || value === "false");
  return switched ? OTHER_SWITCH : OTHER_CHOICE;
}

function magnitude(name: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const [, width, height] = SIZE.exec(value) ?? [];
  if (width && height) return Number(width) * Number(height);
  const number = NUMBER.exec(value)?.[1];
  if (number === undefined) return resolutionArea(value);
  return /scale|factor/.test(name) ? Number(number) ** 2 : Number(number);
}

function partsOf(shape: string): Parts {
  const parts = new Map<string, string>();
  for (const part of shape.split(" ").slice(1)) {
    const [, counted, most] = BUCKET.exec(part) ?? [];
    const at = part.indexOf("=");
    if (counted && most) parts.set(counted, most);
    else if (at > 0) parts.set(part.slice(0, at), part.slice(at + 1));
  }
  return parts;
}
