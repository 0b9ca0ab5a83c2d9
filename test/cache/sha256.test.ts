import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createPortableSha256 } from "../../src/cache/portable-sha256.ts";
import { blobSha256, createSha256, sha256 } from "../../src/cache/sha256.ts";

const reference = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("hashes text as UTF-8, and a Blob as its bytes", async () => {
  expect(sha256("föx")).toBe(reference(Buffer.from("föx", "utf8")));
  expect(await blobSha256(new Blob(["f", "öx"]))).toBe(sha256("föx"));
});

it.each([
  ["the runtime's", createSha256],
  ["the portable", createPortableSha256],
])("gives the one true hash in any pieces, and copies go their own way: %s", (_, create) => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 5 });
  fc.assert(
    fc.property(pieces, fc.uint8Array({ maxLength: 150 }), fc.uint8Array({ maxLength: 150 }), (start, one, other) => {
      const hash = create();
      for (const piece of start) hash.update(piece);
      const copy = hash.copy();
      hash.update(one);
      copy.update(other);
      expect(hash.hex()).toBe(reference(Buffer.concat([...start, one])));
      expect(copy.hex()).toBe(reference(Buffer.concat([...start, other])));
    }),
    { numRuns: 500 },
  );
});
