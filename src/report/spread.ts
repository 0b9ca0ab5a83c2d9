import { type Decimal, sum, zero } from "../money.ts";

/** Mean; zero of nothing. */
export function mean(values: readonly Decimal[]): Decimal {
  return values.length === 0 ? zero : sum(values).div(values.length);
}

/** The middle value, or the mean of the two in the middle; zero of nothing. */
export function median(values: readonly Decimal[]): Decimal {
  if (values.length === 0) return zero;
  const sorted = [...values].sort((a, b) => a.cmp(b));
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : sorted[middle - 1]!.add(sorted[middle]!).div(2);
}

/** Median absolute deviation: how far values usually lie from `centre`. One wild value does not move it. */
export function deviation(values: readonly Decimal[], centre: Decimal): Decimal {
  return median(values.map((value) => value.sub(centre).abs()));
}

/** Root of the mean square of residuals; zero of fewer than two. */
export function rootMeanSquare(residuals: readonly Decimal[]): Decimal {
  return residuals.length < 2 ? zero : mean(residuals.map((residual) => residual.mul(residual))).sqrt();
}
