import { choice, parameter, settled, takes, wholeNumber } from "../ask.ts";
import { both, known, plainFactor, tiered } from "../factor.ts";
import { lengthOf } from "../length.ts";
import { exactly, isExact, type Span, span } from "../span.ts";
import { clientTypes, documented, type Family, modelPages, pagesRead } from "./family.ts";

/** Luma Ray 2: 540p as listed for 5 seconds, 720p double, 1080p four times; 9 seconds double. */
const luma: Family = {
  covers: (endpointId) => /^fal-ai\/luma-dream-machine\/ray-2(-flash)?(\/image-to-video)?$/.test(endpointId),
  unit: "5 seconds",
  source: clientTypes,
  asOf: documented,
  count(ask) {
    const { seconds, doubt } = lengthOf(ask);
    return { count: blocksOf(seconds), label: isExact(seconds) ? `${seconds.expected} s` : "5 or 9 s", doubt };
  },
  factor: (ask) => tiered(ask, "resolution", { "540p": 1, "720p": 2, "1080p": 4 }),
};

function blocksOf(seconds: Span): Span {
  return span(Math.ceil(seconds.low / 5), Math.ceil(seconds.expected / 5), Math.ceil(seconds.high / 5));
}

/** PixVerse: a 5-second video is 3 segments at 360p and 540p, 4 at 720p and 8 at 1080p; 8 seconds are double. */
const pixverse: Family = {
  covers: (endpointId) => /^fal-ai\/pixverse\/(v3\.5|v4|v4\.5|v5|extend)(\/|$)/.test(endpointId),
  unit: "video segments",
  source: modelPages,
  asOf: pagesRead,
  count(ask) {
    const segments = tiered(ask, "resolution", { "360p": 3, "540p": 3, "720p": 4, "1080p": 8 });
    const duration = takes(ask, "duration") ? lengthOf(ask).seconds : exactly(5);
    const longer = (seconds: number) => (seconds <= 5 ? 1 : seconds <= 8 ? 2 : Math.ceil(seconds / 4));
    const scale = span(longer(duration.low), longer(duration.expected), longer(duration.high));
    const sound = settled(ask, "generate_audio_switch") === true ? 2 : 1;
    const published = ask.endpointId.endsWith("/fast") ? 1 : 2;
    const model = choice(ask, "model") === (parameter(ask, "model")?.preset ?? null) ? 1 : 2;
    const { low, expected, high } = segments.factor;
    return {
      count: span(low * scale.low, expected * scale.expected, high * scale.high * sound * published * model),
      label: `a video of ${Math.round(duration.expected)} s`,
      doubt:
        published * model > 1
          ? "its segments are not published; taken as those of its sister endpoints, up to twice"
          : segments.doubt,
    };
  },
};

/** Vidu Q2, in units of $0.05: at 720p two and one more each second, at 1080p six and two more each second. */
const vidu: Family = {
  covers: (endpointId) =>
    /^fal-ai\/vidu\/q2\/(image-to-video\/pro|image-to-video\/turbo|text-to-video|video-extension\/pro)$/.test(
      endpointId,
    ),
  unit: "videos",
  source: modelPages,
  asOf: pagesRead,
  count(ask) {
    const { seconds, doubt } = lengthOf(ask);
    const published = ask.endpointId.endsWith("image-to-video/pro");
    const full = choice(ask, "resolution") === "1080p";
    const units = (each: number) => (full ? 6 + 2 * each : 2 + each);
    const high = units(seconds.high);
    const low = published ? units(seconds.low) : Math.min(1, units(seconds.low) / 4);
    return {
      count: span(low, published ? units(seconds.expected) : units(seconds.expected) / 2, high),
      label: `a video of ${seconds.expected} s`,
      doubt: published
        ? doubt
        : "its price for each second is not published; taken as no more than its sister endpoint's",
    };
  },
};

/** Pika 2.2: 5 seconds at 720p as listed, 1080p at 2.25 times; 10 seconds no more than double. */
const pika: Family = {
  covers: (endpointId) => /^fal-ai\/pika\/v2\.2\/(text|image)-to-video$/.test(endpointId),
  unit: "videos",
  source: modelPages,
  asOf: pagesRead,
  factor(ask) {
    const size = tiered(ask, "resolution", { "720p": 1, "1080p": 2.25 });
    const { seconds } = lengthOf(ask);
    if (seconds.high <= 5) return size;
    return both(size, {
      factor: span(1, 2, Math.max(2, seconds.high / 5)),
      label: "",
      doubt: "no price is published for 10 seconds",
    });
  },
};

