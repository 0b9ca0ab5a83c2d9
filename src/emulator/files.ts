import { randomUUID } from "node:crypto";

/** One file may be this large, its parts together. */
export const FILE_BYTES_MAX = 512 * 1024 * 1024;

/** All files together; the oldest go first. */
const BYTES_MAX = 1024 * 1024 * 1024;
const FILES_MAX = 1_000;

/** The largest part number that a multipart upload may use. */
const PARTS_MAX = 10_000;

interface Upload {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly parts: Map<number, Uint8Array<ArrayBuffer>>;
  bytes: number;
  complete: boolean;
}

/** Why a part was not taken. */
export type UploadFailure = "unknown" | "too-large" | "bad-part";

/** What callers uploaded, in memory. */
export class Files {
  readonly #uploads = new Map<string, Upload>();
  #bytes = 0;

  /** Makes room for a file; its id is in both addresses that the caller gets. */
  initiate(name: string, contentType: string): { id: string; name: string } {
    const id = randomUUID();
    const safeName = name.replace(/[^\w.-]/g, "_").slice(-100) || "file";
    this.#uploads.set(id, { id, name: safeName, contentType, parts: new Map(), bytes: 0, complete: false });
    this.#forget();
    return { id, name: safeName };
  }

  /** Takes one part, in place of an earlier one of the same number. */
  put(id: string, part: number, bytes: Uint8Array<ArrayBuffer>): UploadFailure | null {
    const upload = this.#uploads.get(id);
    if (!upload) return "unknown";
    if (!(Number.isInteger(part) && part >= 1 && part <= PARTS_MAX)) return "bad-part";
    const grown = bytes.length - (upload.parts.get(part)?.length ?? 0);
    if (upload.bytes + grown > FILE_BYTES_MAX) return "too-large";
    upload.parts.set(part, bytes);
    upload.bytes += grown;
    this.#bytes += grown;
    this.#forget();
    return null;
  }

  /** Makes the file readable. With `parts`, exactly those must have arrived. */
  complete(id: string, parts?: readonly number[]): UploadFailure | null {
    const upload = this.#uploads.get(id);
    if (!upload) return "unknown";
    if (parts && (parts.length !== upload.parts.size || !parts.every((part) => upload.parts.has(part))))
      return "bad-part";
    upload.complete = true;
    return null;
  }

  read(id: string): { blob: Blob; contentType: string } | null {
    const upload = this.#uploads.get(id);
    if (!upload?.complete) return null;
    const inOrder = [...upload.parts].sort(([left], [right]) => left - right).map(([, bytes]) => bytes);
    return { blob: new Blob(inOrder), contentType: upload.contentType };
  }

  #forget(): void {
    for (const upload of this.#uploads.values()) {
      if (this.#uploads.size <= FILES_MAX && this.#bytes <= BYTES_MAX) return;
      this.#uploads.delete(upload.id);
      this.#bytes -= upload.bytes;
    }
  }
}
