import { type Decimal, fromNano, zero } from "../money.ts";
import type { TotalsRow } from "../store/store.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A budget as it stands: the shape that `meter.budgets()` answers. */
export interface Standing {
  name: string;
  limit: Decimal;
  spent: Decimal;
  held: Decimal;
  remaining: Decimal;
  windowStart: Date | null;
  resetsAt: Date | null;
  split?: string;
}

/** How fast a budget is used up. */
export interface BudgetBurn {
  name: string;
  split?: string;
  remaining: Decimal;
  /** Dollars an hour over the last 24 hours. */
  lastDay: Decimal;
  /** Dollars an hour since its window began; `null` where it has none. */
  sinceStart: Decimal | null;
  /** When nothing remains at the faster of the two; `null` at a standstill, and where it lies beyond ten years. */
  runsOutAt: Date | null;
  /** `runs-out` before its window ends, `lasts` to the end of it, `exhausted` already. */
  verdict: "runs-out" | "lasts" | "exhausted";
}

/** Whether a row of totals counts under a budget. */
export type Covers = (standing: Standing, row: TotalsRow) => boolean;

/** Dollars an hour over the last 24 hours. Rows count by the quarter hour they begin in. */
export function hourlyRate(rows: readonly TotalsRow[], at: number): Decimal {
  const recent = rows.filter(({ bucket }) => bucket !== null && bucket >= at - DAY_MS && bucket <= at);
  return fromNano(recent.reduce((total, { spent }) => total + spent, 0n)).div(24);
}

/** No rate is taken over less than an hour: one call in a window's first second is no trend. */
export function burnOf(standing: Standing, rows: readonly TotalsRow[], at: number, covers: Covers): BudgetBurn {
  const { name, split, spent, remaining, windowStart, resetsAt } = standing;
  const lastDay = hourlyRate(
    rows.filter((row) => covers(standing, row)),
    at,
  );
  const hours = windowStart && Math.max(1, (at - windowStart.getTime()) / HOUR_MS);
  const sinceStart = hours === null ? null : spent.div(hours);
  const rate = sinceStart?.gt(lastDay) ? sinceStart : lastDay;
  const runsOutAt = runOut(remaining, rate, at);
  const inWindow = runsOutAt !== null && (resetsAt === null || runsOutAt < resetsAt);
  return {
    name,
    ...(split !== undefined && { split }),
    remaining,
    lastDay: lastDay.toDecimalPlaces(9),
    sinceStart: sinceStart?.toDecimalPlaces(9) ?? null,
    runsOutAt,
    verdict: remaining.isZero() ? "exhausted" : inWindow ? "runs-out" : "lasts",
  };
}

const FURTHEST_HOURS = 10 * 366 * 24;

function runOut(remaining: Decimal, rate: Decimal, at: number): Date | null {
  if (rate.lte(zero)) return null;
  const hours = remaining.div(rate);
  return hours.gt(FURTHEST_HOURS) ? null : new Date(at + Math.floor(hours.mul(HOUR_MS).toNumber()));
}
