import { charactersOf, type Input, secondsAsked } from "./measure.ts";

/** What kind of thing an endpoint makes, which decides the shape of its answer. */
export type Family =
  | "images"
  | "image"
  | "video"
  | "speech"
  | "audio"
  | "transcript"
  | "trainer"
  | "language"
  | "style"
  | "echo";

/** The first that fits wins, so the narrow words stand before the wide ones. */
const BY_NAME: readonly (readonly [RegExp, Family])[] = [
  [/create-style/, "style"],
  [/trainer|training/, "trainer"],
  [/llm|chat|router|vision$/, "language"],
  [/whisper|wizper|speech-to-text|transcri/, "transcript"],
  [/tts|text-to-speech|kokoro|speech-\d|dialog|voice/, "speech"],
  [/audio|music|sound|sfx/, "audio"],
  [/video|veo\d|kling|hailuo|\bwan\b|wan-|seedance|ltx|sora|luma|pixverse|vidu/, "video"],
  [/upscal|esrgan|aura-sr|background|birefnet|rembg|depth/, "image"],
  [/flux|image|recraft|sdxl|diffusion|banana|ideogram|imagen|seedream|qwen|draw|paint|photo/, "images"],
];

const BY_UNIT: Readonly<Record<string, Family>> = {
  images: "images",
  megapixels: "images",
  videos: "video",
  "1000 characters": "speech",
  audios: "audio",
  steps: "trainer",
};

export function familyOf(endpointId: string, unit: string): Family {
  return BY_NAME.find(([name]) => name.test(endpointId))?.[1] ?? BY_UNIT[unit] ?? "echo";
}

/** Fifteen characters are about a second of speech. */
const CHARACTERS_PER_SECOND = 15;

/** How long the made thing is, in seconds: as asked, else what its kind usually is. */
export function lengthSeconds(family: Family, endpointId: string, input: Input): number {
  if (family === "speech") return Math.max(1, charactersOf(input) / CHARACTERS_PER_SECOND);
  return secondsAsked(input) ?? (family === "video" ? (/veo/.test(endpointId) ? 8 : 5) : 30);
}
