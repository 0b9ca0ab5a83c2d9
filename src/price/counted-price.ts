import { Decimal, decimal } from "../money.ts";
import type { Ask } from "./ask.ts";
import type { Estimate, EstimateBasis } from "./estimate.ts";
import { type Factor, plainFactor } from "./factor.ts";
import type { Quantity } from "./quantity.ts";
import { isExact } from "./span.ts";

/** A unit price with the rules that count its units: everything about an endpoint that no input changes. */
export interface CountedPrice {
  readonly endpointId: string;
  readonly unit: string;
  readonly unitPrice: Decimal;
  readonly basis: EstimateBasis;
  readonly source: string;
  readonly asOf: string | null;
  /** A price that may be ten times too high widens `low` by as much. */
  readonly standing: "observed" | "doubtful";
  count(ask: Ask): Quantity;
  factor(ask: Ask): Factor;
}

/** Products already worked out: requests repeat. Forgotten all at once, so that it stays small. */
const MOST_REMEMBERED = 256;

/** Decimals that a count is kept to; a bound is rounded outwards, so that it stays a bound. */
const COUNT_DECIMALS = 12;

/** What a few operations on doubles leave behind, as a share of the value. */
const NOISE = 2e-15;

interface Rated {
  unitPrice: Decimal;
  counted: Map<number, Counted>[];
}

interface Counted {
  quantity: Decimal;
  amount: Decimal;
}

/** Prices requests of one endpoint. Multiplying decimals is most of the work, so each product is made once. */
export function estimator(price: CountedPrice): (ask: Ask) => Estimate {
  const rates = new Map<number, Rated>();
  const rated = (multiple: number): Rated =>
    remembered(rates, multiple, () => ({
      unitPrice: price.unitPrice.mul(decimal(withoutNoise(multiple))),
      counted: [new Map(), new Map(), new Map()],
    }));
  const product = (count: number, multiple: number, bound: Bound): Counted => {
    const { unitPrice, counted } = rated(multiple);
    return remembered(counted[bound]!, count, () => {
      const quantity = decimal(withoutNoise(count)).toDecimalPlaces(COUNT_DECIMALS, ROUNDINGS[bound]);
      return { quantity, amount: unitPrice.mul(quantity) };
    });
  };
  // A price that is likely ten times too high is expected at a tenth.
  const trusted = price.standing === "observed" ? 1 : 0.1;
  const standing = trusted === 1 ? null : "the listed price is likely ten times too high";
  return (ask) => {
    const { count, label, doubt: countDoubt } = price.count(ask);
    const { factor, label: how, doubt: factorDoubt } = price.factor(ask);
    const { quantity, amount: expected } = product(count.expected, factor.expected * trusted, EXPECTED);
    const settled = isExact(count) && isExact(factor) && trusted === 1;
    const low = settled ? expected : product(count.low, factor.low * trusted, LOW).amount;
    const high = settled ? expected : product(count.high, factor.high, HIGH).amount;
    const { unitPrice } = rated(factor.expected * trusted);
    const { kin } = ask.shape;
    const doubt =
      countDoubt ?? factorDoubt ?? standing ?? (kin === null ? null : `its defaults are taken to be those of ${kin}`);
    return {
      endpointId: price.endpointId,
      currency: "USD",
      low,
      expected,
      high,
      unit: price.unit,
      quantity,
      unitPrice,
      basis: price.basis,
      source: doubt === null ? price.source : `${price.source}; ${doubt}`,
      asOf: price.asOf,
      confidence: doubt !== null ? "doubtful" : settled || low.eq(high) ? "exact" : "bracketed",
      discount: null,
      lines: [
        { label: how === "" ? label : `${label} ${how}`, quantity, unit: price.unit, unitPrice, amount: expected },
      ],
    };
  };
}

type Bound = 0 | 1 | 2;
const LOW: Bound = 0;
const EXPECTED: Bound = 1;
const HIGH: Bound = 2;
const ROUNDINGS = [Decimal.ROUND_FLOOR, Decimal.ROUND_HALF_UP, Decimal.ROUND_CEIL] as const;

/** Drops the last digits of a double, where 0.1 × 3 becomes 0.30000000000000004. */
function withoutNoise(count: number): number {
  if (Number.isInteger(count)) return count;
  const clean = Number(count.toPrecision(14));
  // A third has no last digit: what is cut off there is not noise, and a bound must not lose it.
  return Math.abs(count - clean) <= Math.abs(count) * NOISE ? clean : count;
}

function remembered<Value>(known: Map<number, Value>, key: number, make: () => Value): Value {
  let found = known.get(key);
  if (found === undefined) {
    if (known.size >= MOST_REMEMBERED) known.clear();
    found = make();
    known.set(key, found);
  }
  return found;
}

/** For prices that hold whatever the request asks for. */
export function noFactor(): Factor {
  return plainFactor;
}
