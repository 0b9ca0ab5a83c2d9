import { type Ask, choice, given, parameter, settled, switchedOn, takes } from "./ask.ts";
import { both, type Factor, plainFactor } from "./factor.ts";
import type { InputShape } from "./input-shape.ts";
import { interpolated, lengthOf } from "./length.ts";
import { resolutionArea } from "./sizes.ts";
import { isExact, span } from "./span.ts";
import type { UnitKind } from "./unit-words.ts";

/*
 * One unit price is listed for an endpoint and no tiers. Where a parameter could change what a unit costs and no rule is
 * published, the listed price may stand for any of its values: `low` and `high` cover that.
 */

type Rule = (ask: Ask, name: string) => Factor;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...each(["resolution", "target_resolution", "dimensions"], byResolution),
  ...each(["generate_audio", "generate_audio_switch", "enable_audio"], bySound),
  ...each(["quality", "rendering_speed", "mode", "model", "performance", "tier", "upscale_mode"], byGrade),
  ...each(["turbo_mode", "use_turbo", "use_refiner", "enable_hr_fix", "detailed_analysis", "thinking_level"], bySwitch),
  ...each(["desired_increase"], byIncrease),
]);

function each(names: readonly string[], rule: Rule): [string, Rule][] {
  return names.map((name) => [name, rule]);
}

/** Which parameters of an endpoint could change what a unit costs. */
export function looseNames({ parameters }: InputShape): readonly string[] {
  return [...RULES.keys()].filter((name) => parameters[name] !== undefined);
}

/** The multiple of a listed price that a request may come to, where no published rule tells. `own` are the shape's {@link looseNames}. */
export function looseFactor(ask: Ask, kind: UnitKind, own: readonly string[] = looseNames(ask.shape)): Factor {
  let factor = plainFactor;
  for (const name of own) factor = both(factor, RULES.get(name)!(ask, name));
  for (const name in ask.input) {
    const rule = RULES.get(name);
    if (rule && !own.includes(name) && given(ask, name) !== undefined) factor = both(factor, rule(ask, name));
  }
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
    if (chosen === null || chosen === String(parameter(ask, name)?.preset).toLowerCase()) return plainFactor;
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
  const blank = { ...ask, input: {} };
  const usual = lengthOf(blank).seconds;
  const wanted = lengthOf(ask).seconds;
  const options = parameter(ask, "duration")?.options ?? [];
  if (wanted.expected === usual.expected && isExact(wanted) && options.length < 2) return plainFactor;
  const shortest = shortestOf(options) ?? usual.expected;
  // A length that frames state has wide bounds of its own; one that the model chooses may be the longest.
  const longest = takes(ask, "duration") ? wanted.high : wanted.expected;
  const factor = span(
    Math.min(1, wanted.low / usual.expected),
    wanted.expected / usual.expected,
    Math.max(1, longest / shortest, timesTheFrames(ask, blank)) * 1.25,
  );
  return { factor, label: "", doubt: "no price is published for each length" };
}

function timesTheFrames(ask: Ask, usual: Ask): number {
  for (const name of ["num_frames", "number_of_frames"]) {
    const times = (Number(settled(ask, name)) * interpolated(ask)) / Number(settled(usual, name));
    if (times > 0) return times;
  }
  return 1;
}

/** Times that the sides of a video are enlarged: a price may grow as its pixels do. */
function byIncrease(ask: Ask, name: string): Factor {
  const times = Number(choice(ask, name)) / Number(parameter(ask, name)?.preset ?? 2);
  if (!(times > 1)) return plainFactor;
  return { factor: span(1, 1, times * times), label: "", doubt: `no price is published for each ${name}` };
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
