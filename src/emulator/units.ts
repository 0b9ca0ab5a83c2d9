import { type Decimal, decimal } from "../money.ts";
import { type Family, familyOf, lengthSeconds } from "./family.ts";
import { charactersOf, howMany, type Input, imageSize } from "./measure.ts";

/** fal counts megapixels by 1024 × 1024 and rounds each picture up (fal's own demo code). */
const PIXELS_PER_MEGAPIXEL = 1024 * 1024;

/** A training of fewer steps is billed as this many (fal documentation, April 2026). */
const FEWEST_STEPS = 100;

/** How many units fal would bill for a request, to the last digit. `weight` is the input's fingerprint, for what only running it could tell. */
export function billableUnits(unit: string, endpointId: string, input: Input, weight: number): Decimal {
  const family = familyOf(endpointId, unit);
  return baseUnits(unit.trim().toLowerCase(), family, endpointId, input, weight).mul(multiplier(endpointId, input));
}

function baseUnits(unit: string, family: Family, endpointId: string, input: Input, weight: number): Decimal {
  const many = howMany(input) ?? 1;
  const seconds = lengthSeconds(family, endpointId, input);
  const size = imageSize(endpointId, input) ?? { width: 1024, height: 1024 };
  const blocks = /^(\d+) seconds$/.exec(unit);
  if (blocks) return decimal(Math.ceil(seconds / Number(blocks[1])));
  switch (unit) {
    case "images":
      return decimal(many);
    case "megapixels":
    case "processed megapixels":
      return decimal(Math.ceil((size.width * size.height) / PIXELS_PER_MEGAPIXEL)).mul(many);
    case "seconds":
    case "input seconds":
      return decimal(seconds).mul(many);
    case "minutes":
      return decimal(Math.ceil(seconds / 60));
    case "1000 characters":
      return decimal(charactersOf(input)).div(1000);
    case "steps":
      return decimal(Math.max(FEWEST_STEPS, typeof input.steps === "number" ? Math.min(input.steps, 1e6) : 1000));
    case "compute seconds":
      return decimal(150 + (weight % 400)).div(100);
    case "1000 tokens":
      return tokens(family, size, seconds, input).div(1000);
    case "1m tokens":
      return tokens(family, size, seconds, input).div(1e6);
    case "videos":
      return decimal(many);
    default:
      return decimal(1);
  }
}

/** Video models that bill tokens count height × width × 24 ÷ 1024 a second; language models about four characters a token. */
function tokens(family: Family, size: { width: number; height: number }, seconds: number, input: Input): Decimal {
  return family === "video"
    ? decimal(size.width * size.height * 24)
        .div(1024)
        .mul(seconds)
    : decimal(Math.max(1, Math.ceil(charactersOf(input) / 4)));
}

/** Dearer settings show in fal's units, not in its unit price (fal documentation, April 2026). */
function multiplier(endpointId: string, input: Input): Decimal {
  if (/nano-banana-2/.test(endpointId)) return decimal(BANANA_2[String(input.resolution)] ?? 1);
  if (/nano-banana-pro/.test(endpointId)) return decimal(input.resolution === "4K" ? 2 : 1);
  if (/veo3\.1$|veo3\.1\/(?!fast|lite)/.test(endpointId)) {
    const silent = input.generate_audio === false;
    return decimal(input.resolution === "4k" ? (silent ? 1 : 1.5) : silent ? 0.5 : 1);
  }
  return decimal(1);
}

const BANANA_2: Readonly<Record<string, number>> = { "0.5K": 0.75, "1K": 1, "2K": 1.5, "4K": 2 };
