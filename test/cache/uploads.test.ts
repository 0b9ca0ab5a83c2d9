import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestKey, wireKey } from "../../src/cache/key.ts";
import { createUploads } from "../../src/cache/uploads.ts";
import { createShelf, handClock } from "./shelf.ts";

const UPLOAD = "https://storage.example/bucket/u1?signature=x%2Fy";
const FILE = "https://v3.fal.media/files/u1.png";
const PART = (n: number) => `https://storage.example/bucket/u1/${n}?signature=x%2Fy`;
const COMPLETE = "https://storage.example/bucket/u1/complete?signature=x%2Fy";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

describe("an upload", () => {
  it("is known by the hash of its bytes once fal accepted it", async () => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    uploads.part(UPLOAD, null, bytesOf("fox"));
    expect(uploads.hashOf(FILE)).toBeUndefined();
    await uploads.completed(UPLOAD);
    expect(uploads.hashOf(FILE)).toBe(hashOf("fox"));
  });

  it("gives the key of its Blob to the request that names its URL", async () => {
    const uploads = createUploads(null, handClock());
    for (const n of [1, 2]) {
      uploads.initiated(`https://storage.example/${n}`, `https://v3.fal.media/files/${n}`);
      uploads.part(`https://storage.example/${n}`, null, bytesOf("fox"));
      await uploads.completed(`https://storage.example/${n}`);
    }
    const keys = [1, 2].map((n) => wireKey("fal-ai/x", { image_url: `https://v3.fal.media/files/${n}` }, uploads));
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).toBe(await requestKey("fal-ai/x", { image_url: new Blob(["fox"]) }));
  });

  it("sent again whole counts as what was sent last", async () => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    uploads.part(UPLOAD, null, bytesOf("hen"));
    uploads.part(UPLOAD, null, bytesOf("fox"));
    await uploads.completed(UPLOAD);
    expect(uploads.hashOf(FILE)).toBe(hashOf("fox"));
  });

  it("in parts has the hash of the whole file, however often a part was sent", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: fc.string(), tries: fc.integer({ min: 1, max: 3 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (parts) => {
          const uploads = createUploads(null, handClock());
          uploads.initiated(UPLOAD, FILE);
          for (const [index, { text, tries }] of parts.entries()) {
            for (let attempt = 1; attempt <= tries; attempt++) uploads.part(UPLOAD, index + 1, bytesOf(text));
          }
          await uploads.completed(UPLOAD);
          const whole = Buffer.concat(parts.map(({ text }) => bytesOf(text)));
          expect(uploads.hashOf(FILE)).toBe(createHash("sha256").update(whole).digest("hex"));
        },
      ),
    );
  });

  it.each<[string, (number | null)[]]>([
    ["a part is missing", [1, 3]],
    ["the first part is missing", [2]],
    ["parts come out of order", [2, 1]],
    ["an early part is sent late", [1, 2, 3, 1]],
    ["a whole file follows a part", [1, null]],
    ["a part follows a whole file", [null, 1]],
    ["nothing was seen", []],
    ["it mended too late", [1, 3, 3, 1, 2]],
  ])("is not known when %s", async (_, order) => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    for (const partNumber of order) uploads.part(UPLOAD, partNumber, bytesOf("piece"));
    await uploads.completed(UPLOAD);
    expect(uploads.hashOf(FILE)).toBeUndefined();
  });

  it.each([[1, 2], [null]])("is not known when the bytes of %s could not be read", async (...order) => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    for (const [index, partNumber] of order.entries()) {
      uploads.part(UPLOAD, partNumber, index === order.length - 1 ? null : bytesOf("piece"));
    }
    await uploads.completed(UPLOAD);
    expect(uploads.hashOf(FILE)).toBeUndefined();
  });

  it("that nobody initiated is not known", async () => {
    const uploads = createUploads(null, handClock());
    uploads.part(UPLOAD, null, bytesOf("fox"));
    uploads.part("no url", null, bytesOf("fox"));
    await uploads.completed(UPLOAD);
    expect(uploads.hashOf(FILE)).toBeUndefined();
  });
});

describe("a request to an upload URL", () => {
  it("is recognised as the whole, a part or the end", () => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    expect(uploads.stepOf(UPLOAD)).toEqual({ uploadUrl: UPLOAD, step: "whole" });
    expect(uploads.stepOf(PART(12))).toEqual({ uploadUrl: UPLOAD, step: "part", partNumber: 12 });
    expect(uploads.stepOf(COMPLETE)).toEqual({ uploadUrl: UPLOAD, step: "complete" });
  });

  it.each([
    "https://storage.example/bucket/u2/1?signature=x%2Fy",
    "https://storage.example/bucket/u1/1",
    "https://storage.example/bucket/u1/0?signature=x%2Fy",
    "https://storage.example/bucket/u1/status?signature=x%2Fy",
    "not a url",
  ])("is not taken for one when it is not: %s", (url) => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    expect(uploads.stepOf(url)).toBeUndefined();
  });

  it("is not one any more after the end", async () => {
    const uploads = createUploads(null, handClock());
    uploads.initiated(UPLOAD, FILE);
    await uploads.completed(UPLOAD);
    expect(uploads.stepOf(UPLOAD)).toBeUndefined();
  });
});

