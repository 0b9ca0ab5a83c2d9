import { type Decimal, decimal } from "../money.ts";
import { type Ask, asParameters, settled, switchedOn } from "./ask.ts";
import { tierOf } from "./card-rules.ts";
import type { Estimate } from "./estimate.ts";
import { inputShape } from "./input-shape.ts";
import { noFiles } from "./known-files.ts";
import type { Pricer } from "./pricer.ts";
import { type CardRate, rateCard, tierSides } from "./rate-card.ts";
import { rateAt } from "./rates.ts";
import { readSize, resolutionArea } from "./sizes.ts";

/** A cheaper way to ask the same endpoint. */
export interface Alternative {
  /** What to ask for instead: `resolution 480p`, `silent`, `one image`. */
  change: string;
  /** The parameters to change in the input. */
  input: Readonly<Record<string, unknown>>;
  estimate: Estimate;
  /** Dollars saved on what is expected. */
  saves: Decimal;
}

/**
 * Cheaper ways to ask the same endpoint, the one that saves most first: a smaller size, fewer seconds, no sound, one image. Empty
 * where the price is unknown or nothing is cheaper. Quality is traded for money, and which trade is fine is for people to say.
 */
export function alternatives(pricer: Pricer, endpointId: string, input: unknown, at: number): Alternative[] {
  const asked = pricer.estimate(endpointId, input, at);
  if (asked.expected === null) return [];
  const found: Alternative[] = [];
  for (const [change, patch] of changes(endpointId, input)) {
    const estimate = pricer.estimate(endpointId, { ...asParameters(input), ...patch }, at);
    if (estimate.expected === null || estimate.high === null || asked.high === null) continue;
    const saves = asked.expected.sub(estimate.expected);
    if (saves.gt(0) && estimate.high.lte(asked.high)) found.push({ change, input: patch, estimate, saves });
  }
  return found.sort((a, b) => b.saves.cmp(a.saves));
}

type Change = [change: string, patch: Record<string, unknown>];

function changes(endpointId: string, input: unknown): Change[] {
  const ask: Ask = {
    endpointId,
    input: asParameters(input),
    shape: inputShape(endpointId),
    files: noFiles,
    assumed: { imageMegapixels: 1, videoSeconds: 1, audioSeconds: 1 },
  };
  return [
    ...fewerImages(ask),
    ...smallerSize(ask),
    ...lowerResolution(ask),
    ...shorter(ask),
    ...silent(ask),
    ...lowerQuality(ask),
  ];
}

function fewerImages(ask: Ask): Change[] {
  const images = settled(ask, "num_images");
  return typeof images === "number" && images > 1 ? [["one image", { num_images: 1 }]] : [];
}

function smallerSize(ask: Ask): Change[] {
  const chosen = settled(ask, "image_size");
  if (chosen === undefined || ask.shape.parameters.image_size?.kind === "string") return [];
  const size = readSize(chosen, "image_size");
  if (!size) return [];
  return tierSides
    .filter((side) => side * side < size.width * size.height)
    .map((side) => [`${side} × ${side} pixels`, { image_size: { width: side, height: side } }]);
}

function lowerResolution(ask: Ask): Change[] {
  const chosen = settled(ask, "resolution");
  const area = typeof chosen === "string" ? resolutionArea(chosen) : null;
  if (area === null) return [];
  const options = ask.shape.parameters.resolution?.options ?? [];
  return options
    .filter((option) => (resolutionArea(option) ?? area) < area)
    .map((option) => [`resolution ${option}`, { resolution: option }]);
}

function shorter(ask: Ask): Change[] {
  const known = ask.shape.parameters.duration;
  const chosen = Number.parseFloat(String(settled(ask, "duration")));
  if (!known || !(chosen > 0)) return [];
  const options = known.options.filter((option) => Number.parseFloat(option) < chosen);
  return options.map((option) => [`${Number.parseFloat(option)} seconds`, { duration: option }]);
}

function silent(ask: Ask): Change[] {
  const names = ["generate_audio", "generate_audio_switch", "enable_audio"];
  return names
    .filter((name) => ask.shape.parameters[name] && switchedOn(ask, name))
    .map((name) => ["silent", { [name]: false }]);
}

function lowerQuality(ask: Ask): Change[] {
  const changed: Change[] = [];
  for (const name of ["quality", "rendering_speed"]) {
    for (const option of ask.shape.parameters[name]?.options ?? []) {
      if (option !== settled(ask, name) && option !== "auto") changed.push([`${name} ${option}`, { [name]: option }]);
    }
  }
  return changed;
}

/** The cheapest tier of the rate card that covers a wanted size. */
export interface SizeTier {
  /** Pixels of the tier's square. */
  side: number;
  /** How many of the largest square a size above it is charged as; 1 below. */
  times: number;
  /** Dollars for one image. */
  price: Decimal;
}

/**
 * The cheapest tier of the rate card that covers `width` × `height`, by the rates in force at `at`; `null` for endpoints that are
 * not priced by size.
 * @throws OptionsError for sides that are not whole pixels.
 */
export function cheapestTier(endpointId: string, width: number, height: number, at: number): SizeTier | null {
  const rates: readonly CardRate[] | undefined = Object.hasOwn(rateCard, endpointId) ? rateCard[endpointId] : undefined;
  const rule = rates && rateAt(rates, at)?.rule;
  if (rule?.by !== "size tier") return null;
  const size = readSize({ width, height }, "image_size");
  if (!size) return null;
  const { index, times } = tierOf(size);
  return { side: tierSides[index], times, price: decimal(rule.tiers[index]).mul(times) };
}
