import { OptionsError } from "../errors.ts";
import { type Ask, given, parameter, positiveNumber, settled, shown, switchedOn, takes, wholeNumber } from "./ask.ts";
import { ownSeconds } from "./known-files.ts";
import { listsParts, sectionsSeconds, shotsSeconds, tracksSeconds } from "./parts.ts";
import { exactly, type Span, span } from "./span.ts";
import { type TextSize, textOf } from "./text.ts";

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
  if (INTERPOLATES.test(ask.endpointId)) return between(ask);
  return composed(ask) ?? stated(ask) ?? framed(ask) ?? spoken(ask) ?? filed(ask) ?? unsaid(ask);
}

/** From the parts that are listed. Where a duration is stated beside them, either may count. */
function composed(ask: Ask): Length | null {
  if (!listsParts(ask)) return null;
  const song = sectionsSeconds(ask);
  if (song !== null) return { seconds: exactly(song), doubt: null };
  const cut = tracksSeconds(ask);
  if (cut !== null) return { seconds: span(1, cut, Math.max(UNSAID_SECONDS, cut)), doubt: unsaidDoubt };
  const shots = shotsSeconds(ask);
  if (shots === null) return null;
  const whole = stated(ask);
  if (whole === null) return { seconds: exactly(shots), doubt: null };
  const { low, high } = whole.seconds;
  const same = low === shots && high === shots;
  return {
    seconds: span(Math.min(low, shots), shots, Math.max(high, shots)),
    doubt: same ? null : "the shots are not as long together as the duration",
  };
}

function stated(ask: Ask): Length | null {
  if (takes(ask, "music_length_ms")) return music(ask);
  for (const name of DURATIONS) {
    if (!takes(ask, name)) continue;
    const known = parameter(ask, name);
    const value = settled(ask, name);
    const seconds = value === undefined ? null : spelledSeconds(value, name, known?.kind);
    if (seconds !== null && seconds > 0) return { seconds: exactly(seconds), doubt: null };
    // Nothing lasts no time: 0 asks for as long as the video given.
    if (seconds === 0 && hasRecording(ask)) return fileLength(ask);
    const options = (known?.options ?? []).flatMap((option) => Number(SPELLED.exec(option)?.[1] ?? []) || []);
    if (options.length > 0) {
      const [shortest, longest] = [Math.min(...options), Math.max(...options)];
      return { seconds: span(shortest, (shortest + longest) / 2, longest), doubt: `${name} is left to the model` };
    }
    if (seconds === 0 || known?.kind === "number" || known?.kind === "string") {
      return { seconds: span(1, 8, 60), doubt: `${name} is not given; taken as 1 to 60 s` };
    }
  }
  return null;
}

/** What an endpoint of songs offers at most (@fal-ai/client 1.10.1, `music_length_ms`). */
const LONGEST_SONG_SECONDS = 600;

function music(ask: Ask): Length {
  const ms = positiveNumber(ask, "music_length_ms", 0, LONGEST_SECONDS * 1000);
  if (ms > 0) return { seconds: exactly(ms / 1000), doubt: null };
  return {
    seconds: span(3, 60, LONGEST_SONG_SECONDS),
    doubt: `music_length_ms is not given; taken as 3 to ${LONGEST_SONG_SECONDS} s`,
  };
}

/** These make frames between those of a video, which says how long the whole will be. */
const FASTEST_RATE = 60;
const INTERPOLATES = /^fal-ai\/(rife|film|amt-interpolation)(\/|$)/;

/**
 * How many times the frames asked for are made, where an endpoint puts frames between them: at its own default, once. Nobody says
 * whether those are billed.
 */
export function interpolated(ask: Ask): number {
  const between = settled(ask, "num_interpolated_frames");
  const usual = Number(parameter(ask, "num_interpolated_frames")?.preset ?? 0);
  return typeof between === "number" ? Math.max(1, (between + 1) / (usual + 1)) : 1;
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
    seconds: span(frames / Math.max(30, rate), expected, (frames * interpolated(ask)) / Math.min(16, rate || 16)),
    doubt: rate > 0 ? null : "the frame rate is not given; taken as 16 to 30 a second",
  };
}

/** Characters a second. */
const SPEECH = { fast: 20, usual: 15, slow: 10 };
/** A syllable of Chinese, Japanese or Korean takes as long as some letters, and so may a digit. */
const SYLLABLE_CHARACTERS = 3.5;
const DIGIT_CHARACTERS = 5;
/** What is silent before and after, at most. */
const SILENCE_SECONDS = 2;
const SPEEDS = ["speed", "voice_speed", "speed_up_factor"];

