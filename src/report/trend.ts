import { type Decimal, fromNano } from "../money.ts";
import type { TotalsQuery, TotalsRow } from "../store/store.ts";
import { type Anomaly, anomalies, type DaySpent } from "./anomaly.ts";
import { type BudgetBurn, burnOf, type Covers, hourlyRate, type Standing } from "./burn.ts";
import { type Forecast, forecast, type WeekdayPattern, weekdayPattern } from "./forecast.ts";
import { daysAfter, type Period, periodsBetween, weekdayAt } from "./period.ts";
import { type Point, series, spentIn } from "./series.ts";
import type { Calendars } from "./summary.ts";

/** Where spending comes from and where it goes. */
export interface Trend {
  currency: "USD";
  at: Date;
  /** The last 48 hours, the current one included. */
  hours: Point[];
  /** The last 91 days at most, today included, from the first day that anything was spent on. */
  days: Point[];
  weekdays: WeekdayPattern[];
  /** Dollars an hour over the last 24 hours. */
  perHour: Decimal;
  budgets: BudgetBurn[];
  forecast: Forecast | null;
  /** The latest first. */
  anomalies: Anomaly[];
}

export interface TrendInput {
  /** Answers of `trendQuery`. */
  rows: readonly TotalsRow[];
  /** What each endpoint spent on each of `trendDays`, its bucket the day's first instant. @default `rows`, where they tell endpoints apart */
  endpoints?: readonly TotalsRow[];
  /** Answers of `burnQuery`. @default `rows`, where they tell endpoints and tags apart */
  lastDay?: readonly TotalsRow[];
  budgets: readonly Standing[];
  at: number;
  calendars: Calendars;
  /** Whether a row counts under a budget. @default every row does */
  covers?: Covers;
}

const HOUR_MS = 3_600_000;
const HOURS_SHOWN = 48;
const DAYS_BACK = 90;
/** Endpoints looked at one by one, those that cost most first. */
const MOST_ENDPOINTS = 200;
const MOST_PERIODS = 200;

/** What was spent when, for a trend at `at`. */
export function trendQuery(at: number, calendars: Calendars): TotalsQuery {
  return { since: daysAfter(calendars, at, -DAYS_BACK), until: at, by: ["bucket"] };
}

/** What the last 24 hours were spent on, and for whom: how fast budgets burn. */
export function burnQuery(at: number): TotalsQuery {
  return { since: at - 24 * HOUR_MS, until: at, by: ["bucket", "endpoint", "tags"] };
}

/** The days of a trend, from the first on which anything was spent. */
export function trendDays(rows: readonly TotalsRow[], at: number, calendars: Calendars): Period[] {
  return periodsBetween(calendars, "day", { since: firstSpending(rows, at), until: at + 1 }, MOST_PERIODS, "trend");
}

export function trend(input: TrendInput): Trend {
  const { rows, endpoints = rows, lastDay = rows, budgets, at, calendars, covers = () => true } = input;
  const until = at + 1;
  const hours = periodsBetween(
    calendars,
    "hour",
    { since: at - (HOURS_SHOWN - 1) * HOUR_MS, until },
    MOST_PERIODS,
    "trend",
  );
  const days = trendDays(rows, at, calendars);
  const known = daysOf(days, rows, at, calendars);
  const held = fromNano(rows.reduce((total, row) => total + row.held, 0n));
  return {
    currency: "USD",
    at: new Date(at),
    hours: series(hours, rows),
    days: series(days, rows),
    weekdays: weekdayPattern(known),
    perHour: hourlyRate(rows, at).toDecimalPlaces(9),
    budgets: budgets.map((standing) => burnOf(standing, lastDay, at, covers)),
    forecast: forecast(known, held, at, calendars),
    anomalies: [...anomalies(known, null), ...byEndpoint(endpoints, at, calendars)].sort(
      (a, b) => b.day.getTime() - a.day.getTime(),
    ),
  };
}

/** A series begins with its first spending: the days before it are no history of zeros. */
function firstSpending(rows: readonly TotalsRow[], at: number): number {
  return rows.reduce(
    (first, { bucket, spent }) => (bucket !== null && spent !== 0n && bucket < first ? bucket : first),
    at,
  );
}

function daysOf(periods: readonly Period[], rows: readonly TotalsRow[], at: number, calendars: Calendars): DaySpent[] {
  const spent = spentIn(periods, rows);
  return periods.map(({ start, end }, index) => ({
    start,
    weekday: weekdayAt(calendars, start),
    spent: spent[index]!,
    state: end <= at ? "closed" : "open",
  }));
}

function byEndpoint(rows: readonly TotalsRow[], at: number, calendars: Calendars): Anomaly[] {
  const endpoints = new Map<string, TotalsRow[]>();
  for (const row of rows) {
    if (row.endpointId === null) continue;
    const its = endpoints.get(row.endpointId);
    if (its) its.push(row);
    else endpoints.set(row.endpointId, [row]);
  }
  // Of a single endpoint everything was said already.
  if (endpoints.size < 2) return [];
  const largest = [...endpoints.entries()]
    .map(([endpointId, its]) => ({
      endpointId,
      its,
      spent: fromNano(its.reduce((total, row) => total + row.spent, 0n)),
    }))
    .sort((a, b) => b.spent.cmp(a.spent))
    .slice(0, MOST_ENDPOINTS);
  return largest.flatMap(({ endpointId, its }) =>
    anomalies(daysOf(trendDays(its, at, calendars), its, at, calendars), endpointId),
  );
}
