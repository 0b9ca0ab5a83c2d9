import { type Decimal, decimal, fromNano, lessPercent, type Nano, toNano } from "../money.ts";
import type { EstimateRecord, Settlement } from "../store/store.ts";
import type { Verdict } from "./settlement.ts";

/** What is known of prices when a purchase is settled. */
export interface Prices {
  /** The price of one of fal's billed units, where one is known. */
  unitPrice: { unitPrice: Decimal; source: string } | null;
  /** Tiers of the month's volume discount, by how many purchases were charged; empty when it is off. */
  tiers: readonly { from: number; percent: number }[];
  /** The month's counter of charged purchases. */
  ordinalCounter: string;
  /** How long the model worked, where the status said so; bills models priced by compute seconds. */
  inferenceSeconds: number | null;
}

/** How a settled amount is known: by fal's units, its billing events, measured compute time, or by the estimate's own basis. */
export type PostingBasis = string;

/** Discounts belong to the card and to contracts; other prices may carry the account's own discount already. */
const DISCOUNTED_BASES = new Set(["rate-card", "contract"]);

/** What fal's own billing says of a purchase, in dollars that it really charged. */
export interface BillingVerdict {
  outcome: "charged";
  by: "billing-event";
  amount: Decimal;
  /** As fal sent them; `null` where it said none. */
  units: string | null;
}

type Posting = Pick<Settlement, "outcome" | "post" | "basis" | "billableUnits" | "note">;

/** Turns a verdict that ends a purchase into what is written down. */
export function postingFor(
  verdict: Extract<Verdict, { outcome: "charged" | "free" }> | BillingVerdict,
  estimate: EstimateRecord,
  prices: Prices,
): Posting {
  if (verdict.outcome === "free") {
    const billableUnits = verdict.why === "fal billed 0 units" ? "0" : null;
    return { outcome: "free", post: { amount: 0n }, basis: "free", billableUnits, note: verdict.why };
  }
  if (verdict.by === "billing-event") {
    const known = { amount: toNano(verdict.amount), basis: "billing-event", billableUnits: verdict.units };
    return charged({ ...known, note: "by fal's billing events" }, prices, false);
  }
  if (verdict.by === "billed-units" && prices.unitPrice) {
    const amount = toNano(verdict.units.mul(prices.unitPrice.unitPrice));
    const note = `${verdict.text} units × $${prices.unitPrice.unitPrice.toFixed()} (${prices.unitPrice.source})`;
    return charged({ amount, basis: "billed-units", billableUnits: verdict.text, note }, prices, false);
  }
  const byEstimate = {
    ...measured(estimate, prices.inferenceSeconds),
    billableUnits: verdict.by === "billed-units" ? verdict.text : null,
    note: verdict.by === "billed-units" ? "no unit price is known for these units; the estimate stands" : verdict.why,
  };
  return charged(byEstimate, prices, DISCOUNTED_BASES.has(byEstimate.basis));
}

function measured(estimate: EstimateRecord, inferenceSeconds: number | null): { amount: Nano | null; basis: string } {
  if (estimate.unit === "compute second" && estimate.unitPrice !== null && inferenceSeconds !== null) {
    return { amount: toNano(decimal(estimate.unitPrice).mul(inferenceSeconds)), basis: "compute-time" };
  }
  return { amount: estimate.expected, basis: estimate.expected === null ? "unknown" : estimate.basis };
}

function charged(
  known: { amount: Nano | null; basis: PostingBasis; billableUnits: string | null; note: string },
  { tiers, ordinalCounter }: Prices,
  discounted: boolean,
): Posting {
  const { amount, ...rest } = known;
  if (amount === null) return { outcome: "charged", post: { amount }, ...rest };
  const steps = (tiers.length > 0 ? tiers : [{ from: 1, percent: 0 }]).map(({ from, percent }) =>
    discounted
      ? { from, percent, amount: toNano(lessPercent(fromNano(amount), percent)) }
      : { from, percent: 0, amount },
  );
  return { outcome: "charged", post: { amount, ordinal: { counter: ordinalCounter, tiers: steps } }, ...rest };
}
