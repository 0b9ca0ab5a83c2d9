import { type Decimal, money } from "../money.ts";
import type { Estimate, EstimateLine } from "./estimate.ts";

/** The working of an estimate as a person would write it: `8 s with sound × $0.40 a second = $3.20`, then bounds and source. */
export function explain(estimate: Estimate): string[] {
  if (estimate.expected === null) return [`${estimate.endpointId}: the price is unknown, for ${estimate.source}.`];
  const working = estimate.lines.map(lineOf);
  const bounds = boundsOf(estimate);
  const age = estimate.asOf === null ? "" : ` (${estimate.asOf})`;
  return [...working, ...(bounds === null ? [] : [bounds]), `By ${estimate.source}${age}.`];
}

function lineOf({ label, quantity, unit, unitPrice, amount }: EstimateLine): string {
  const total = amount === null ? "unknown" : money(rounded(amount));
  if (unitPrice === null || quantity === null || unit === null) return `${label} = ${total}`;
  const counted = inWords(quantity, unit);
  const said = label.includes(counted) || saysSeconds(label, quantity, unit) ? label : `${label}, ${counted}`;
  return `${said} × ${money(rounded(unitPrice))} ${/^[aeiou]/.test(unit) ? "an" : "a"} ${unit} = ${total}`;
}

function saysSeconds(label: string, quantity: Decimal, unit: string): boolean {
  return unit === "second" && label.startsWith(`${quantity.toFixed()} s`);
}

function inWords(quantity: Decimal, unit: string): string {
  const count = quantity.decimalPlaces() > 4 ? `about ${quantity.toFixed(2)}` : quantity.toFixed();
  if (/^\d/.test(unit)) return `${count} × ${unit}`;
  return count === "1" ? `1 ${unit}` : `${count} ${unit}s`;
}

function boundsOf({ low, high }: Estimate): string | null {
  if (low === null || high === null || low.eq(high)) return null;
  return `At least ${money(rounded(low))} and at most ${money(rounded(high))}.`;
}

/** Six decimals are plenty to read. */
function rounded(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(6);
}
