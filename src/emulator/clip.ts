import { randomFrom } from "./random.ts";

/** Eight by five blocks of 16 × 16 pixels: the smallest thing that still looks like a picture. */
const BLOCKS_ACROSS = 8;
const BLOCKS_DOWN = 5;

/** A longer clip is cut here; one still is shown each second, so a clip stays under a megabyte. */
const LONGEST_CLIP_SECONDS = 60;

/** The clip's time scale: thousandths of a second. */
const TICKS_PER_SECOND = 1000;

/**
 * A real MP4 of drifting colour, one picture a second, the same for the same seed. The H.264 inside is Baseline with
 * every block stored uncompressed (I_PCM), which any player reads and which needs no encoder.
 */
export function filmClip(seconds: number, seed: number): Buffer {
  const count = Math.max(1, Math.ceil(Math.min(seconds, LONGEST_CLIP_SECONDS)));
  const random = randomFrom(seed);
  const start = { cb: 60 + random() * 130, cr: 60 + random() * 130 };
  const pictures = Array.from({ length: count }, (_, index) => picture(index, start));
  const fileType = box("ftyp", text("isom"), u32(512), text("isomiso2avc1mp41"));
  // The sample table holds offsets into the file, so the index is measured once before it is written for good.
  const measured = index(pictures, 0).length;
  const data = pictures.map((bytes) => Buffer.concat([u32(bytes.length), bytes]));
  return Buffer.concat([fileType, index(pictures, fileType.length + measured + 8), box("mdat", ...data)]);
}

/** Writes bit by bit, most significant first, with the Exp-Golomb codes that H.264 headers use. */
class Bits {
  readonly #bytes: number[] = [];
  #partial = 0;
  #filled = 0;

  put(value: number, width: number): this {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.#partial = (this.#partial << 1) | ((value >>> bit) & 1);
      if (++this.#filled === 8) {
        this.#bytes.push(this.#partial);
        this.#partial = 0;
        this.#filled = 0;
      }
    }
    return this;
  }

  golomb(...values: number[]): this {
    for (const value of values) {
      const width = 32 - Math.clz32(value + 1);
      this.put(0, width - 1).put(value + 1, width);
    }
    return this;
  }

  align(): this {
    return this.#filled === 0 ? this : this.put(0, 8 - this.#filled);
  }

  /** Closes the unit with its stop bit, and guards runs of zeros that a player would take for a start code. */
  unit(): Buffer {
    this.put(1, 1).align();
    const guarded: number[] = [];
    let zeros = 0;
    for (const byte of this.#bytes) {
      if (zeros >= 2 && byte <= 3) {
        guarded.push(3);
        zeros = 0;
      }
      guarded.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    return Buffer.from(guarded);
  }
}

/** Profile 66 (Baseline), level 1.1; order of pictures as stored; no cropping. */
function sequenceParameters(): Buffer {
  const bits = new Bits().put(0x67, 8).put(66, 8).put(0xc0, 8).put(11, 8);
  bits.golomb(0, 0, 2, 0).put(0, 1);
  bits.golomb(BLOCKS_ACROSS - 1, BLOCKS_DOWN - 1);
  return bits.put(1, 1).put(1, 1).put(0, 1).put(0, 1).unit();
}

function pictureParameters(): Buffer {
  const bits = new Bits().put(0x68, 8).golomb(0, 0).put(0, 1).put(0, 1).golomb(0, 0, 0);
  return bits.put(0, 1).put(0, 2).golomb(0, 0, 0).put(0, 1).put(0, 1).put(0, 1).unit();
}

