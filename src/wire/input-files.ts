import { type MediaFacts, MOST_MEDIA_BYTES, mediaFacts } from "./media-facts.ts";

/** A file that an input carries or points at, and where in the input: `audio_url`, `image_urls[1]`. */
export interface InputFile {
  path: string;
  file: string | Blob;
}

/** More files than this are not looked for in one input. */
const MOST_FILES = 16;
const ADDRESS = /^(?:https?|data):/i;
const DATA_URI = /^data:[^,]{0,200};base64,/i;

const none: readonly InputFile[] = [];

/** The files in an input: Blobs, data URIs and addresses that are its parameters, or stand in lists of them. */
export function filesIn(input: unknown): readonly InputFile[] {
  if (typeof input !== "object" || input === null) return none;
  const found: InputFile[] = [];
  const look = (path: string, value: unknown) => {
    if (isFile(value) && found.length < MOST_FILES) found.push({ path, file: value });
  };
  for (const [name, value] of Object.entries(input)) {
    if (!Array.isArray(value)) look(name, value);
    else for (const [index, each] of value.slice(0, MOST_FILES).entries()) look(`${name}[${index}]`, each);
  }
  return found;
}

function isFile(value: unknown): value is string | Blob {
  return typeof value === "string" ? ADDRESS.test(value) : value instanceof Blob;
}

/**
 * What the files say of themselves, by where they stand. Nothing is fetched: of an address only that is known which `uploaded` knows.
 * Files that tell nothing are left out. Never throws.
 */
export async function readFiles(
  files: readonly InputFile[],
  uploaded: (fileUrl: string) => MediaFacts | undefined,
): Promise<ReadonlyMap<string, MediaFacts>> {
  const known = new Map<string, MediaFacts>();
  for (const { path, file } of files) {
    const bytes = await bytesOf(file);
    const facts = bytes ? await mediaFacts(bytes) : typeof file === "string" ? uploaded(file) : undefined;
    if (facts) known.set(path, facts);
  }
  return known;
}

async function bytesOf(file: string | Blob): Promise<Uint8Array | null> {
  if (typeof file !== "string") {
    return file.size > MOST_MEDIA_BYTES
      ? null
      : file.arrayBuffer().then(
          (buffer) => new Uint8Array(buffer),
          () => null,
        );
  }
  const head = DATA_URI.exec(file.slice(0, 256))?.[0];
  return head === undefined ? null : decoded(file.slice(head.length));
}

/** `null` for what is no base64 or would be more than is looked into. */
function decoded(base64: string): Uint8Array | null {
  if ((base64.length / 4) * 3 > MOST_MEDIA_BYTES) return null;
  if (globalThis.Buffer) return globalThis.Buffer.from(base64, "base64");
  try {
    return Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
  } catch {
    return null;
  }
}
