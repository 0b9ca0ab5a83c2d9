import { type Decimal, zero } from "../money.ts";

const EIGHTHS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Amounts as a line of bars, the largest one full: `▂·▅█`. Anything above nothing shows; nothing is a dot. */
export function sparkline(amounts: readonly Decimal[]): string {
  const largest = amounts.reduce((most, amount) => (amount.gt(most) ? amount : most), zero);
  if (largest.isZero()) return "·".repeat(amounts.length);
  return amounts
    .map((amount) => (amount.gt(zero) ? EIGHTHS[amount.mul(8).div(largest).ceil().toNumber() - 1] : "·"))
    .join("");
}
