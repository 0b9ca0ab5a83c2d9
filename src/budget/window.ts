import { OptionsError } from "../errors.ts";
import { changeBetween, createZone, firstInstant, type Zone } from "./zone.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Lengths of calendar windows. */
export type WindowPer = "hour" | "day" | "week" | "month" | "total";

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** The weekday that a week begins on. */
export type WeekStart = (typeof WEEKDAYS)[number];

/** A stretch of time that a budget counts within. */
export interface Window {
  /** The ISO time of its first instant; `"total"` for the one that holds all time. */
  readonly id: string;
  /** First instant, in milliseconds since the epoch. */
  readonly start: number;
  /** First instant after it; `null` never ends. */
  readonly end: number | null;
}

/** Windows of one zone. */
export interface Windows {
  /** The window of this length that `at` lies in. The current one is remembered, so asking again costs next to nothing. */
  at(per: WindowPer, at: number): Window;
}

const ALL_TIME: Window = { id: "total", start: 0, end: null };

/**
 * Checks the name of a weekday.
 * @throws OptionsError naming `option`.
 */
export function validWeekStart(weekStart: string, option: string): WeekStart {
  if (!WEEKDAYS.includes(weekStart as WeekStart)) {
    throw new OptionsError(option, `one of ${WEEKDAYS.map((day) => `"${day}"`).join(", ")}`, weekStart);
  }
  return weekStart as WeekStart;
}

/** Makes the windows of an IANA zone that `validZone` has passed. */
export function createWindows(zone: string, weekStart: WeekStart): Windows {
  const clocks = createZone(zone);
  const current = new Map<WindowPer, Window>();
  return {
    at(per, at) {
      const known = current.get(per);
      if (known && at >= known.start && (known.end === null || at < known.end)) return known;
      const window = windowAt(per, at, clocks, weekStart);
      current.set(per, window);
      return window;
    },
  };
}

/**
 * The window that `at` lies in. Windows lie end to end and never overlap, whatever the clocks do:
 * - an hour is an hour of the local clock, cut where the clocks change, so an hour shown twice is two windows;
 * - a day runs from the first instant of its date to the first instant of the next, be it 23, 24 or 25 hours; where the
 *   clocks go back over midnight, what follows the first midnight is the new day's, and a date that was skipped has none;
 * - weeks and months are made of such days.
 */
export function windowAt(per: WindowPer, at: number, zone: Zone, weekStart: WeekStart): Window {
  if (per === "total") return ALL_TIME;
  if (per === "hour") return hourAt(at, zone);
  const date = dateAt(at, zone);
  const [first, next] =
    per === "day" ? [date, date + DAY_MS] : per === "week" ? weekOf(date, weekStart) : monthOf(date);
  return windowOf(firstInstant(zone, first), firstInstant(zone, next));
}

function windowOf(start: number, end: number): Window {
  return { id: new Date(start).toISOString(), start, end };
}

function hourAt(at: number, zone: Zone): Window {
  const offset = zone.offsetAt(at);
  const shown = at + offset;
  const start = Math.floor(shown / HOUR_MS) * HOUR_MS - offset;
  const end = start + HOUR_MS;
  return windowOf(
    zone.offsetAt(start) === offset ? start : changeBetween(zone, start, at),
    zone.offsetAt(end - 1) === offset ? end : changeBetween(zone, at, end - 1),
  );
}

/** The local date whose day `at` belongs to, as midnight UTC of that date. */
function dateAt(at: number, zone: Zone): number {
  let date = Math.floor((at + zone.offsetAt(at)) / DAY_MS) * DAY_MS;
  // Clocks that go back over midnight show yesterday's date again after today has begun.
  while (firstInstant(zone, date + DAY_MS) <= at) date += DAY_MS;
  return date;
}

function weekOf(date: number, weekStart: WeekStart): [first: number, next: number] {
  const weekday = new Date(date).getUTCDay();
  const first = date - ((weekday - WEEKDAYS.indexOf(weekStart) + 7) % 7) * DAY_MS;
  return [first, first + 7 * DAY_MS];
}

function monthOf(date: number): [first: number, next: number] {
  const day = new Date(date);
  const year = day.getUTCFullYear();
  const month = day.getUTCMonth();
  return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
}
