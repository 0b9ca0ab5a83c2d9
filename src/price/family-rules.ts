import type { Family } from "./families/family.ts";
import { flux2 } from "./families/flux-2.ts";
import { gptImage } from "./families/gpt-image.ts";
import { ideogram } from "./families/ideogram.ts";
import { kling } from "./families/kling.ts";
import { ltx } from "./families/ltx.ts";
import { nanoBanana } from "./families/nano-banana.ts";
import { recraft } from "./families/recraft.ts";
import { seedance } from "./families/seedance.ts";
import { shortVideo } from "./families/short-video.ts";
import { speechToText } from "./families/speech-to-text.ts";
import { trainers } from "./families/trainers.ts";
import { veo } from "./families/veo.ts";
import { wan } from "./families/wan.ts";

/** The first that covers an endpoint is its rule. */
const families: readonly Family[] = [
  ...veo,
  ...kling,
  ...wan,
  ...ltx,
  ...nanoBanana,
  ...gptImage,
  ...seedance,
  ...flux2,
  ...shortVideo,
  ...ideogram,
  ...recraft,
  ...speechToText,
  ...trainers,
];

export function familyOf(endpointId: string): Family | null {
  return families.find((family) => family.covers(endpointId)) ?? null;
}
