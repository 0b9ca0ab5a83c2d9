import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";
import type { ContentHashes } from "./key.ts";
import type { Sha256 } from "./portable-sha256.ts";
import { createSha256, sha256 } from "./sha256.ts";

/** What a request to an upload URL is: the whole file in one PUT, one part of it, or the end of a multipart upload. */
export type UploadStep =
  | { uploadUrl: string; step: "whole" }
  | { uploadUrl: string; step: "part"; partNumber: number }
  | { uploadUrl: string; step: "complete" };

/**
 * Learns which bytes are behind the URLs of uploaded files, by watching the uploads. A second upload of the same bytes gets
 * another URL from fal; with the hash in its place the request still has the same cache key. `Facts` is what a reader of files
 * finds in the bytes.
 */
export interface Uploads<Facts = unknown> extends ContentHashes {
  /** What the bytes behind a URL say of themselves, where this process uploaded them whole and they said something. */
  factsOf(fileUrl: string): Facts | undefined;
  /** fal answered an initiate request with the URL to upload to and the URL the file will have. */
  initiated(uploadUrl: string, fileUrl: string): void;
  /** Recognises a request that belongs to an initiated upload by its URL. */
  stepOf(url: string): UploadStep | undefined;
  /**
   * Bytes were sent: all of them (`partNumber` null) or a part, counted from 1. Parts are understood in order, and the
   * latest one may be sent again; any other order, and `null` for bytes that could not be read, ends in no knowledge,
   * never in a wrong one.
   */
  part(uploadUrl: string, partNumber: number | null, bytes: Uint8Array | null): void;
  /**
   * fal accepted the upload: the 2xx answer to the whole PUT or to the completion. From here on the hash is known, and kept
   * in the store for other processes. @throws StoreError when it could not be; this process knows it all the same.
   */
  completed(uploadUrl: string): Promise<void>;
  /**
   * Fetches from the store what other processes learned of the file URLs in an input, so that `hashOf` knows. Looks up
   * the first 64 on fal's file hosts that it does not know yet; with none, the store is not touched. @throws StoreError
   */
  recall(input: unknown): Promise<void>;
}

interface Pending<Facts> {
  readonly fileUrl: string;
  /** Of everything before the latest part, so that the part can be sent again. */
  readonly before: Sha256;
  /** Of everything sent so far. */
  readonly upTo: Sha256;
  /** The latest part; 0 for none, `null` for a whole file. */
  readonly latest: number | null;
  /** Being read while the file is on its way. */
  readonly facts: Promise<Facts | null> | null;
}

const NOTE_KIND = "upload";

/** Results live for seven days at most, so a month of knowledge outlives every use of it. */
const NOTE_LIFE_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_PENDING = 1000;
const MAX_RECALLED = 64;

/**
 * @param store Where knowledge is shared; `null` keeps it in this process.
 * @param read Reads the bytes of a whole file, and never throws; `null` where nobody asks what they say. Files that come in parts are
 * not read.
 * @param max The most file URLs remembered; the least recently used are forgotten first. @default 10000
 */
export function createUploads<Facts extends object>(
  store: Pick<Store, "putNote" | "getNote"> | null,
  clock: Clock,
  read: ((bytes: Uint8Array) => Promise<Facts | null>) | null = null,
  max = 10_000,
): Uploads<Facts> {
  const known = new LRUCache<string, string>(atMost(max));
  const facts = new LRUCache<string, Facts>(atMost(max));
  const pending = new LRUCache<string, Pending<Facts>>(atMost(MAX_PENDING));

  return {
    hashOf: (fileUrl) => known.get(fileUrl),
    factsOf: (fileUrl) => facts.get(fileUrl),

    initiated(uploadUrl, fileUrl) {
      const address = addressOf(uploadUrl);
      if (!address) return;
      pending.set(address, { fileUrl, before: createSha256(), upTo: createSha256(), latest: 0, facts: null });
    },

    stepOf(url) {
      const address = addressOf(url);
      if (!address) return undefined;
      if (pending.has(address)) return { uploadUrl: address, step: "whole" };
      const { origin, pathname, search } = new URL(address);
      const [, parent, last] = /^(.*)\/(complete|[1-9]\d{0,5})$/.exec(pathname) ?? [];
      const uploadUrl = `${origin}${parent}${search}`;
      if (last === undefined || !pending.has(uploadUrl)) return undefined;
      return last === "complete"
        ? { uploadUrl, step: "complete" }
        : { uploadUrl, step: "part", partNumber: Number(last) };
    },

    part(uploadUrl, partNumber, bytes) {
      const address = addressOf(uploadUrl) ?? "";
      const upload = pending.get(address);
      if (!upload) return;
      const before = hashBefore(upload, partNumber);
      if (!before || !bytes) {
        pending.delete(address);
        return;
      }
      const upTo = before.copy();
      upTo.update(bytes);
      const reading = partNumber === null && read ? read(bytes) : null;
      pending.set(address, { fileUrl: upload.fileUrl, before, upTo, latest: partNumber, facts: reading });
    },

    async completed(uploadUrl) {
      const address = addressOf(uploadUrl) ?? "";
      const upload = pending.get(address);
      pending.delete(address);
      if (!upload || upload.latest === 0) return;
      const hash = upload.upTo.hex();
      known.set(upload.fileUrl, hash);
      const told = await upload.facts;
      if (told) facts.set(upload.fileUrl, told);
      const at = clock.now();
      const note = { kind: NOTE_KIND, key: sha256(upload.fileUrl), value: hash, at, expiresAt: at + NOTE_LIFE_MS };
      await store?.putNote(note);
    },

    async recall(input) {
      if (!store) return;
      const unknown = new Set<string>();
      collectUrls(input, 0, known, unknown);
      if (unknown.size === 0) return;
      const at = clock.now();
      await Promise.all(
        [...unknown].map(async (url) => {
          const note = await store.getNote(NOTE_KIND, sha256(url), at);
          if (note) known.set(url, note.value);
        }),
      );
    },
  };
}

/** A bound without room set aside for it: most meters see no upload. */
function atMost(entries: number) {
  return { maxSize: entries, sizeCalculation: () => 1 };
}

/** The hash of what stands before a part; `undefined` when the order cannot be understood. */
function hashBefore(upload: Pending<unknown>, partNumber: number | null): Sha256 | undefined {
  const { latest } = upload;
  if (partNumber === null) return latest === null || latest === 0 ? createSha256() : undefined;
  if (partNumber === latest) return upload.before;
  return latest !== null && partNumber === latest + 1 ? upload.upTo : undefined;
}

/** The URL without its fragment, spelled the one way; nothing where it has no host, as of `file:` or `data:`. */
function addressOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, search } = new URL(url);
  if (origin === "null") return undefined;
  return `${origin}${pathname}${search}`;
}

/** fal's file hosts: `fal.media` and everything under it (recorded answers, April 2026). */
const STORAGE_URL = /^https:\/\/(?:[\w-]+\.)*fal\.media\//;

/** As deep as an input may be to have a key. */
const DEEPEST = 100;

function collectUrls(value: unknown, depth: number, known: LRUCache<string, string>, unknown: Set<string>): void {
  if (unknown.size >= MAX_RECALLED) return;
  if (typeof value === "string") {
    if (STORAGE_URL.test(value) && !known.has(value)) unknown.add(value);
  } else if (typeof value === "object" && value !== null && depth < DEEPEST) {
    for (const member of Object.values(value)) collectUrls(member, depth + 1, known, unknown);
  }
}
