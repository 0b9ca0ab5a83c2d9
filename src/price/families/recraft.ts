import { type Ask, choice } from "../ask.ts";
import { type Factor, known } from "../factor.ts";
import { span } from "../span.ts";
import { clientTypes, documented, type Family } from "./family.ts";

/** Recraft: vector images cost twice as much. */
const recraft20b: Family = {
  covers: (endpointId) => endpointId === "fal-ai/recraft-20b",
  unit: "images",
  source: clientTypes,
  asOf: documented,
  factor: vector,
};

function vector(ask: Ask): Factor {
  const style = choice(ask, "style");
  if (style === "any") return { factor: span(1, 1, 2), label: "", doubt: "the style is left to the model" };
  return known(style?.startsWith("vector") ? 2 : 1, style?.startsWith("vector") ? "as a vector image" : "");
}

export const recraft: readonly Family[] = [recraft20b];
