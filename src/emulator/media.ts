import { filmClip } from "./clip.ts";
import { drawPicture } from "./picture.ts";
import { playSound } from "./sound.ts";

/**
 * Made things are not kept: the address says what to make, and it is made when somebody looks. So nothing is forgotten,
 * nothing fills up, and the same address always shows the same thing. It carries a fingerprint of the prompt, never the prompt.
 */
export type Medium =
  | { kind: "picture"; width: number; height: number }
  | { kind: "sound"; seconds: number }
  | { kind: "clip"; seconds: number }
  | { kind: "weights" }
  | { kind: "config" };

export interface Made {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

const ENDINGS = { picture: "png", sound: "wav", clip: "mp4", weights: "safetensors", config: "json" } as const;

const CONTENT_TYPES = {
  picture: "image/png",
  sound: "audio/wav",
  clip: "video/mp4",
  weights: "application/octet-stream",
  config: "application/json",
} as const;

const ADDRESS =
  /^\/media\/[\w-]{1,64}\/(?:\d{1,3}-)([0-9a-f]{8})(?:-(\d{1,5})x(\d{1,5})|-(\d{1,5}(?:\.\d{1,3})?)s)?\.(png|wav|mp4|safetensors|json)$/;

/** The path of one made thing: `/media/{request}/{index}-{seed}-{size}.{ending}`. */
export function mediaPath(requestId: string, index: number, seed: number, medium: Medium): string {
  const size =
    medium.kind === "picture"
      ? `-${medium.width}x${medium.height}`
      : medium.kind === "sound" || medium.kind === "clip"
        ? `-${medium.seconds.toFixed(3)}s`
        : "";
  return `/media/${requestId}/${index}-${seed.toString(16).padStart(8, "0")}${size}.${ENDINGS[medium.kind]}`;
}

export function contentType(medium: Medium): string {
  return CONTENT_TYPES[medium.kind];
}

/** Makes what the path names; `null` when it names nothing. */
export function mediaAt(path: string): Made | null {
  const [, seedHex, width, height, seconds, ending] = ADDRESS.exec(path) ?? [];
  if (!seedHex) return null;
  const seed = Number.parseInt(seedHex, 16);
  if (ending === "png" && width && height) return make({ kind: "picture", width: +width, height: +height }, seed);
  if (ending === "wav" && seconds) return make({ kind: "sound", seconds: +seconds }, seed);
  if (ending === "mp4" && seconds) return make({ kind: "clip", seconds: +seconds }, seed);
  if (ending === "safetensors") return make({ kind: "weights" }, seed);
  if (ending === "json") return make({ kind: "config" }, seed);
  return null;
}

export function make(medium: Medium, seed: number): Made {
  return { bytes: new Uint8Array(bytesOf(medium, seed)), contentType: contentType(medium) };
}

/** The same thing inside the answer itself, as `sync_mode` asks for. */
export function dataUri(medium: Medium, seed: number): string {
  return `data:${contentType(medium)};base64,${Buffer.from(make(medium, seed).bytes).toString("base64")}`;
}

function bytesOf(medium: Medium, seed: number): Buffer {
  switch (medium.kind) {
    case "picture":
      return drawPicture(medium.width, medium.height, seed);
    case "sound":
      return playSound(medium.seconds, seed);
    case "clip":
      return filmClip(medium.seconds, seed);
    case "weights":
      return noTensors();
    case "config":
      return Buffer.from(JSON.stringify({ emulated: true, seed }));
  }
}

/** A valid safetensors file that holds no tensors: the length of its header, then the header. */
function noTensors(): Buffer {
  const header = Buffer.from(JSON.stringify({ __metadata__: { format: "pt" } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
