/** A rate with the time it is in force: history is never re-priced. */
export interface Dated {
  /** First instant, in milliseconds since the epoch; `null` for as long as anyone remembers. */
  readonly from: number | null;
  /** First instant after it; `null` while no change is announced. */
  readonly until: number | null;
}

/** The rate in force at `at`: the latest to begin, where several would do. `undefined` where none is. */
export function rateAt<Rate extends Dated>(rates: readonly Rate[], at: number): Rate | undefined {
  let found: Rate | undefined;
  for (const rate of rates) {
    if ((rate.from ?? Number.NEGATIVE_INFINITY) > at || at >= (rate.until ?? Number.POSITIVE_INFINITY)) continue;
    if (!found || (rate.from ?? Number.NEGATIVE_INFINITY) >= (found.from ?? Number.NEGATIVE_INFINITY)) found = rate;
  }
  return found;
}
