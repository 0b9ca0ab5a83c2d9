import { type Ask, takes, wholeNumber } from "../ask.ts";
import { fileLength, hasRecording, lengthOf } from "../length.ts";
import type { Quantity } from "../quantity.ts";
import { type Span, span } from "../span.ts";
import type { Unit } from "../unit-words.ts";

const MOST_SAMPLES = 100;

/** Seconds in units of `per`: a started minute or block of seconds may count as a whole one, so `high` rounds up. */
export function inUnitsOf(per: number, seconds: Span): Span {
  if (per === 1) return seconds;
  const low = seconds.low / per;
  return span(low, seconds.expected / per, Math.ceil(seconds.high / per));
}

export function secondCount(ask: Ask, unit: Unit): Quantity {
  // Seconds that are put in are those of the files, whatever is made of them.
  const { seconds, doubt } = unit.word.startsWith("input") && hasRecording(ask) ? fileLength(ask) : lengthOf(ask);
  // Several takes of one length may each be billed.
  const samples = takes(ask, "num_samples") ? wholeNumber(ask, "num_samples", 1, MOST_SAMPLES) : 1;
  const all = samples === 1 ? seconds : span(seconds.low, seconds.expected * samples, seconds.high * samples);
  return { count: inUnitsOf(unit.per, all), label: secondsLabel(all), doubt };
}

export function secondsLabel(seconds: Span): string {
  const rounded = Math.round(seconds.expected * 10) / 10;
  return seconds.low === seconds.high ? `${rounded} s` : `about ${rounded} s`;
}
