import { OptionsError } from "../errors.ts";
import { type Ask, given, parameter, positiveNumber, settled, shown, switchedOn, takes, wholeNumber } from "./ask.ts";
import { ownSeconds } from "./known-files.ts";
import { exactly, isExact, type Span, span } from "./span.ts";

/** Seconds of media, and why they are not known, where they are not. */
export interface Length {
  seconds: Span;
  doubt: string | null;
}

/** A day: no endpoint makes or takes anything longer in one request. */
const LONGEST_SECONDS = 86_400;
const MOST_FRAMES = 100_000;

/** A request with `match_input_num_frames` takes its frames from a video; the endpoints that have it stop at 241. */
const MOST_MATCHED_FRAMES = 241;

const SPELLED = /^(\d+(?:\.\d+)?)\s*s?$/i;
const DURATIONS = ["duration", "duration_seconds", "seconds_total", "total_seconds", "music_duration", "video_length"];
const FRAME_COUNTS = ["num_frames", "number_of_frames"];
const FRAME_RATES = ["frames_per_second", "fps", "frame_rate"];
const TEXTS = ["text", "gen_text", "script", "text_input", "first_text_input", "second_text_input", "preview_text"];
const SPEAKS = /tts|speech|voice|dialog|avatar/;

/** A duration as the types spell it: `5`, `"5"`, `"8s"`; `null` for `auto` and the like. */
function spelledSeconds(value: unknown, name: string, kind: string | undefined): number | null {
  if (typeof value === "string" && kind !== "number") {
    const seconds = SPELLED.exec(value)?.[1];
    if (seconds === undefined) return null;
    value = Number(seconds);
  }
  if (typeof value === "number" && value >= 0 && value <= LONGEST_SECONDS) return value;
  throw new OptionsError(`input.${name}`, `seconds from 0 to ${LONGEST_SECONDS}`, shown(value));
}

/**
 * How long the thing asked for will be, from what the input or the endpoint's defaults say: a duration, frames over a rate,
 * a text to be spoken, or a file, whose length is assumed where it is not known.
 * @throws OptionsError naming the parameter when it is not a length of time.
 */
export function lengthOf(ask: Ask): Length {
  return stated(ask) ?? framed(ask) ?? spoken(ask) ?? filed(ask) ?? unsaid;
}

function stated(ask: Ask): Length | null {
  if (takes(ask, "music_length_ms")) return music(ask);
  for (const name of DURATIONS) {
    if (!takes(ask, name)) continue;
    const known = parameter(ask, name);
    const value = settled(ask, name);
    const seconds = value === undefined ? null : spelledSeconds(value, name, known?.kind);
    if (seconds !== null) return { seconds: exactly(seconds), doubt: null };
    const options = (known?.options ?? []).flatMap((option) => Number(SPELLED.exec(option)?.[1] ?? []));
    if (options.length > 0) {
      const [shortest, longest] = [Math.min(...options), Math.max(...options)];
      return { seconds: span(shortest, (shortest + longest) / 2, longest), doubt: `${name} is left to the model` };
    }
    if (known?.kind === "number" || known?.kind === "string") {
      return { seconds: span(1, 8, 60), doubt: `${name} is not given; taken as 1 to 60 s` };
    }
  }
  return null;
}

/** Music whose length is left to the model is taken as the 10 to 300 seconds that such endpoints offer. */
function music(ask: Ask): Length {
  const ms = positiveNumber(ask, "music_length_ms", 0, LONGEST_SECONDS * 1000);
  if (ms > 0) return { seconds: exactly(ms / 1000), doubt: null };
  return { seconds: span(10, 60, 300), doubt: "music_length_ms is not given; taken as 10 to 300 s" };
}

/** Frames over frames per second. Some endpoints bill at 16 frames per second whatever rate is asked for, so `high` does. */
function framed(ask: Ask): Length | null {
  const name = FRAME_COUNTS.find((each) => takes(ask, each) && settled(ask, each) !== undefined);
  if (name === undefined) return null;
  const frames = wholeNumber(ask, name, 1, MOST_FRAMES);
  const rateName = FRAME_RATES.find((each) => takes(ask, each) && settled(ask, each) !== undefined);
  const rate = rateName === undefined ? 0 : positiveNumber(ask, rateName, 0, 1000);
  if (switchedOn(ask, "match_input_num_frames")) {
    const most = MOST_MATCHED_FRAMES / Math.min(16, rate || 16);
    return {
      seconds: span(0.5, frames / (rate || 24), most),
      doubt: "the frames follow the input video, of at most 241",
    };
  }
  const expected = frames / (rate || 24);
  return {
    seconds: span(frames / Math.max(30, rate), expected, frames / Math.min(16, rate || 16)),
    doubt: rate > 0 ? null : "the frame rate is not given; taken as 16 to 30 a second",
  };
}

