import { Decimal, decimal } from "../money.ts";
import type { Weekday } from "./period.ts";
import { deviation, median } from "./spread.ts";

/** A day that one series is known for. */
export interface DaySpent {
  start: number;
  weekday: Weekday;
  spent: Decimal;
  /** An open day can be too high already, but not too low yet. */
  state: "closed" | "open";
}

/** A day on which a series left its pattern. */
export interface Anomaly {
  day: Date;
  /** `null` for the spending of all endpoints together. */
  endpointId: string | null;
  direction: "above" | "below";
  spent: Decimal;
  /** Median of the days it is held against. */
  usual: Decimal;
  /** How far from `usual` a day may lie: 5 times the median absolute deviation. */
  allowed: Decimal;
  /** How many days it is held against. */
  history: number;
}

/** Deviations that a day may lie from the median. */
const ALLOWED_DEVIATIONS = 5;
/** Closed days a series must have behind it before any day of it is judged. */
const LEAST_HISTORY_DAYS = 7;
/** Days looked back at, and days of the same weekday that make a pattern of their own. */
const LOOKBACK_DAYS = 56;
const LEAST_SAME_WEEKDAY = 4;

/** A series that hardly varies has a deviation near zero; nobody wants to hear of a cent. */
const leastDeviation = { ofMedian: 0.1, dollars: decimal("0.01") };

/**
 * Days beyond median ± 5 deviations of their pattern: of the same weekday in the 8 weeks before where there are 4 of it, else of
 * the days before. Too little is only said by a weekday's own pattern, for a first weekend looks like a collapse.
 */
export function anomalies(days: readonly DaySpent[], endpointId: string | null): Anomaly[] {
  return days.flatMap((day, index) => {
    const history = days.slice(Math.max(0, index - LOOKBACK_DAYS), index);
    if (history.length < LEAST_HISTORY_DAYS) return [];
    const alike = history.filter(({ weekday }) => weekday === day.weekday);
    const ownPattern = alike.length >= LEAST_SAME_WEEKDAY;
    const pattern = (ownPattern ? alike : history).map(({ spent }) => spent);
    const usual = median(pattern);
    const allowed = Decimal.max(
      deviation(pattern, usual),
      usual.mul(leastDeviation.ofMedian),
      leastDeviation.dollars,
    ).mul(ALLOWED_DEVIATIONS);
    const above = day.spent.gt(usual.add(allowed));
    const below = ownPattern && day.state === "closed" && day.spent.lt(usual.sub(allowed));
    if (!above && !below) return [];
    const direction = above ? "above" : "below";
    return [
      { day: new Date(day.start), endpointId, direction, spent: day.spent, usual, allowed, history: pattern.length },
    ];
  });
}
