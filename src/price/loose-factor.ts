import { type Ask, choice, given, parameter, settled, switchedOn, takes } from "./ask.ts";
import { both, type Factor, plainFactor } from "./factor.ts";
import { lengthOf } from "./length.ts";
import { resolutionArea } from "./sizes.ts";
import { isExact, span } from "./span.ts";
import type { UnitKind } from "./unit-words.ts";

/*
 * One unit price is listed for an endpoint and no tiers. Where a parameter could change what a unit costs and no rule is
 * published, the listed price may stand for any of its values: `low` and `high` cover that.
 */

const RESOLUTIONS = ["resolution", "target_resolution", "dimensions"];
const SOUNDS = ["generate_audio", "generate_audio_switch", "enable_audio"];
const GRADES = [
  "quality",
  "rendering_speed",
  "mode",
  "model",
  "performance",
  "tier",
  "enhancement_tier",
  "upscale_mode",
];
const SWITCHES = ["turbo_mode", "use_turbo", "use_refiner", "enable_hr_fix", "detailed_analysis", "thinking_level"];

/** The multiple of a listed price that a request may come to, where no published rule tells. */
export function looseFactor(ask: Ask, kind: UnitKind): Factor {
  let factor = plainFactor;
  for (const name of RESOLUTIONS) if (takes(ask, name)) factor = both(factor, byResolution(ask, name));
  for (const name of SOUNDS) if (takes(ask, name)) factor = both(factor, bySound(ask, name));
  for (const name of GRADES) if (takes(ask, name)) factor = both(factor, byGrade(ask, name));
  for (const name of SWITCHES) if (takes(ask, name)) factor = both(factor, bySwitch(ask, name));
  if (kind === "videos") factor = both(factor, byLength(ask));
  if (kind === "seconds" && takes(ask, "upscale_factor")) factor = both(factor, byUpscale(ask));
  return factor;
}

/** A price grows at most as the pixels do. */
function byResolution(ask: Ask, name: string): Factor {
  const options = parameter(ask, name)?.options ?? [];
  const areas = options.map(resolutionArea).filter((area) => area !== null);
  const chosen = choice(ask, name);
  const area = chosen === null ? null : resolutionArea(chosen);
  if (areas.length === 0) {
    if (given(ask, name) === undefined) return plainFactor;
    return { factor: span(0.25, 1, 4), label: "", doubt: `no price is published for each ${name}` };
  }
  const smallest = Math.min(...areas);
  const largest = Math.max(...areas);
  if (smallest === largest && (area === null || area <= largest)) return plainFactor;
  const preset = parameter(ask, name)?.preset;
  const usual = (typeof preset === "string" ? resolutionArea(preset) : null) ?? largest;
  const expected = area === null ? 1 : area / usual;
  return {
    factor: span((area ?? smallest) / largest, expected, (area ?? largest) / smallest),
    label: area === null ? "" : `at ${chosen}`,
    doubt: `no price is published for each ${name}`,
  };
}

/** Sound at most doubles a price, and silence takes at most three quarters off it. */
function bySound(ask: Ask, name: string): Factor {
  const doubt = "no price is published with and without sound";
  if (switchedOn(ask, name)) return { factor: span(1, 1, 2), label: "with sound", doubt };
  return { factor: span(0.25, settled(ask, name) === undefined ? 1 : 0.75, 1), label: "silent", doubt };
}

function byGrade(ask: Ask, name: string): Factor {
  const known = parameter(ask, name);
  const chosen = choice(ask, name);
  const unchanged = chosen === null || chosen === String(known?.preset).toLowerCase();
  // A quality has three prices wherever one is known; other grades are taken at the listed price until they are changed.
  if (unchanged && name !== "quality" && name !== "rendering_speed") return plainFactor;
  if (typeof settled(ask, name) !== "string") return plainFactor;
  return {
    factor: span(0.25, 1, 4),
    label: known?.options.some((option) => option.toLowerCase() === chosen) ? `in ${name} ${chosen}` : "",
    doubt: `no price is published for each ${name}`,
  };
}

function bySwitch(ask: Ask, name: string): Factor {
  const usual = parameter(ask, name)?.preset ?? false;
  const chosen = settled(ask, name) ?? false;
  if (chosen === usual) return plainFactor;
  return { factor: span(0.5, 1, 2), label: "", doubt: `no price is published for ${name}` };
}

/** A price per video stands for its usual length; a longer one may cost as much more. */
function byLength(ask: Ask): Factor {
  if (!["duration", "num_frames", "number_of_frames"].some((name) => takes(ask, name))) return plainFactor;
  const usual = lengthOf({ ...ask, input: {} }).seconds;
  const wanted = lengthOf(ask).seconds;
  const options = parameter(ask, "duration")?.options ?? [];
  if (wanted.expected === usual.expected && isExact(wanted) && options.length < 2) return plainFactor;
  const shortest = shortestOf(options) ?? usual.expected;
  const factor = span(
    Math.min(1, wanted.low / usual.expected),
    wanted.expected / usual.expected,
    Math.max(1, wanted.expected / shortest) * 1.25,
  );
  return { factor, label: "", doubt: "no price is published for each length" };
}

function shortestOf(options: readonly string[]): number | null {
  const seconds = options.map((option) => Number.parseFloat(option)).filter((each) => each > 0);
  return seconds.length === 0 ? null : Math.min(...seconds);
}

function byUpscale(ask: Ask): Factor {
  const usual = parameter(ask, "upscale_factor")?.preset;
  const chosen = settled(ask, "upscale_factor");
  const quick = settled(ask, "target_fps") === undefined ? 1 : 2;
  const more = typeof chosen === "number" && typeof usual === "number" ? Math.max(1, (chosen / usual) ** 2) : 1;
  return {
    factor: span(0.1, 1, 4 * more * quick),
    label: "",
    doubt: "no price is published for each size upscaled to",
  };
}
