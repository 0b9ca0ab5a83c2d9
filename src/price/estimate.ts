import type { Decimal } from "../money.ts";
import type { Discount } from "./discount.ts";

/**
 * Where a price comes from. `contract`: the user's own rates. `list-price`: a unit price of fal's, read at run time or bundled.
 * `learned`: from bills in this ledger. `assumed`: what the user said to assume of unknown prices.
 */
export type EstimateBasis = "rate-card" | "list-price" | "learned" | "contract" | "assumed" | "unknown";

/**
 * `exact`: low, expected and high are one. `bracketed`: known rules leave a range. `doubtful`: something had to be assumed, which
 * `source` states. `unknown`: no amounts.
 */
export type EstimateConfidence = "exact" | "bracketed" | "doubtful" | "unknown";

/** One line of the working, as a person would write it. */
export interface EstimateLine {
  label: string;
  quantity: Decimal | null;
  unit: string | null;
  unitPrice: Decimal | null;
  amount: Decimal | null;
}

/** What one request will cost, before it is sent. Amounts are US dollars; `null` is unknown and never zero. */
export interface Estimate {
  endpointId: string;
  currency: "USD";
  /** The bill is at least this. */
  low: Decimal | null;
  expected: Decimal | null;
  /** The bill is at most this: what is held. */
  high: Decimal | null;
  /** What is counted, in the singular. */
  unit: string | null;
  /** Units expected. */
  quantity: Decimal | null;
  /** Dollars for one unit of this request, its tier included; `null` where the units differ in price. */
  unitPrice: Decimal | null;
  basis: EstimateBasis;
  /** The source in words, with anything that was assumed. */
  source: string;
  /** The date of the source; `null` where it has none. */
  asOf: string | null;
  confidence: EstimateConfidence;
  /** Decided when the purchase is settled, by its place in the month: `null` before. Amounts are undiscounted. */
  discount: Discount | null;
  lines: EstimateLine[];
}

export function unknownEstimate(endpointId: string, why: string): Estimate {
  return {
    endpointId,
    currency: "USD",
    low: null,
    expected: null,
    high: null,
    unit: null,
    quantity: null,
    unitPrice: null,
    basis: "unknown",
    source: why,
    asOf: null,
    confidence: "unknown",
    discount: null,
    lines: [],
  };
}
