import { OptionsError } from "../errors.ts";
import type { Calendars } from "./summary.ts";

/** Stretches that a series or a report is cut into, by the meter's calendar. */
export type PeriodLength = "hour" | "day" | "week" | "month";

/** One of them: `start` is in it, `end` is not. Milliseconds since the epoch. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

/** Longer than one of these can be, and shorter than two, whatever the clocks do. */
const INTO_THE_NEXT_MS = { day: 1.5 * DAY_MS, week: 8.5 * DAY_MS, month: 45 * DAY_MS } as const;

/** First instant of the period after the one that begins at `start`. */
export function nextStart(calendars: Calendars, per: PeriodLength, start: number): number {
  if (per !== "hour") return calendars.startOf(per, start + INTO_THE_NEXT_MS[per]);
  // An hour can be cut where the clocks change, and they change on quarter hours.
  let at = start + QUARTER_MS;
  while (calendars.startOf("hour", at) === start) at += QUARTER_MS;
  return calendars.startOf("hour", at);
}

/** The period that `at` lies in. */
export function periodAt(calendars: Calendars, per: PeriodLength, at: number): Period {
  const start = calendars.startOf(per, at);
  return { start, end: nextStart(calendars, per, start) };
}

/** The period before the one that begins at `start`. */
export function periodBefore(calendars: Calendars, per: PeriodLength, start: number): Period {
  return { start: calendars.startOf(per, start - 1), end: start };
}

/**
 * The periods that `since` to `until` touches, in order.
 * @throws OptionsError naming `option` when there are more than `most`.
 */
export function periodsBetween(
  calendars: Calendars,
  per: PeriodLength,
  span: { since: number; until: number },
  most: number,
  option: string,
): Period[] {
  const periods: Period[] = [];
  let period = periodAt(calendars, per, span.since);
  while (period.start < span.until) {
    if (periods.length === most) throw new OptionsError(option, `a range of at most ${most} periods of a ${per}`, span);
    periods.push(period);
    period = { start: period.end, end: nextStart(calendars, per, period.end) };
  }
  return periods;
}

/** Where in ordered periods `at` lies; −1 outside of them. */
export function indexOfPeriod(periods: readonly Period[], at: number): number {
  let [low, high] = [0, periods.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const period = periods[middle]!;
    if (at < period.start) high = middle - 1;
    else if (at >= period.end) low = middle + 1;
    else return middle;
  }
  return -1;
}

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A Monday; days are counted from it, so that dates and weekdays need no second source of time zones. */
const A_MONDAY = "2026-01-05";

function daysSinceMonday(calendars: Calendars, at: number): number {
  return Math.round((calendars.startOf("day", at) - calendars.startOfDate(A_MONDAY)) / DAY_MS);
}

export function weekdayAt(calendars: Calendars, at: number): Weekday {
  return WEEKDAYS[((daysSinceMonday(calendars, at) % 7) + 7) % 7]!;
}

/** The calendar date of an instant, as `2026-11-23`. */
export function dateAt(calendars: Calendars, at: number): string {
  return new Date(Date.parse(A_MONDAY) + daysSinceMonday(calendars, at) * DAY_MS).toISOString().slice(0, 10);
}

/** First instant of the date that lies `days` after the date of `at`. */
export function daysAfter(calendars: Calendars, at: number, days: number): number {
  const date = Date.parse(dateAt(calendars, at)) + days * DAY_MS;
  return calendars.startOfDate(new Date(date).toISOString().slice(0, 10));
}
