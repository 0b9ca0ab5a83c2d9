import { Decimal, zero } from "../money.ts";
import type { DaySpent } from "./anomaly.ts";
import { dateAt, nextStart, type Period, periodAt, type Weekday, weekdayAt } from "./period.ts";
import { mean, rootMeanSquare } from "./spread.ts";
import type { Calendars } from "./summary.ts";

/** What a month will have cost when it ends. */
export interface Forecast {
  /** As `2026-11`. */
  month: string;
  start: Date;
  end: Date;
  /** Already. */
  spent: Decimal;
  /** `spent` and what the days left have usually cost, less two deviations; never below `spent`. */
  low: Decimal;
  expected: Decimal;
  /** Two deviations more, and what is held besides. */
  high: Decimal;
  /** Closed days that it was taken from. */
  history: number;
}

/** Mean of each weekday over closed days. */
export interface WeekdayPattern {
  weekday: Weekday;
  average: Decimal;
  days: number;
}

/** Weekdays seen, from Monday on. */
export function weekdayPattern(days: readonly DaySpent[]): WeekdayPattern[] {
  const order: Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
  return order.flatMap((weekday) => {
    const spent = days.filter((day) => day.state === "closed" && day.weekday === weekday).map((day) => day.spent);
    return spent.length === 0 ? [] : [{ weekday, average: mean(spent).toDecimalPlaces(9), days: spent.length }];
  });
}

/** Days looked back at: more would tell of a business that is no longer so. */
const LOOKBACK_DAYS = 56;

/** The month that `at` lies in; `null` while not one day has closed. `held` is what open calls may still cost. */
export function forecast(days: readonly DaySpent[], held: Decimal, at: number, calendars: Calendars): Forecast | null {
  const closed = days.filter(({ state }) => state === "closed").slice(-LOOKBACK_DAYS);
  if (closed.length === 0) return null;
  const month = periodAt(calendars, "month", at);
  const usual = new Map(weekdayPattern(closed).map(({ weekday, average }) => [weekday, average]));
  const overall = mean(closed.map(({ spent }) => spent));
  const usualOn = (weekday: Weekday) => usual.get(weekday) ?? overall;
  const spread = rootMeanSquare(closed.map(({ spent, weekday }) => spent.sub(usualOn(weekday))));
  const left = daysLeft(month, at, calendars);
  const coming = left.reduce((total, { weekday, part }) => total.add(usualOn(weekday).mul(part)), zero);
  // Independent days: their variances add up.
  const range = spread.mul(2).mul(new Decimal(left.reduce((total, { part }) => total + part, 0)).sqrt());
  const spent = days.filter(({ start }) => start >= month.start).reduce((total, day) => total.add(day.spent), zero);
  return {
    month: dateAt(calendars, month.start).slice(0, 7),
    start: new Date(month.start),
    end: new Date(month.end),
    spent,
    low: Decimal.max(spent, spent.add(coming).sub(range)).toDecimalPlaces(9),
    expected: spent.add(coming).toDecimalPlaces(9),
    high: spent.add(coming).add(range).add(held).toDecimalPlaces(9),
    history: closed.length,
  };
}

/** Today's rest as a part of a day, then whole days. */
function daysLeft(month: Period, at: number, calendars: Calendars): { weekday: Weekday; part: number }[] {
  const left: { weekday: Weekday; part: number }[] = [];
  let day = periodAt(calendars, "day", at);
  while (day.start < month.end) {
    const part = Math.min(1, (day.end - at) / (day.end - day.start));
    left.push({ weekday: weekdayAt(calendars, day.start), part });
    day = { start: day.end, end: nextStart(calendars, "day", day.end) };
  }
  return left;
}
