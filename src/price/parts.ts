import { type Ask, given } from "./ask.ts";

/*
 * Some requests list the parts of what is to be made, each with a length of its own: the shots of a film, the sections of a song, the
 * tracks of a cut.
 */

/** A shot that states no length has this one (@fal-ai/client 1.10.1, `KlingV3MultiPromptElement`). */
const SHOT_SECONDS = 5;
/** Where a part says something that is no length. */
const LONGEST_PART_SECONDS = 120;

const PARTS = new Set(["multi_prompt", "composition_plan", "tracks"]);

export function listsParts(ask: Ask): boolean {
  for (const name in ask.input) if (PARTS.has(name)) return true;
  return false;
}

type Part = Readonly<Record<string, unknown>>;

/** Seconds of all shots together; `null` where none are listed. */
export function shotsSeconds(ask: Ask): number | null {
  const shots = given(ask, "multi_prompt");
  return total(lengths(shots, ({ duration }) => Number(duration ?? SHOT_SECONDS)));
}

/** Seconds of all sections of a song, whose sum the model keeps to; `null` where there is no plan. */
export function sectionsSeconds(ask: Ask): number | null {
  const plan = given(ask, "composition_plan") as { sections?: unknown } | undefined;
  return total(lengths(plan?.sections, ({ duration_ms }) => Number(duration_ms) / 1000));
}

/** When the last keyframe of any track ends, in seconds; `null` where there are no tracks. */
export function tracksSeconds(ask: Ask): number | null {
  const tracks = given(ask, "tracks");
  if (!Array.isArray(tracks)) return null;
  const keyframes = tracks.map((track) => (track as { keyframes?: unknown } | null)?.keyframes);
  return Math.max(0, ...keyframes.flatMap((all) => lengths(all, endOf)));
}

function endOf({ timestamp, duration }: Part): number {
  return (Number(timestamp) + Number(duration)) / 1000;
}

function lengths(parts: unknown, seconds: (part: Part) => number): number[] {
  if (!Array.isArray(parts)) return [];
  return parts.map((part: unknown) => {
    const length = typeof part === "object" && part !== null ? seconds(part as Part) : Number.NaN;
    return length >= 0 && length < Number.POSITIVE_INFINITY ? length : LONGEST_PART_SECONDS;
  });
}

function total(seconds: readonly number[]): number | null {
  return seconds.length === 0 ? null : seconds.reduce((sum, each) => sum + each, 0);
}
