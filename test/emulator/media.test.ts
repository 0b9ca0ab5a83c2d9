import fc from "fast-check";
import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { type Medium, make, mediaAt, mediaPath } from "../../src/emulator/media.ts";

test("what an address was made for is what it shows, whatever the sizes and seeds", () => {
  const media = fc.oneof(
    fc.record({
      kind: fc.constant("picture" as const),
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      kind: fc.constant("sound" as const),
      seconds: fc.integer({ min: 1, max: 400 }).map((tenths) => tenths / 100),
    }),
    fc.record({ kind: fc.constant("clip" as const), seconds: fc.integer({ min: 1, max: 3 }) }),
    fc.constant({ kind: "weights" as const }),
  );
  fc.assert(
    fc.property(media, fc.integer({ min: 0, max: 0xffffffff }), (medium: Medium, seed) => {
      const shown = mediaAt(mediaPath("a-request", 3, seed, medium));
      const made = make(medium, seed);
      expect(shown?.contentType).toBe(made.contentType);
      expect(Buffer.compare(shown!.bytes, made.bytes)).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test("a side above 2048 is drawn at 2048, in proportion", () => {
  const { bytes } = make({ kind: "picture", width: 8192, height: 256 }, 1);
  expect(PNG.sync.read(Buffer.from(bytes))).toMatchObject({ width: 2048, height: 64 });
});

test("a picture is a picture: many colours, and neighbours that are alike", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { data } = PNG.sync.read(Buffer.from(make({ kind: "picture", width: 64, height: 48 }, seed).bytes));
    const colours = new Set<number>();
    let jumps = 0;
    for (let at = 4; at < data.length; at += 4) {
      colours.add(data.readUInt32BE(at));
      if (Math.abs(data[at]! - data[at - 4]!) > 60) jumps++;
    }
    expect(colours.size).toBeGreaterThan(60);
    expect(jumps).toBeLessThan((64 * 48) / 8);
  }
});

test("a sound or a clip longer than a minute is cut to a minute", () => {
  const wav = Buffer.from(make({ kind: "sound", seconds: 3600 }, 1).bytes);
  expect(wav.readUInt32LE(40)).toBe(60 * 8000 * 2);
  expect(wav.length).toBe(44 + 60 * 8000 * 2);
  expect(sampleSizes(Buffer.from(make({ kind: "clip", seconds: 3600 }, 1).bytes))).toHaveLength(60);
});

test("a clip's index points at its pictures: the first begins where it says and together they fill the data", () => {
  const mp4 = Buffer.from(make({ kind: "clip", seconds: 3 }, 5).bytes);
  const sizes = sampleSizes(mp4);
  let at = mp4.readUInt32BE(mp4.indexOf("stco") + 12);
  expect(mp4.subarray(at - 4, at).toString()).toBe("mdat");
  for (const size of sizes) {
    expect(mp4.readUInt32BE(at)).toBe(size - 4);
    expect(mp4[at + 4]).toBe(0x65);
    at += size;
  }
  expect([sizes.length, at]).toEqual([3, mp4.length]);
});

test("an address that names nothing shows nothing", () => {
  for (const path of [
    "/media/a/b.png",
    "/media/a/0-00000001.png",
    "/media/a/0-00000001-5s.png",
    "/media/../0-00000001.json",
  ]) {
    expect(mediaAt(path)).toBe(null);
  }
});

function sampleSizes(mp4: Buffer): number[] {
  const at = mp4.indexOf("stsz") + 4;
  return Array.from({ length: mp4.readUInt32BE(at + 8) }, (_, index) => mp4.readUInt32BE(at + 12 + index * 4));
}