/** Speech runs at about 15 characters a second; 10 is slow and 20 is fast, before the speed asked for. */
function speechSeconds({ characters, wide, digits }: TextSize, speed: number): Span {
  const letters = characters + wide * (SYLLABLE_CHARACTERS - 1);
  const spelled = letters + digits * (DIGIT_CHARACTERS - 1);
  return span(
    letters / SPEECH.fast / Math.max(1, speed),
    letters / SPEECH.usual / speed,
    spelled / SPEECH.slow / Math.min(1, speed) + SILENCE_SECONDS,
  );
}

function speedOf(ask: Ask): number {
  for (const name of SPEEDS) {
    const speed = given(ask, name) ?? (given(ask, "voice_setting") as { speed?: unknown } | undefined)?.speed;
    if (typeof speed === "number" && speed > 0 && speed < 100) return Math.max(0.1, speed);
  }
  return 1;
}

function spoken(ask: Ask): Length | null {
  // A picture that talks may have its length from a text, from a file, or be given both, where nobody says which counts.
  const { audio, video } = filesOf(ask);
  const heard = MAKES_VIDEO.test(ask.endpointId) && (audio === "given" || video === "given");
  // A prompt is spoken by an endpoint that speaks; elsewhere, and next to a file of somebody speaking, it describes.
  const text = textOf(ask, SPEAKS.test(ask.endpointId) && !heard);
  if (text === null) return null;
  const spoken = speechSeconds(text, speedOf(ask));
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
      doubt: own.low === own.expected ? null : "which of its files says how long it will be is not published",
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
  const files = mostInAList(ask);
  return {
    seconds: span(Math.min(1, most), Math.min(10, most) * files, most * files + lengthened(ask)),
    doubt: `the length of the ${files === 1 ? "file" : "files"} is not in the request; taken as up to ${most} s${files === 1 ? "" : " each"} (prices.inputs.${option})`,
  };
}

/** Recordings of one list may be put one after the other. */
function mostInAList(ask: Ask): number {
  let most = 1;
  for (const name in ask.input) {
    const value = given(ask, name);
    if (/audio|video/.test(name) && Array.isArray(value)) most = Math.max(most, value.length);
  }
  return most;
}

/** Seconds that are put before or after a recording. */
function lengthened(ask: Ask): number {
  let seconds = 0;
  for (const name of ["extend_before_duration", "extend_after_duration"])
    if (takes(ask, name)) seconds += positiveNumber(ask, name, 0, LONGEST_SECONDS);
  return seconds;
}

/** What is made of a video and frames between its own is as long as the video, unless a slower rate is asked for. */
function between(ask: Ask): Length {
  const length = filed(ask) ?? unsaid(ask);
  if (settled(ask, "use_calculated_fps") !== false) return length;
  const { low, expected, high } = length.seconds;
  const made = FASTEST_RATE * (wholeNumber(ask, "num_frames", 1, MOST_FRAMES) + 1);
  const slower = Math.max(1, made / Math.max(1, positiveNumber(ask, "fps", 8, 1000)));
  return { seconds: span(Math.min(low, 0.1), expected, high * slower), doubt: length.doubt };
}

export function hasRecording(ask: Ask): boolean {
  const { audio, video } = filesOf(ask);
  return audio === "given" || video === "given";
}

/** How long the files of a request are, whatever else it states. */
export function fileLength(ask: Ask): Length {
  return filed(ask) ?? unsaid(ask);
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
const UNSAID_SECONDS = 60;
const unsaidDoubt = `nothing states a length; taken as 1 to ${UNSAID_SECONDS} s`;
/** A song of which only the words are given. */
const SONG_SECONDS = 300;
/** An archive of files, whose number nobody sees. */
const ARCHIVE_SECONDS = 3_600;

function unsaid(ask: Ask): Length {
  if (takes(ask, "images_data_url")) {
    return {
      seconds: span(1, 60, ARCHIVE_SECONDS),
      doubt: `what is in an archive is taken as 1 to ${ARCHIVE_SECONDS} s`,
    };
  }
  if (takes(ask, "lyrics")) {
    return {
      seconds: span(1, 60, SONG_SECONDS),
      doubt: `nothing states a length; a song is taken as up to ${SONG_SECONDS} s`,
    };
  }
  return { seconds: span(1, 8, UNSAID_SECONDS), doubt: unsaidDoubt };
}