/** Speech runs at about 15 characters a second; 10 is slow and 20 is fast. */
function spoken(ask: Ask): Length | null {
  // A picture that talks may have its length from a text, from a file, or be given both, where nobody says which counts.
  const { audio, video } = filesOf(ask);
  const heard = MAKES_VIDEO.test(ask.endpointId) && (audio === "given" || video === "given");
  // A prompt is spoken by an endpoint that speaks; elsewhere, and next to a file of somebody speaking, it describes.
  const characters = textLength(ask, SPEAKS.test(ask.endpointId) && !heard);
  if (characters === null) return null;
  const spoken = span(characters / 20, characters / 15, Math.max(1, characters / 10));
  const file = heard ? filed(ask) : null;
  return {
    seconds: file
      ? span(Math.min(spoken.low, file.seconds.low), spoken.expected, Math.max(spoken.high, file.seconds.high))
      : spoken,
    doubt: file?.doubt ?? "the length of the speech is taken from its text, at 10 to 20 characters a second",
  };
}

/** Talking pictures and lip-sync come from audio, but are as short as the videos they are. */
const MAKES_VIDEO = /video|avatar|lipsync|human|fabric/;

function filed(ask: Ask): Length | null {
  const { audio, video, image } = filesOf(ask);
  if (audio === "none" && video === "none") return null;
  const own = ownSeconds(ask);
  if (own)
    return {
      seconds: own,
      doubt: isExact(own) ? null : "which of its files says how long it will be is not published",
    };
  const { videoSeconds, audioSeconds } = ask.assumed;
  const filmed = video === "given" || image === "given" || MAKES_VIDEO.test(ask.endpointId);
  const heard = audio === "given" && !filmed;
  const either = !filmed && !heard && audio !== "none" && video !== "none";
  const most = either
    ? Math.max(videoSeconds, audioSeconds)
    : heard || (video === "none" && !filmed)
      ? audioSeconds
      : videoSeconds;
  const option = most === videoSeconds && !heard ? "videoSeconds" : "audioSeconds";
  return {
    seconds: span(Math.min(1, most), Math.min(10, most), most),
    doubt: `the length of the file is not in the request; taken as up to ${most} s (prices.inputs.${option})`,
  };
}

type Presence = "none" | "taken" | "given";

/** Which kinds of file an endpoint takes, and which this request has or must have. */
function filesOf(ask: Ask): Record<"audio" | "video" | "image", Presence> {
  const found: Record<"audio" | "video" | "image", Presence> = { audio: "none", video: "none", image: "none" };
  const kinds = ["audio", "video", "image"] as const;
  for (const name in ask.shape.parameters) {
    const required = ask.shape.parameters[name]!.required;
    for (const kind of kinds)
      if (name.includes(kind) && found[kind] !== "given") found[kind] = required ? "given" : "taken";
  }
  for (const name in ask.input) {
    if (given(ask, name) === undefined) continue;
    for (const kind of kinds) if (name.includes(kind)) found[kind] = "given";
  }
  return found;
}

/** Most endpoints that state no length make 5 to 10 seconds; a minute covers those that do not. */
const unsaid: Length = { seconds: span(1, 8, 60), doubt: "nothing states a length; taken as 1 to 60 s" };

/**
 * Characters of the text that an endpoint speaks or reads; `null` where the input has none. A prompt counts only where
 * `promptIsText` and there is no text beside it: next to a text it tells how to speak.
 */
export function textLength(ask: Ask, promptIsText: boolean): number | null {
  let characters: number | null = null;
  for (const name of TEXTS) {
    const value = given(ask, name);
    if (typeof value === "string") characters = (characters ?? 0) + value.length;
  }
  for (const name of ["inputs", "scene"]) {
    const turns = given(ask, name);
    if (!Array.isArray(turns)) continue;
    for (const turn of turns) {
      const text = (turn as { text?: unknown } | null)?.text;
      characters = (characters ?? 0) + (typeof text === "string" ? text.length : 0);
    }
  }
  if (characters !== null || !promptIsText) return characters;
  const prompt = given(ask, "prompt");
  return typeof prompt === "string" ? prompt.length : null;
}