/** Sora 2 is $0.10 a second; Pro is $0.30 at 720p, $0.50 at 1080p and $0.70 at true 1080p, over the same listed price. */
const sora: Family = {
  covers: (endpointId) => /^fal-ai\/sora-2\/(text|image)-to-video(\/pro)?$/.test(endpointId),
  unit: "seconds",
  source: modelPages,
  asOf: pagesRead,
  factor(ask) {
    if (!ask.endpointId.endsWith("/pro")) return known(1, "");
    return tiered(ask, "resolution", { "720p": 3, "1080p": span(5, 5, 7), true_1080p: 7, auto: span(3, 5, 7) });
  },
};

/** Hailuo 02: 768p as listed; 512p roughly $0.017 for $0.045. */
const hailuo: Family = {
  covers: (endpointId) => /^fal-ai\/minimax\/hailuo-02\/standard\//.test(endpointId),
  unit: "seconds",
  source: modelPages,
  asOf: pagesRead,
  factor: (ask) =>
    takes(ask, "resolution") ? tiered(ask, "resolution", { "768p": 1, "512p": span(0.37, 0.378, 0.4) }) : plainFactor,
};

/** MAGI: one unit a second at 720p, half at 480p; 96 frames are four seconds and each 24 more are another. */
const magi: Family = {
  covers: (endpointId) => /^fal-ai\/magi(-distilled)?(\/|$)/.test(endpointId),
  unit: "seconds",
  source: clientTypes,
  asOf: documented,
  count(ask) {
    const frames = wholeNumber(ask, "num_frames", 96, 100_000);
    const further = Math.max(0, Math.ceil((frames - 96) / 24));
    // "Another unit" beyond the first: whether 96 frames are one unit or four seconds is not said.
    return { count: span(1 + further, 4 + further, 4 + further), label: `${frames} frames`, doubt: null };
  },
  factor: (ask) => tiered(ask, "resolution", { "480p": 0.5, "720p": 1 }),
};

/** FramePack: 720p half as much again as 480p. */
const framepack: Family = {
  covers: (endpointId) => /^fal-ai\/framepack(\/|$)/.test(endpointId),
  unit: "seconds",
  source: clientTypes,
  asOf: documented,
  factor: (ask) => tiered(ask, "resolution", { "480p": 1, "720p": 1.5 }),
};

/** Hunyuan Custom: 720p half as much again as 512p. */
const hunyuanCustom: Family = {
  covers: (endpointId) => endpointId === "fal-ai/hunyuan-custom",
  unit: "videos",
  source: clientTypes,
  asOf: documented,
  factor: (ask) => tiered(ask, "resolution", { "512p": 1, "720p": 1.5 }),
};

/** Talking avatars bill a quarter more above 81 frames. */
const avatars: Family = {
  covers: (endpointId) => /^fal-ai\/(ai-avatar|infinitalk)(\/|$)/.test(endpointId),
  unit: "seconds",
  source: clientTypes,
  asOf: documented,
  factor(ask) {
    const frames = wholeNumber(ask, "num_frames", 145, 100_000) > 81 ? span(1, 1.25, 1.25) : exactly(1);
    const size = tiered(ask, "resolution", { "480p": 1, "720p": span(1, 2, 2.25) });
    return both(size, { factor: frames, label: "", doubt: null });
  },
};

/**
 * LongCat's avatars: by the second of 16 frames, four units each at 720p; a first segment of 93 frames and 80 for each further one, or
 * as long as what is heard.
 */
const longcatAvatar: Family = {
  covers: (endpointId) => /^fal-ai\/longcat-(single|multi)-avatar\//.test(endpointId),
  unit: "seconds",
  source: clientTypes,
  asOf: documented,
  count(ask) {
    const segments = wholeNumber(ask, "num_segments", 1, 1_000);
    const seconds = (93 + 80 * (segments - 1)) / 16;
    return {
      count: span(Math.min(1, seconds), seconds, Math.ceil(seconds)),
      label: `${segments} segments`,
      doubt: null,
    };
  },
  factor: (ask) => tiered(ask, "resolution", { "480p": 1, "720p": 4 }),
};

export const shortVideo: readonly Family[] = [
  luma,
  pixverse,
  vidu,
  pika,
  sora,
  hailuo,
  magi,
  framepack,
  hunyuanCustom,
  avatars,
  longcatAvatar,
];
