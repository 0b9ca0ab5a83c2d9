import type { Ask } from "../ask.ts";
import { lengthOf } from "../length.ts";
import { span } from "../span.ts";
import { inUnitsOf, secondsLabel } from "../units/seconds.ts";
import { documentation, documented, type Family } from "./family.ts";

/** Recordings to be written down run longer than other files: four times as long is allowed for. */
const RECORDING = 4;

/** Speech to text rounds up to whole minutes. */
export const speechToText: readonly Family[] = [
  {
    covers: (endpointId) => /speech-to-text|scribe/.test(endpointId),
    unit: "minutes",
    source: documentation,
    asOf: documented,
    count(ask: Ask, unit) {
      const { seconds, doubt } = lengthOf(ask);
      if (doubt === null && seconds.low === seconds.expected) {
        const begun = (length: number) => Math.max(1, Math.ceil(length / unit.per));
        const count = span(begun(seconds.low), begun(seconds.expected), begun(seconds.high));
        return { count, label: secondsLabel(seconds), doubt };
      }
      const all = span(seconds.low, Math.max(60, seconds.expected), seconds.high * RECORDING);
      const words =
        doubt === null
          ? null
          : "the length of the recording is not in the request; taken as up to 4 × prices.inputs.audioSeconds";
      return { count: inUnitsOf(unit.per, all), label: secondsLabel(all), doubt: words };
    },
  },
];
