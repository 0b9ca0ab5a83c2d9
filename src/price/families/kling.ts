import { type Ask, given, switchedOn, takes } from "../ask.ts";
import { both, known, plainFactor, switched } from "../factor.ts";
import { span } from "../span.ts";
import { documentation, documented, type Family } from "./family.ts";

/**
 * Kling 3: pro $0.112 silent and $0.168 with sound, standard $0.084 and $0.126 a second, over a listed $0.14. A voice of
 * one's own makes sound dearer still.
 */
const v3: Family = {
  covers: (endpointId) => /^fal-ai\/kling-video\/v3\/(pro|standard)\/(text|image)-to-video/.test(endpointId),
  unit: "seconds",
  price: () => "0.14",
  source: documentation,
  asOf: documented,
  factor(ask) {
    const [on, off] = ask.endpointId.includes("/pro/") ? [1.2, 0.8] : [0.9, 0.6];
    const sound = switched(ask, "generate_audio", on, off, ["with sound", "silent"]);
    return both(sound, voices(ask));
  },
};

function voices(ask: Ask) {
  const voiced = given(ask, "voice_ids") !== undefined || given(ask, "elements") !== undefined;
  if (!voiced || !takes(ask, "generate_audio") || !switchedOn(ask, "generate_audio")) return plainFactor;
  return { factor: span(1, 1, 1.25), label: "with voices", doubt: "voices may cost up to a quarter more" };
}

/** A lip-sync is taken to be billed by each five seconds begun of a video of up to a minute, for its unit is not explained. */
const lipsync: Family = {
  covers: (endpointId) => endpointId.startsWith("fal-ai/kling-video/lipsync/"),
  unit: "videos",
  source: documentation,
  asOf: documented,
  factor: () => ({
    ...known(1, ""),
    factor: span(1, 2, 12),
    doubt: "the length of the video is not in the request; taken as up to 60 s",
  }),
};

export const kling: readonly Family[] = [v3, lipsync];
