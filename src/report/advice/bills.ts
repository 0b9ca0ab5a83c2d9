import { fromNano, type Nano } from "../../money.ts";
import type { LedgerPurchase } from "../purchases.ts";
import { type Advice, byEndpoint, counted, evidenceOf, type Paid, shown } from "./advise.ts";

/** Amounts that fal itself gave. */
const BILLS = new Set(["billed-units", "billing-event"]);
const LEAST_BILLS = 5;
/** Estimates further off than this, over all bills of an endpoint, hold too much or too little. */
const DRIFT_PERCENT = 10n;

/** Endpoints whose estimates are off fal's bills by more than 10 % over at least 5 bills. */
export function estimateDrift(paid: readonly Paid[]): Advice[] {
  const billed = paid.filter(({ entry }) => BILLS.has(entry.basis) && entry.estimate.expected !== null);
  return [...byEndpoint(billed)].flatMap(([endpointId, bills]): Advice[] => {
    const expected = bills.reduce((total, { entry }) => total + (entry.estimate.expected ?? 0n), 0n);
    const actual = bills.reduce((total, { cost }) => total + cost, 0n);
    const off = actual > expected ? actual - expected : expected - actual;
    if (bills.length < LEAST_BILLS || off * 100n <= expected * DRIFT_PERCENT) return [];
    const direction = actual > expected ? "above" : "below";
    return [
      {
        kind: "estimate-drift",
        title: `${endpointId} is billed ${shown(off)} ${direction} its estimates over ${counted(bills.length, "purchase")}`,
        saving: fromNano(0n),
        endpointId,
        evidence: evidenceOf(
          bills.map(({ entry }) => entry),
          off,
        ),
        how:
          direction === "above"
            ? "Budgets see this money late: give it a rate of its own in prices.rates."
            : "Budgets hold money that is not needed: give it a rate of its own in prices.rates.",
      },
    ];
  });
}

/** Money written off as billed because nobody could tell, and purchases whose bill is still unknown. */
export function lostBills(purchases: readonly LedgerPurchase[]): Advice[] {
  const assumed = purchases.filter(({ entry, cost }) => entry.outcome === "expired" && cost !== null && cost > 0n);
  const unknown = purchases.filter(({ entry, cost }) => entry.outcome !== "free" && cost === null);
  const amount = assumed.reduce<Nano>((total, { cost }) => total + (cost ?? 0n), 0n);
  const advices: Advice[] = [];
  if (assumed.length > 0) {
    advices.push({
      kind: "assumed-billed",
      title: `${counted(assumed.length, "purchase")} of unknown outcome ${assumed.length === 1 ? "is" : "are"} booked as billed: ${shown(amount)}`,
      saving: fromNano(amount),
      endpointId: null,
      evidence: evidenceOf(
        assumed.map(({ entry }) => entry),
        amount,
      ),
      how: "Run reconcile() soon after a lost answer, while fal still knows the job; use the queue for long jobs, whose answers are not lost with a connection.",
    });
  }
  if (unknown.length > 0) {
    advices.push({
      kind: "unknown-bills",
      title: `${counted(unknown.length, "purchase")} cost nobody knows how much`,
      saving: fromNano(0n),
      endpointId: null,
      evidence: evidenceOf(
        unknown.map(({ entry }) => entry),
        0n,
      ),
      how: "Give these endpoints a price in prices.rates, or reconcile() with an admin key.",
    });
  }
  return advices;
}