describe("what another process uploaded", () => {
  async function uploadedElsewhere() {
    const [clock, store] = [handClock(), createShelf()];
    const elsewhere = createUploads(store, clock);
    elsewhere.initiated(UPLOAD, FILE);
    elsewhere.part(UPLOAD, null, bytesOf("fox"));
    await elsewhere.completed(UPLOAD);
    return { clock, store, here: createUploads(store, clock) };
  }

  it("is known after asking the store, once", async () => {
    const { store, here } = await uploadedElsewhere();
    expect(here.hashOf(FILE)).toBeUndefined();
    await here.recall({ images: [{ url: FILE }, { url: FILE }] });
    expect(here.hashOf(FILE)).toBe(hashOf("fox"));
    await here.recall({ image_url: FILE });
    expect(store.reads).toBe(1);
  });

  it("costs nothing to an input without fal's file URLs", async () => {
    const { store, here } = await uploadedElsewhere();
    for (const url of [
      "https://example.com/a.png",
      "https://evil.com/https://fal.media/",
      "https://notfal.media/a",
      FILE.slice(8),
    ]) {
      await here.recall({ prompt: "a fox", image_url: url });
    }
    await here.recall(undefined);
    expect(store.reads).toBe(0);
  });

  it("is looked up for 64 URLs of one input at most", async () => {
    const { store, here } = await uploadedElsewhere();
    await here.recall(Array.from({ length: 100 }, (_, n) => `https://v3.fal.media/files/${n}`));
    expect(store.reads).toBe(64);
  });

  it("is forgotten after a month", async () => {
    const { clock, here } = await uploadedElsewhere();
    clock.pass(30 * 24 * 3_600_000);
    await here.recall([FILE]);
    expect(here.hashOf(FILE)).toBeUndefined();
  });
});

describe("what a file says of itself", () => {
  const read = async (bytes: Uint8Array) => (bytes.length > 0 ? { length: bytes.length } : null);

  it("is known once fal accepted the upload, as it was sent last", async () => {
    const uploads = createUploads(null, handClock(), read);
    uploads.initiated(UPLOAD, FILE);
    uploads.part(UPLOAD, null, bytesOf("a hen"));
    uploads.part(UPLOAD, null, bytesOf("fox"));
    expect(uploads.factsOf(FILE)).toBeUndefined();
    await uploads.completed(UPLOAD);
    expect(uploads.factsOf(FILE)).toEqual({ length: 3 });
  });

  it("is not known of a file that came in parts, that said nothing, or that nobody read", async () => {
    const asked: [typeof read | null, number | null, string][] = [
      [read, 1, "fox"],
      [read, null, ""],
      [null, null, "fox"],
    ];
    for (const [reader, partNumber, text] of asked) {
      const uploads = createUploads(null, handClock(), reader);
      uploads.initiated(UPLOAD, FILE);
      uploads.part(UPLOAD, partNumber, bytesOf(text));
      await uploads.completed(UPLOAD);
      expect(uploads.factsOf(FILE)).toBeUndefined();
      expect(uploads.hashOf(FILE)).toBe(hashOf(text));
    }
  });

  it("is remembered of so many files", async () => {
    const uploads = createUploads(null, handClock(), read, 2);
    for (const n of [1, 2, 3]) {
      uploads.initiated(`https://storage.example/${n}`, `https://v3.fal.media/files/${n}`);
      uploads.part(`https://storage.example/${n}`, null, bytesOf("fox"));
      await uploads.completed(`https://storage.example/${n}`);
    }
    expect([1, 2, 3].map((n) => uploads.factsOf(`https://v3.fal.media/files/${n}`) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

it("remembers only so many uploads, the least recently used going first", async () => {
  const uploads = createUploads(null, handClock(), null, 2);
  for (const n of [1, 2, 3]) {
    uploads.initiated(`https://storage.example/${n}`, `https://v3.fal.media/files/${n}`);
    uploads.part(`https://storage.example/${n}`, null, bytesOf("fox"));
    await uploads.completed(`https://storage.example/${n}`);
  }
  expect([1, 2, 3].map((n) => uploads.hashOf(`https://v3.fal.media/files/${n}`) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
});
