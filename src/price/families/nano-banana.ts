import { type Ask, choice } from "../ask.ts";
import { both, type Factor, plainFactor, tiered } from "../factor.ts";
import { span } from "../span.ts";
import { documentation, documented, type Family } from "./family.ts";

/** Nano Banana 2: half a K three quarters of the price, 2K half as much again, 4K double. */
const two: Family = {
  covers: (endpointId) => /^fal-ai\/(nano-banana-2|gemini-3\.1-flash-image-preview)(\/edit)?$/.test(endpointId),
  unit: "images",
  price: () => "0.08",
  source: documentation,
  asOf: documented,
  factor: (ask) => both(tiered(ask, "resolution", { "0.5k": 0.75, "1k": 1, "2k": 1.5, "4k": 2 }), thinking(ask)),
};

/** Nano Banana Pro: 4K double. */
const pro: Family = {
  covers: (endpointId) => /^fal-ai\/(nano-banana-pro|gemini-3-pro-image-preview)(\/edit)?$/.test(endpointId),
  unit: "images",
  price: () => "0.15",
  source: documentation,
  asOf: documented,
  factor: (ask) => tiered(ask, "resolution", { "1k": 1, "2k": 1, "4k": 2 }),
};

function thinking(ask: Ask): Factor {
  const level = choice(ask, "thinking_level");
  if (level === null || level === "minimal") return plainFactor;
  return { factor: span(1, 1, 1.5), label: "with thinking", doubt: "no price is published for thinking_level" };
}

export const nanoBanana: readonly Family[] = [two, pro];
