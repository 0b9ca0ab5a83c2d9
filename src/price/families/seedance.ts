import { type Ask, choice, given, settled, switchedOn, wholeNumber } from "../ask.ts";
import { type Factor, switched } from "../factor.ts";
import { lengthOf } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { resolutionArea } from "../sizes.ts";
import { exactly, type Span, span } from "../span.ts";
import type { Unit } from "../unit-words.ts";
import { secondsLabel } from "../units/seconds.ts";
import { documentation, documented, type Family, modelPages, pagesRead } from "./family.ts";

/** Seedance counts height × width × 24 ÷ 1024 tokens a second of video. */
const FRAMES_A_SECOND = 24;
/** Sides are rounded to the model's grid and follow the aspect ratio, so the area of a resolution is good to a tenth or so. */
const AREA_PLAY = 0.12;

function tokens(ask: Ask, unit: Unit): Quantity {
  if (settled(ask, "num_frames") !== undefined) {
    const seconds = exactly(wholeNumber(ask, "num_frames", 120, 100_000) / FRAMES_A_SECOND);
    return tokensOf(seconds, choice(ask, "resolution"), unit, null);
  }
  const { seconds, doubt } = lengthOf(ask);
  return tokensOf(seconds, choice(ask, "resolution"), unit, doubt);
}

function tokensOf(seconds: Span, resolution: string | null, unit: Unit, doubt: string | null): Quantity {
  const area = areaOf(resolution);
  const perSecond = FRAMES_A_SECOND / 1024 / unit.per;
  return {
    count: span(
      area.low * seconds.low * perSecond,
      area.expected * seconds.expected * perSecond,
      area.high * seconds.high * perSecond,
    ),
    label: `${secondsLabel(seconds)} of video as tokens`,
    doubt,
  };
}

function areaOf(resolution: string | null): Span {
  const area = resolution === null ? null : resolutionArea(resolution);
  if (area === null)
    return span(
      resolutionArea("480p")! * (1 - AREA_PLAY),
      resolutionArea("720p")!,
      resolutionArea("1080p")! * (1 + AREA_PLAY),
    );
  return span(area * (1 - AREA_PLAY), area, area * (1 + AREA_PLAY));
}

/** Version 1, priced per million tokens. */
const v1: Family = {
  covers: (endpointId) => endpointId.startsWith("fal-ai/bytedance/seedance/v1/"),
  unit: "1m tokens",
  source: documentation,
  asOf: documented,
  count: tokens,
};

/** Version 1.5: $2.40 a million tokens with sound, $1.20 silent. */
const v15: Family = {
  covers: (endpointId) => endpointId.startsWith("fal-ai/bytedance/seedance/v1.5/pro/"),
  unit: "1m tokens",
  price: () => "2.4",
  source: modelPages,
  asOf: pagesRead,
  count: tokens,
  factor: (ask) => switched(ask, "generate_audio", 1, 0.5, ["with sound", "silent"]),
};

/** What version 2 makes where the duration is left to it, and what it takes of videos together (its parameters' comments). */
const LEFT_TO_IT: Span = { low: 4, expected: 8, high: 15 };
const MOST_GIVEN_SECONDS = 15;

function tokensWithGiven(ask: Ask, unit: Unit): Quantity {
  const stated = given(ask, "duration") ?? "auto";
  const made = stated === "auto" ? LEFT_TO_IT : lengthOf({ ...ask, input: { duration: stated } }).seconds;
  const seconds = takesVideos(ask) ? span(made.low, made.expected, made.high + MOST_GIVEN_SECONDS) : made;
  const doubt = takesVideos(ask)
    ? "videos given are counted too, and their length is not in the request"
    : stated === "auto"
      ? "duration is left to the model"
      : null;
  return tokensOf(seconds, choice(ask, "resolution") ?? "720p", unit, doubt);
}

function takesVideos(ask: Ask): boolean {
  return (
    switchedOn(ask, "video_urls") ||
    given(ask, "video_url") !== undefined ||
    /video-to-video|extend/.test(ask.endpointId)
  );
}

/**
 * Version 2, priced per thousand tokens. Sound is on unless it is switched off, and doubles the price: whether the listed one is with
 * it or without is not said.
 */
const v2: Family = {
  covers: (endpointId) => endpointId.startsWith("bytedance/seedance-2.0/"),
  unit: "1000 tokens",
  price: () => "0.014",
  source: documentation,
  asOf: documented,
  count: tokensWithGiven,
  factor(ask): Factor {
    const doubt = "its price is known from third parties only";
    if (given(ask, "generate_audio") === false) return { factor: span(0.25, 0.5, 1), label: "silent", doubt };
    return { factor: span(0.5, 1, 2), label: "with sound", doubt };
  },
};

export const seedance: readonly Family[] = [v1, v15, v2];
