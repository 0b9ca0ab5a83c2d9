import { type Ask, choice, settled, switchedOn, wholeNumber } from "../ask.ts";
import { both, type Factor, known, plainFactor, tiered } from "../factor.ts";
import { interpolated, lengthOf } from "../length.ts";
import { span } from "../span.ts";
import { secondsLabel } from "../units/seconds.ts";
import { clientTypes, documentation, documented, type Family, modelPages, pagesRead } from "./family.ts";

/** Wan 2.7: $0.10 a second at 720p, $0.15 at 1080p. */
const v27: Family = {
  covers: (endpointId) => /^fal-ai\/wan\/v2\.7\/(text|image|reference)-to-video$/.test(endpointId),
  unit: "seconds",
  price: () => "0.1",
  source: documentation,
  asOf: documented,
  factor: (ask) => tiered(ask, "resolution", { "720p": 1, "1080p": 1.5 }),
};

/** Wan 2.5: $0.05, $0.10 and $0.15 a second at 480p, 720p and 1080p. */
const v25: Family = {
  covers: (endpointId) => /^fal-ai\/wan-25-preview\/(text|image)-to-video$/.test(endpointId),
  unit: "seconds",
  source: documentation,
  asOf: documented,
  factor: (ask) => tiered(ask, "resolution", { "480p": 1, "720p": 2, "1080p": 3 }),
};

/** The open 14B models are listed at 720p; 580p is three quarters and 480p half, counted at 16 frames a second. */
const a14b: Family = {
  covers: (endpointId) =>
    /^fal-ai\/(wan\/v2\.2-(a14b|14b)\/.*video|wan\/v2\.2-14b\/animate\/|wan-22-vace-fun-a14b\/|wan-vace-14b(\/|$))/.test(
      endpointId,
    ) && !endpointId.endsWith("/turbo"),
  unit: "seconds",
  source: modelPages,
  asOf: pagesRead,
  count(ask) {
    const frames = settled(ask, "num_frames");
    if (frames === undefined || switchedOn(ask, "match_input_num_frames")) {
      const { seconds, doubt } = lengthOf(ask);
      return { count: seconds, label: secondsLabel(seconds), doubt };
    }
    const seconds = wholeNumber(ask, "num_frames", 81, 100_000) / 16;
    const more = interpolated(ask);
    return {
      count: span(seconds, seconds, seconds * more),
      label: `${String(frames)} frames at 16 a second`,
      doubt: more === 1 ? null : "whether frames put between others are billed is not published",
    };
  },
  factor: (ask) =>
    tiered(ask, "resolution", {
      "720p": 1,
      "580p": 0.75,
      "480p": 0.5,
      "360p": span(0.25, 0.5, 0.5),
      "240p": span(0.1, 0.5, 0.5),
    }),
};

/** A video of the older models is one unit at 720p and half a unit at 480p, a quarter more above 81 frames. */
const perVideo: Family = {
  covers: (endpointId) => /^fal-ai\/wan-(i2v|flf2v|i2v-lora|t2v|t2v-lora)$/.test(endpointId),
  unit: "videos",
  source: clientTypes,
  asOf: documented,
  factor(ask) {
    const size = /-t2v/.test(ask.endpointId)
      ? tiered(ask, "resolution", { "720p": span(1, 1, 2), "580p": span(0.5, 0.75, 1.5), "480p": span(0.5, 0.5, 1) })
      : tiered(ask, "resolution", { "720p": 1, "480p": 0.5 });
    return both(both(size, moreFrames(ask)), turbo(ask));
  },
};

function moreFrames(ask: Ask): Factor {
  return wholeNumber(ask, "num_frames", 81, 100_000) > 81 ? known(1.25, "above 81 frames") : plainFactor;
}

function turbo(ask: Ask): Factor {
  const usual = ask.shape.parameters.turbo_mode?.preset ?? false;
  if ((settled(ask, "turbo_mode") ?? false) === usual || choice(ask, "resolution") === null) return plainFactor;
  return { factor: span(0.5, 1, 2), label: "", doubt: "no price is published for turbo_mode" };
}

export const wan: readonly Family[] = [v27, v25, a14b, perVideo];
