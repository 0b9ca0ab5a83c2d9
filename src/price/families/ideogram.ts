import { tiered } from "../factor.ts";
import { span } from "../span.ts";
import { type Family, modelPages, pagesRead } from "./family.ts";

/** Ideogram 3: $0.03 TURBO, $0.06 BALANCED, $0.09 QUALITY, over a listed $0.03. */
const v3: Family = {
  covers: (endpointId) => /^fal-ai\/ideogram\/v3(\/|$)/.test(endpointId),
  unit: "images",
  source: modelPages,
  asOf: pagesRead,
  factor: (ask) => tiered(ask, "rendering_speed", { turbo: 1, balanced: 2, quality: 3 }),
};

/** Its character endpoints are dearer by figures that are not published. */
const character: Family = {
  covers: (endpointId) => endpointId.startsWith("fal-ai/ideogram/character"),
  unit: "images",
  source: modelPages,
  asOf: pagesRead,
  factor: (ask) =>
    tiered(ask, "rendering_speed", { turbo: span(1, 2, 2), balanced: span(1, 3, 3), quality: span(1, 4, 4) }),
};

export const ideogram: readonly Family[] = [v3, character];
