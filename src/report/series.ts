import { type Decimal, fromNano, sum } from "../money.ts";
import type { TotalsRow } from "../store/store.ts";
import { indexOfPeriod, type Period } from "./period.ts";

/** What was spent in one hour or day. */
export interface Point {
  start: Date;
  end: Date;
  /** Zero where nothing was. */
  spent: Decimal;
  /** Mean of this and the 6 before it, to the nano-dollar; `null` until there are 7. */
  average: Decimal | null;
}

const AVERAGED = 7;

/** What was spent in each of these periods, which lie end to end. Rows without a bucket, or outside, count nowhere. */
export function spentIn(periods: readonly Period[], rows: readonly TotalsRow[]): Decimal[] {
  const sums = periods.map(() => 0n);
  for (const { bucket, spent } of rows) {
    const index = bucket === null ? -1 : indexOfPeriod(periods, bucket);
    if (index >= 0) sums[index]! += spent;
  }
  return sums.map(fromNano);
}

/** A point for every period, with its moving average. */
export function series(periods: readonly Period[], rows: readonly TotalsRow[]): Point[] {
  const spent = spentIn(periods, rows);
  return periods.map(({ start, end }, index) => ({
    start: new Date(start),
    end: new Date(end),
    spent: spent[index]!,
    average:
      index + 1 < AVERAGED
        ? null
        : sum(spent.slice(index + 1 - AVERAGED, index + 1))
            .div(AVERAGED)
            .toDecimalPlaces(9),
  }));
}
