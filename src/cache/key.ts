import type { EndpointId } from "../call.ts";
import { OptionsError } from "../errors.ts";
import { blobSha256, sha256 } from "./sha256.ts";

/** What is known of the bytes behind file URLs. */
export interface ContentHashes {
  /** SHA-256 (hexadecimal) of the bytes behind a URL, where they are known. */
  hashOf(fileUrl: string): string | undefined;
}

const DEEPEST = 100;
const LONGEST_KEY_SHOWN = 40;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const JSON_OR_FILE = "something that JSON can carry, or a Blob";

/**
 * The cache key of a request whose input is still as the caller wrote it: SHA-256 (hexadecimal) over the endpoint and the
 * canonical input. Two requests have the same key exactly when fal would see the same contents: the order of keys does
 * not count, `undefined` is dropped, Dates are their ISO strings, a Blob or File is its bytes (not its name or type), and
 * a URL that `uploads` knows is the bytes behind it, so that a Blob and its upload have one key.
 * @throws OptionsError naming the path (`input.mask`) of what JSON would silently lose or cannot carry: a Map, Set,
 * function, symbol, bigint, NaN, Infinity, an instance without `toJSON`, a cycle, or anything deeper than 100.
 */
export async function requestKey(endpointId: EndpointId, input: unknown, uploads?: ContentHashes): Promise<string> {
  const blobs: Blob[] = [];
  const text = canonical(input, uploads, blobs);
  const hashes: string[] = [];
  for (const blob of blobs) hashes.push(await blobSha256(blob));
  return keyOf(
    endpointId,
    text.replace(BLOB_PLACE, (_, index: string) => contentToken(hashes[Number(index)]!)),
  );
}

/**
 * The same key from the parsed JSON body of a request.
 * @throws OptionsError when it is deeper than 100, or is not JSON after all.
 */
export function wireKey(endpointId: EndpointId, json: unknown, uploads?: ContentHashes): string {
  return keyOf(endpointId, canonical(json, uploads, null));
}

/**
 * SHA-256 (hexadecimal) of the canonical JSON of an input, whatever the endpoint. Without `uploads` file URLs count as they
 * stand, which is how fal's own list of requests shows them.
 * @throws OptionsError as `wireKey` does.
 */
export function inputDigest(json: unknown, uploads?: ContentHashes): string {
  return sha256(canonical(json, uploads, null));
}

function keyOf(endpointId: EndpointId, canonicalInput: string): string {
  return sha256(`${JSON.stringify(endpointId)}${canonicalInput}`);
}

/** Stands unquoted in the canonical text, so that no string an input may hold can pass for a file. */
function contentToken(hash: string): string {
  return `sha256:${hash}`;
}

/** Where a Blob stands until its bytes are read. JSON escapes U+0000, so nothing else in canonical text looks like it. */
function blobPlace(index: number): string {
  return `\0${index}\0`;
}
const BLOB_PLACE = new RegExp(`${blobPlace(0).replace("0", "(\\d+)")}`, "g");

interface Walk {
  readonly uploads: ContentHashes | undefined;
  /** Collects the Blobs met; `null` where there can be none. */
  readonly blobs: Blob[] | null;
  readonly trail: (string | number)[];
  readonly ancestors: object[];
}

/** Nothing at all (`undefined`) is the empty text: a request without a body. */
function canonical(input: unknown, uploads: ContentHashes | undefined, blobs: Blob[] | null): string {
  return write(input, { uploads, blobs, trail: [], ancestors: [] }) ?? "";
}

/** Answers `undefined` for what JSON drops. */
function write(value: unknown, walk: Walk): string | undefined {
  switch (typeof value) {
    case "string":
      return writeString(value, walk);
    case "number":
      if (!Number.isFinite(value)) refuse(walk, "a finite number, for JSON turns others into null", value);
      return String(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : writeObject(value, walk, "ask-toJSON");
    case "undefined":
      return undefined;
    default:
      return refuse(walk, JSON_OR_FILE, `a ${typeof value}`);
  }
}

function writeString(value: string, walk: Walk): string {
  if (walk.uploads && value.startsWith("http")) {
    const hash = walk.uploads.hashOf(value);
    if (hash !== undefined) return contentToken(hash);
  }
  return JSON.stringify(value);
}

function writeObject(value: object, walk: Walk, toJSON: "ask-toJSON" | "toJSON-asked"): string | undefined {
  const list = Array.isArray(value);
  const plain = list || isPlain(value);
  if (!plain) {
    const bytes = writeBytes(value, walk);
    if (bytes !== undefined) return bytes;
  }
  if (toJSON === "ask-toJSON" && typeof (value as { toJSON?: unknown }).toJSON === "function") {
    if (value instanceof Date && Number.isNaN(value.getTime())) refuse(walk, "a valid Date", "an invalid Date");
    const told = (value as { toJSON(key: string): unknown }).toJSON(String(walk.trail.at(-1) ?? ""));
    return typeof told === "object" && told !== null ? writeObject(told, walk, "toJSON-asked") : write(told, walk);
  }
  if (!plain) refuse(walk, JSON_OR_FILE, `an instance of ${value.constructor?.name || "a class"}`);
  if (walk.ancestors.includes(value)) refuse(walk, "free of cycles", "an object that holds itself");
  if (walk.ancestors.length >= DEEPEST) refuse(walk, `at most ${DEEPEST} levels deep`, "something deeper");
  walk.ancestors.push(value);
  const text = list ? writeArray(value, walk) : writeRecord(value as Record<string, unknown>, walk);
  walk.ancestors.pop();
  return text;
}

function writeArray(list: readonly unknown[], walk: Walk): string {
  let text = "[";
  for (let index = 0; index < list.length; index++) {
    walk.trail.push(index);
    text += `${index === 0 ? "" : ","}${write(list[index], walk) ?? "null"}`;
    walk.trail.pop();
  }
  return `${text}]`;
}

function writeRecord(record: Record<string, unknown>, walk: Walk): string {
  let text = "{";
  for (const key of Object.keys(record).sort()) {
    walk.trail.push(key);
    const member = write(record[key], walk);
    walk.trail.pop();
    if (member !== undefined) text += `${text === "{" ? "" : ","}${JSON.stringify(key)}:${member}`;
  }
  return `${text}}`;
}

function writeBytes(value: object, walk: Walk): string | undefined {
  if (value instanceof Blob) {
    if (!walk.blobs) refuse(walk, "JSON", "a Blob");
    return blobPlace(walk.blobs.push(value) - 1);
  }
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (value instanceof ArrayBuffer) return `${kind}:${sha256(new Uint8Array(value))}`;
  // The kind counts: the same four bytes are one float or four small integers.
  if (ArrayBuffer.isView(value)) {
    return `${kind}:${sha256(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  }
  return undefined;
}

/** A record of any realm: its prototype is the root of its realm, or there is none. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function refuse(walk: Walk, wanted: string, got: unknown): never {
  let path = "input";
  for (const step of walk.trail) {
    if (typeof step === "number") path += `[${step}]`;
    else if (IDENTIFIER.test(step) && step.length <= LONGEST_KEY_SHOWN) path += `.${step}`;
    else path += `[${JSON.stringify(step.slice(0, LONGEST_KEY_SHOWN))}]`;
  }
  throw new OptionsError(path, wanted, got);
}
