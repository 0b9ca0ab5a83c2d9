import { type Ask, choice } from "../ask.ts";
import { both, plainFactor, tiered } from "../factor.ts";
import { span } from "../span.ts";
import { documentation, documented, type Family } from "./family.ts";

const LINES = { "1080p": 1, "1440p": 2, "2160p": 4 };

/** LTX 2.3: $0.08, $0.16 and $0.32 a second at 1080p, 1440p and 2160p. LTX 2 follows the same steps over its own price. */
const ltx2: Family = {
  covers: (endpointId) => /^fal-ai\/(ltx-2\.3|ltx-2|ltxv-2)\/(text|image)-to-video(\/fast)?$/.test(endpointId),
  unit: "seconds",
  price(endpointId) {
    if (endpointId.startsWith("fal-ai/ltx-2.3/")) return endpointId.endsWith("/fast") ? "0.06" : "0.08";
    return endpointId.endsWith("/fast") ? "0.04" : "0.06";
  },
  source: documentation,
  asOf: documented,
  factor(ask) {
    const size = both(tiered(ask, "resolution", LINES), doubleRate(ask));
    if (!/ltx-2\.3\/.*\/fast$/.test(ask.endpointId)) return size;
    return both(size, {
      factor: span(0.5, 1, 1.34),
      label: "",
      doubt: "the price of the fast endpoint is not published",
    });
  },
};

/** Twice the frames may cost twice as much. */
function doubleRate(ask: Ask) {
  const rate = Number(choice(ask, "fps") ?? 25);
  if (!(rate > 30)) return plainFactor;
  return {
    factor: span(1, 1, 2),
    label: `at ${rate} frames a second`,
    doubt: "no price is published above 30 frames a second",
  };
}

export const ltx: readonly Family[] = [ltx2];
