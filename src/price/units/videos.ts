import { type Ask, wholeNumber } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { exactly, span } from "../span.ts";
import { countOf } from "./images.ts";

const MOST_VIDEOS = 100;
const MOST_SEGMENTS = 32;

export function videoCount(ask: Ask): Quantity {
  const videos = wholeNumber(ask, "num_videos", 1, MOST_VIDEOS);
  return { count: exactly(videos), label: countOf(videos, "video"), doubt: null };
}

/** How long a segment is, is not said: a short video is several of them. */
export function segmentCount(): Quantity {
  return {
    count: span(1, 4, MOST_SEGMENTS),
    label: "about 4 video segments",
    doubt: `the length of a video segment is not published; taken as 1 to ${MOST_SEGMENTS} a video`,
  };
}
