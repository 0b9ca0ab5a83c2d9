import { Decimal, decimal, fromNano, lessPercent, type Nano, toNano } from "../money.ts";
import type { Entry } from "../store/store.ts";

/** What one charged purchase is billed: a quantity at a price, and what the volume discount took off. */
export interface Charge {
  /** In the singular; `billed unit` where fal billed units of its own. */
  unit: string;
  /** `null` where nobody counted. */
  quantity: Decimal | null;
  /** `null` where no single price makes the amount. */
  unitPrice: Decimal | null;
  /** Before the discount. */
  gross: Nano;
  /** `gross − net`, to the nano-dollar. */
  discount: Nano;
  /** What was posted. */
  net: Nano;
}

/** Reads the charge of a purchase whose amount is known. */
export function chargeOf(entry: Entry, net: Nano): Charge {
  const gross = grossOf(entry, net);
  const { unit, quantity } = countOf(entry);
  return { unit, quantity, unitPrice: priceOf(entry, quantity, gross), gross, discount: gross - net, net };
}

/** A discount is taken off what was expected; where that does not give the amount posted, the amount is scaled up. */
function grossOf({ discountPercent, estimate }: Entry, net: Nano): Nano {
  if (discountPercent === 0) return net;
  const { expected } = estimate;
  if (expected !== null && toNano(lessPercent(fromNano(expected), discountPercent)) === net) return expected;
  if (discountPercent >= 100) return expected ?? net;
  return toNano(
    fromNano(net)
      .mul(100)
      .div(100 - discountPercent),
  );
}

/** Amounts that come from fal's own count. */
const BILLS = new Set(["billed-units", "billing-event"]);
const PLAIN_DECIMAL = /^\d{1,12}(\.\d{1,40})?$/;

function countOf({ basis, billableUnits, estimate }: Entry): { unit: string; quantity: Decimal | null } {
  if (BILLS.has(basis) && billableUnits !== null && PLAIN_DECIMAL.test(billableUnits)) {
    // Only a list price counts in the units that fal bills.
    const unit = estimate.basis === "list-price" ? (estimate.unit ?? "billed unit") : "billed unit";
    return { unit, quantity: decimal(billableUnits) };
  }
  const quantity =
    estimate.quantity !== null && PLAIN_DECIMAL.test(estimate.quantity) ? decimal(estimate.quantity) : null;
  return { unit: estimate.unit ?? "request", quantity: estimate.unit === null ? decimal(1) : quantity };
}

const MOST_PRICE_DECIMALS = 12;

/** The estimate's unit price where it makes the amount, else the shortest price that does, to the nano-dollar. */
function priceOf({ estimate }: Entry, quantity: Decimal | null, gross: Nano): Decimal | null {
  if (quantity === null || quantity.isZero()) return null;
  const makesIt = (price: Decimal) => toNano(quantity.mul(price)) === gross;
  if (estimate.unitPrice !== null && PLAIN_DECIMAL.test(estimate.unitPrice)) {
    const price = decimal(estimate.unitPrice);
    if (makesIt(price)) return price;
  }
  const exact = fromNano(gross).div(quantity);
  for (let places = 0; places <= MOST_PRICE_DECIMALS; places += 1) {
    const price = exact.toDecimalPlaces(places, Decimal.ROUND_HALF_UP);
    if (makesIt(price)) return price;
  }
  return null;
}
