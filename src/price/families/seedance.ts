import { type Ask, choice, settled, wholeNumber } from "../ask.ts";
import { type Factor, switched } from "../factor.ts";
import { lengthOf } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { resolutionArea } from "../sizes.ts";
import { type Span, span } from "../span.ts";
import type { Unit } from "../unit-words.ts";
import { secondsLabel } from "../units/seconds.ts";
import { documentation, documented, type Family, modelPages, pagesRead } from "./family.ts";

/** Seedance counts height × width × 24 ÷ 1024 tokens a second of video. */
const FRAMES_A_SECOND = 24;
/** Sides are rounded to the model's grid and follow the aspect ratio, so the area of a resolution is good to a tenth or so. */
const AREA_PLAY = 0.12;

function tokens(ask: Ask, unit: Unit): Quantity {
  const frames = settled(ask, "num_frames");
  const length = lengthOf(ask);
  const seconds: Span =
    frames === undefined ? length.seconds : exactSeconds(wholeNumber(ask, "num_frames", 120, 100_000));
  const area = areaOf(choice(ask, "resolution"));
  const perSecond = FRAMES_A_SECOND / 1024 / unit.per;
  return {
    count: span(
      area.low * seconds.low * perSecond,
      area.expected * seconds.expected * perSecond,
      area.high * seconds.high * perSecond,
    ),
    label: `${secondsLabel(seconds)} of video as tokens`,
    doubt: frames === undefined ? length.doubt : null,
  };
}

function exactSeconds(frames: number): Span {
  return { low: frames / FRAMES_A_SECOND, expected: frames / FRAMES_A_SECOND, high: frames / FRAMES_A_SECOND };
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

/** Version 2, priced per thousand tokens; videos given are counted too. */
const v2: Family = {
  covers: (endpointId) => endpointId.startsWith("bytedance/seedance-2.0/"),
  unit: "1000 tokens",
  price: () => "0.014",
  source: documentation,
  asOf: documented,
  count: tokens,
  factor(ask): Factor {
    if (!/reference|video-to-video|extend/.test(ask.endpointId)) {
      return { factor: span(0.5, 1, 1.5), label: "", doubt: "its price is known from third parties only" };
    }
    return {
      factor: span(0.5, 1, 4),
      label: "",
      doubt: "videos given are counted too, and their length is not in the request",
    };
  },
};

export const seedance: readonly Family[] = [v1, v15, v2];
