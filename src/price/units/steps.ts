import { type Ask, settled, takes, wholeNumber } from "../ask.ts";
import type { Quantity } from "../quantity.ts";
import { exactly, span } from "../span.ts";
import { countOf } from "./images.ts";

const MOST_STEPS = 1_000_000;

/** Steps of a training as asked for, or as the endpoint's default states. */
export function stepCount(ask: Ask): Quantity {
  const name = takes(ask, "number_of_steps") ? "number_of_steps" : "steps";
  if (settled(ask, name) === undefined) {
    return {
      count: span(100, 1_000, 5_000),
      label: "about 1000 steps",
      doubt: "steps are not given; taken as 100 to 5000",
    };
  }
  const steps = wholeNumber(ask, name, 1_000, MOST_STEPS);
  return { count: exactly(steps), label: countOf(steps, "step"), doubt: null };
}
