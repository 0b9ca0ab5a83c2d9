import type { Ask } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { span } from "../span.ts";
import type { Unit } from "../unit-words.ts";
import { processedMegapixelCount } from "../units/megapixels.ts";
import { documentation, documented, type Family, modelPages, pagesRead } from "./family.ts";

/** The first megapixel at full price, each further one at `further` of it; images given count, and no image is above 4. */
function steppedMegapixels(further: number) {
  return (ask: Ask, _unit: Unit): Quantity => {
    const all = processedMegapixelCount(ask);
    const stepped = (megapixels: number) => (megapixels <= 1 ? megapixels : 1 + (megapixels - 1) * further);
    return {
      ...all,
      count: span(stepped(all.count.low), stepped(all.count.expected), stepped(Math.ceil(all.count.high))),
    };
  };
}

/** FLUX.2 pro: $0.03 for the first megapixel and $0.015 for each further one. */
const pro: Family = {
  covers: (endpointId) => /^fal-ai\/flux-2-pro(\/edit)?$/.test(endpointId),
  unit: "processed megapixels",
  price: () => "0.03",
  source: documentation,
  asOf: documented,
  count: steppedMegapixels(0.5),
};

/** FLUX.2 max: $0.07 for the first megapixel and $0.03 for each further one. */
const max = (path: string, unit: string): Family => ({
  covers: (endpointId) => endpointId === `fal-ai/flux-2-max${path}`,
  unit,
  source: modelPages,
  asOf: pagesRead,
  count: steppedMegapixels(3 / 7),
});

/** The editing endpoints of the open models count the images given as well. */
const edit: Family = {
  covers: (endpointId) =>
    /^fal-ai\/flux-2\/(.*\/)?edit/.test(endpointId) || /^fal-ai\/flux-2-lora-gallery\//.test(endpointId),
  unit: "megapixels",
  source: documentation,
  asOf: documented,
  count(ask) {
    const all = processedMegapixelCount(ask);
    return { ...all, count: span(all.count.low / 2, all.count.expected, all.count.high) };
  },
};

export const flux2: readonly Family[] = [pro, max("/edit", "processed megapixels"), max("", "megapixels"), edit];