/** One key picture. Neighbouring key pictures must carry different ids, hence `position % 2`. */
function picture(position: number, start: { cb: number; cr: number }): Buffer {
  const bits = new Bits()
    .put(0x65, 8)
    .golomb(0, 7, 0)
    .put(0, 4)
    .golomb(position % 2);
  bits.put(0, 1).put(0, 1).golomb(0);
  for (let block = 0; block < BLOCKS_ACROSS * BLOCKS_DOWN; block++) {
    bits.golomb(25).align();
    const column = block % BLOCKS_ACROSS;
    const row = Math.floor(block / BLOCKS_ACROSS);
    for (let pixel = 0; pixel < 256; pixel++) {
      const x = column * 16 + (pixel % 16);
      const y = row * 16 + Math.floor(pixel / 16);
      bits.put(Math.round(128 + 70 * Math.sin(x / 21 + position * 0.7) * Math.cos(y / 17 + position * 0.4)), 8);
    }
    const drift = Math.sin(position * 0.5) * 30;
    for (let sample = 0; sample < 64; sample++) bits.put(Math.round(start.cb + drift), 8);
    for (let sample = 0; sample < 64; sample++) bits.put(Math.round(start.cr - drift), 8);
  }
  return bits.unit();
}

function index(pictures: readonly Buffer[], firstByte: number): Buffer {
  const width = BLOCKS_ACROSS * 16;
  const height = BLOCKS_DOWN * 16;
  const ticks = pictures.length * TICKS_PER_SECOND;
  const matrix = [65_536, 0, 0, 0, 65_536, 0, 0, 0, 0x40000000].map(u32);
  const movie = box(
    "mvhd",
    u32(0),
    u32(0),
    u32(0),
    u32(TICKS_PER_SECOND),
    u32(ticks),
    u32(0x10000),
    u16(0x100),
    Buffer.alloc(10),
    ...matrix,
    Buffer.alloc(24),
    u32(2),
  );
  const track = box(
    "tkhd",
    u32(7),
    u32(0),
    u32(0),
    u32(1),
    u32(0),
    u32(ticks),
    Buffer.alloc(16),
    ...matrix,
    u32(width << 16),
    u32(height << 16),
  );
  const media = box(
    "mdia",
    box("mdhd", u32(0), u32(0), u32(0), u32(TICKS_PER_SECOND), u32(ticks), u16(0x55c4), u16(0)),
    box("hdlr", u32(0), u32(0), text("vide"), Buffer.alloc(12), text("video\0")),
    box(
      "minf",
      box("vmhd", u32(1), Buffer.alloc(8)),
      box("dinf", box("dref", u32(0), u32(1), box("url ", u32(1)))),
      sampleTable(pictures, firstByte, width, height),
    ),
  );
  return box("moov", movie, box("trak", track, media));
}

function sampleTable(pictures: readonly Buffer[], firstByte: number, width: number, height: number): Buffer {
  const sps = sequenceParameters();
  const pps = pictureParameters();
  const decoder = box(
    "avcC",
    Buffer.from([1, 66, 0xc0, 11, 0xff, 0xe1]),
    u16(sps.length),
    sps,
    Buffer.from([1]),
    u16(pps.length),
    pps,
  );
  const entry = box(
    "avc1",
    Buffer.alloc(6),
    u16(1),
    Buffer.alloc(16),
    u16(width),
    u16(height),
    u32(0x480000),
    u32(0x480000),
    u32(0),
    u16(1),
    Buffer.alloc(32),
    u16(24),
    u16(0xffff),
    decoder,
  );
  return box(
    "stbl",
    box("stsd", u32(0), u32(1), entry),
    box("stts", u32(0), u32(1), u32(pictures.length), u32(TICKS_PER_SECOND)),
    box("stsc", u32(0), u32(1), u32(1), u32(pictures.length), u32(1)),
    box("stsz", u32(0), u32(0), u32(pictures.length), ...pictures.map((bytes) => u32(bytes.length + 4))),
    box("stco", u32(0), u32(1), u32(firstByte)),
  );
}

function box(name: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), text(name), body]);
}

function text(ascii: string): Buffer {
  return Buffer.from(ascii, "ascii");
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
