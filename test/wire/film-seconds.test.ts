import { describe, expect, it } from "vitest";
import { filmSeconds } from "../../src/wire/film-seconds.ts";
import { box, wideBox } from "./media-files.ts";

const kind = box("ftyp", Buffer.from("isom0000isom"));

/** Version 0 of a movie header: 32 bits for its times. */
function header(length: number, scale = 1_000, bytes = 100): Buffer {
  const contents = Buffer.alloc(Math.max(bytes, 20));
  contents.writeUInt32BE(scale, 12);
  contents.writeUInt32BE(length, 16);
  return box("mvhd", contents.subarray(0, bytes));
}

/** Version 1: 64 bits for its times. */
function wideHeader(length: bigint, scale = 1_000): Buffer {
  const contents = Buffer.alloc(32);
  contents.writeUInt8(1, 0);
  contents.writeUInt32BE(scale, 20);
  contents.writeBigUInt64BE(length, 24);
  return box("mvhd", contents);
}

function track(handler: string, bytes = 12): Buffer {
  const contents = Buffer.alloc(20);
  contents.write(handler, 8, "ascii");
  return box("trak", box("tkhd", Buffer.alloc(4)), box("mdia", box("mdhd"), box("hdlr", contents.subarray(0, bytes))));
}

const film = (...inside: Buffer[]) => Buffer.concat([kind, box("moov", ...inside)]);

describe("a film", () => {
  it.each([
    ["its length in 32 bits", film(header(2_500)), 2.5],
    ["its length in 64 bits", film(wideHeader(2n ** 33n, 2 ** 31)), 4],
    ["the longest length of 32 bits", film(header(0xffff_fffe, 0xffff_fffe)), 1],
    ["all of 32 bits in 64", film(wideHeader(0xffff_ffffn, 0xffff_ffff)), 1],
    ["the shortest header there is", film(header(2_500, 1_000, 32)), 2.5],
    [
      "its movie behind others",
      Buffer.concat([kind, box("free"), box("mdat", Buffer.alloc(9)), box("moov", header(1_000))]),
      1,
    ],
    [
      "its movie behind one of 64 bits",
      Buffer.concat([kind, wideBox("mdat", Buffer.alloc(9)), box("moov", header(1_000))]),
      1,
    ],
    ["its movie in 64 bits", Buffer.concat([kind, wideBox("moov", header(1_000))]), 1],
    ["something else before its header", film(box("udta"), header(1_000)), 1],
  ])("states %s", (_, bytes, seconds) => {
    expect(filmSeconds(bytes)).toEqual({ seconds, hasPicture: false });
  });

  it("may lie in the middle of a buffer, and its last box may run to its end", () => {
    const bytes = film(header(1_000));
    expect(filmSeconds(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toMatchObject({ seconds: 1 });
    bytes.writeUInt32BE(0, kind.length);
    expect(filmSeconds(bytes)).toMatchObject({ seconds: 1 });
    bytes.writeUInt32BE(bytes.length - kind.length + 1, kind.length);
    expect(filmSeconds(bytes)).toBeNull();
  });

  it("has a picture where one of its tracks is one", () => {
    expect(filmSeconds(film(header(1_000), track("soun")))).toMatchObject({ hasPicture: false });
    expect(filmSeconds(film(header(1_000), track("soun"), track("vide")))).toMatchObject({ hasPicture: true });
    expect(filmSeconds(film(header(1_000), track("vide", 20)))).toMatchObject({ hasPicture: true });
  });

  it.each([
    ["a handler that is cut short", track("vide", 11)],
    ["no handler", box("trak", box("mdia", box("mdhd")))],
    ["no media", box("trak", box("tkhd"))],
    ["a track that sticks out", box("trak", Buffer.from([0, 0, 0, 99, ...Buffer.from("mdia")]))],
    ["media that sticks out", box("trak", box("mdia", Buffer.from([0, 0, 0, 99, ...Buffer.from("hdlr")])))],
    ["a picture that is no track", box("free", box("mdia", box("hdlr", Buffer.from("00000000vide"))))],
  ])("has no picture by %s", (_, each) => {
    expect(filmSeconds(film(header(1_000), each))).toEqual({ seconds: 1, hasPicture: false });
  });

  it("may have 10,000 boxes in one place, and no more", () => {
    const boxes = (count: number) => Buffer.concat(Array.from({ length: count }, () => box("free")));
    expect(filmSeconds(film(header(1_000), boxes(9_999)))).toMatchObject({ seconds: 1 });
    expect(filmSeconds(film(header(1_000), boxes(10_000)))).toBeNull();
  });
});

describe("no film", () => {
  it.each([
    ["nothing", Buffer.alloc(0)],
    ["too short", kind.subarray(0, 15)],
    ["of another kind", Buffer.concat([box("free", Buffer.alloc(12)), box("moov", header(1_000))])],
    ["without a movie", Buffer.concat([kind, box("mdat", header(1_000))])],
    ["without a header", film(box("udta"))],
    ["without a length", film(header(0))],
    ["of a length that is not known", film(header(0xffff_ffff))],
    ["without a length in 64 bits", film(wideHeader(0n))],
    ["without a scale", film(header(1_000, 0))],
    ["without a scale in 64 bits", film(wideHeader(1_000n, 0))],
    ["with a header of 31 bytes", film(header(1_000, 1_000, 31))],
    [
      "with a box that is smaller than its head",
      Buffer.concat([kind, Buffer.from([0, 0, 0, 7, 1, 1, 1, 1]), box("moov", header(1_000))]),
    ],
    ["with a long box that is cut off", Buffer.concat([kind, Buffer.from([0, 0, 0, 1, 1, 1, 1, 1])])],
    [
      "with a long box that is smaller than its head",
      Buffer.concat([kind, Buffer.from([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 15]), box("moov", header(1_000))]),
    ],
    ["whose movie sticks out inside", film(Buffer.concat([header(1_000), Buffer.from([0, 0, 0, 99, 1, 1, 1, 1])]))],
  ])("is what is %s", (_, bytes) => {
    expect(filmSeconds(bytes)).toBeNull();
  });
});
