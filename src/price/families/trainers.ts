import { looseFactor } from "../loose-factor.ts";
import { span } from "../span.ts";
import { stepCount } from "../units/steps.ts";
import { documentation, documented, type Family } from "./family.ts";

/** Some trainers bill a hundred steps at least, whatever is asked for. */
const LEAST_STEPS = 100;

export const trainers: readonly Family[] = [
  {
    covers: (endpointId) => /train/.test(endpointId),
    unit: "steps",
    source: documentation,
    asOf: documented,
    count(ask) {
      const { count, label, doubt } = stepCount(ask);
      return { count: span(count.low, count.expected, Math.max(LEAST_STEPS, count.high)), label, doubt };
    },
    // What a step costs at another resolution is not published.
    factor: (ask) => looseFactor(ask, "steps"),
  },
];
