import { filmClip } from "../../src/emulator/clip.ts";
import { drawPicture } from "../../src/emulator/picture.ts";
import { playSound } from "../../src/emulator/sound.ts";

/** 8 kHz, 16 bits: the rate of the emulator's sounds. */
const WAV_BYTES_A_SECOND = 16_000;
const WAV_HEADER_BYTES = 44;

export const wav = (seconds: number): Buffer => playSound(seconds, 1);
export const png = (width: number, height: number): Buffer => drawPicture(width, height, 1);
export const mp4 = (seconds: number): Buffer => filmClip(seconds, 1);

/** A header that states a length, and as many bytes of silence behind it as are asked for. */
export function silence(statedSeconds: number, seconds = statedSeconds): Buffer {
  const bytes = Buffer.alloc(WAV_HEADER_BYTES + seconds * WAV_BYTES_A_SECOND);
  wav(0).copy(bytes, 0, 0, WAV_HEADER_BYTES);
  bytes.writeUInt32LE(statedSeconds * WAV_BYTES_A_SECOND + WAV_HEADER_BYTES - 8, 4);
  bytes.writeUInt32LE(statedSeconds * WAV_BYTES_A_SECOND, 40);
  return bytes;
}

/** Silent frames of MPEG-1 layer III at 128 kbit/s and 44.1 kHz: 1152 samples each. */
export function mp3(frames: number): Buffer {
  const bytes = Buffer.alloc(frames * 417);
  for (let frame = 0; frame < frames; frame++) bytes.set([0xff, 0xfb, 0x90, 0xc4], frame * 417);
  return bytes;
}

/** As much of a JPEG as states its size: the application marker and the frame header. */
export function jpeg(width: number, height: number): Buffer {
  const start = Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex");
  const frame = Buffer.from("ffc00011080000000003012200021101031101", "hex");
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([start, frame, Buffer.from("ffd9", "hex")]);
}

/** A WebP of one lossy picture: its frame header states the size. */
export function webp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.write("RIFF", 0, "ascii");
  bytes.writeUInt32LE(32, 4);
  bytes.write("WEBPVP8 ", 8, "ascii");
  bytes.writeUInt32LE(20, 16);
  bytes.set([0x30, 0x01, 0x00, 0x9d, 0x01, 0x2a], 20);
  bytes.writeUInt16LE(width, 26);
  bytes.writeUInt16LE(height, 28);
  return bytes;
}

/** As much of a GIF as states its size. */
export function gif(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.write("GIF89a", 0, "ascii");
  bytes.writeUInt16LE(width, 6);
  bytes.writeUInt16LE(height, 8);
  return bytes;
}

/** As much of a Windows bitmap as states its size. */
export function bmp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(54);
  bytes.write("BM", 0, "ascii");
  bytes.writeUInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  return bytes;
}

export function dataUri(bytes: Uint8Array, type: string): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}

/** A Blob of its own memory: a Buffer may lie in the middle of somebody else's. */
export function blob(bytes: Uint8Array, type = ""): Blob {
  return new Blob([new Uint8Array(bytes)], { type });
}

/** A box of an MP4. */
export function box(name: string, ...contents: Uint8Array[]): Buffer {
  const inside = Buffer.concat(contents);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(inside.length + 8, 0);
  head.write(name, 4, "ascii");
  return Buffer.concat([head, inside]);
}

/** The same, with its length in 64 bits. */
export function wideBox(name: string, ...contents: Uint8Array[]): Buffer {
  const inside = Buffer.concat(contents);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1, 0);
  head.write(name, 4, "ascii");
  head.writeBigUInt64BE(BigInt(inside.length + 16), 8);
  return Buffer.concat([head, inside]);
}
