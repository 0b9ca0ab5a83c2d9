import { createPortableSha256, type Sha256 } from "./portable-sha256.ts";

/**
 * `node:crypto` where the runtime has it (Node, Bun, Deno, Workers with Node compatibility), found without an import so
 * that a browser can load this file.
 */
const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");

const encoder = new TextEncoder();

/** SHA-256 of text (as UTF-8) or bytes: 64 lower-case hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  // In one step where the runtime can (Node since 20.12), for every call is hashed twice.
  if (crypto?.hash) return crypto.hash("sha256", content, "hex");
  if (crypto) return crypto.createHash("sha256").update(content).digest("hex");
  const hash = createPortableSha256();
  hash.update(typeof content === "string" ? encoder.encode(content) : content);
  return hash.hex();
}

/** SHA-256 in pieces. */
export function createSha256(): Sha256 {
  return crypto ? native(crypto.createHash("sha256")) : createPortableSha256();
}

function native(hash: import("node:crypto").Hash): Sha256 {
  return {
    update: (bytes) => void hash.update(bytes),
    copy: () => native(hash.copy()),
    hex: () => hash.digest("hex"),
  };
}

/** SHA-256 of a file's bytes, read piece by piece. Its name and content type do not count. */
export async function blobSha256(blob: Blob): Promise<string> {
  const hash = createSha256();
  for await (const piece of blob.stream()) hash.update(piece);
  return hash.hex();
}
