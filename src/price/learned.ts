import { Decimal, decimal } from "../money.ts";
import type { Estimate } from "./estimate.ts";
import { growth, widthOf } from "./learned-growth.ts";

/** How far a figure of several bills goes. */
export interface Spread {
  readonly min: Decimal;
  readonly max: Decimal;
  readonly mean: Decimal;
  readonly last: Decimal;
}

/** What the bills of one endpoint, or of one shape of its requests, came to. */
export interface Bills {
  readonly count: number;
  /** Of those, bills outside the bracket that a rule had given. */
  readonly outside: number;
  /** fal's billed units. */
  readonly units: Spread | null;
  /** US dollars. */
  readonly amount: Spread | null;
  /** When the latest was settled, in milliseconds since the epoch. */
  readonly at: number;
}

/** Everything that was learned of one endpoint. */
export interface EndpointBills {
  /** Of every shape. */
  readonly all: Bills;
  readonly shapes: ReadonlyMap<string, Bills>;
  /** Dollars that fal's own billing events charged for one unit, latest; `null` where none was seen. */
  readonly unitPrice: { readonly amount: Decimal; readonly at: number } | null;
}

/** One bill. `null` is unknown. */
export interface BillSample {
  readonly units: Decimal | null;
  readonly amount: Decimal | null;
  /** It was outside the bracket that a rule had given. */
  readonly outside: boolean;
  /** It says more of a bill that was counted before. */
  readonly again: boolean;
  readonly at: number;
}

export function withSample(bills: Bills | null, { units, amount, outside, again, at }: BillSample): Bills {
  const count = bills && again ? bills.count : (bills?.count ?? 0) + 1;
  return {
    count,
    outside: (bills?.outside ?? 0) + (outside ? 1 : 0),
    units: widened(bills?.units ?? null, units, count),
    amount: widened(bills?.amount ?? null, amount, count),
    at: Math.max(at, bills?.at ?? at),
  };
}

/** Decimals that a mean is kept to. */
const MEAN_DECIMALS = 12;

function widened(spread: Spread | null, value: Decimal | null, count: number): Spread | null {
  if (value === null) return spread;
  if (!spread) return { min: value, max: value, mean: value, last: value };
  return {
    min: Decimal.min(spread.min, value),
    max: Decimal.max(spread.max, value),
    mean: spread.mean.add(value.sub(spread.mean).div(count)).toDecimalPlaces(MEAN_DECIMALS),
    last: value,
  };
}

/** A rule that was wrong this often is not believed again. */
const OFTEN_ENOUGH = 2;
/** So many bills, which agree, may even lower what a rule holds. */
const ENOUGH_TO_LOWER = 20;
const AGREEING = 1.25;

/**
 * The estimate once bills have been seen. A rule stands as long as its bracket held; where it failed twice for requests of this
 * shape, or where there is no rule and one bill is known, the bills decide:
 * - `expected` is their mean;
 * - `high` is the largest of them × (1 + 1 ÷ count), so twice a single bill and 5 % above the largest of twenty, and more where texts
 *   or recordings of one shape may differ in length. Where only bills of other shapes are known it is × (2 + 2 ÷ count), and as much
 *   more as the request asks for than any of them did. It is never below a rule's own `high`, unless at least 20 bills agree within
 *   a quarter of each other;
 * - `low` is the smallest of them less the same share.
 *
 * Rates of the rate card and of a contract are agreed and are never replaced. Units count for dollars only where a unit's price is
 * known; else the dollars of the bills themselves do, where those are known.
 */
export function billedEstimate(
  rule: Estimate,
  bills: EndpointBills,
  shape: string,
  unitPrice: Decimal | null,
): Estimate {
  const own = bills.shapes.get(shape);
  const ruled = rule.expected !== null;
  if (ruled && (rule.basis !== "list-price" || !own || own.outside < OFTEN_ENOUGH)) return rule;
  const known = own ?? bills.all;
  const spread = dollarsOf(known, unitPrice);
  if (!spread) return rule;
  const margin = own ? (1 + 1 / known.count) * widthOf(shape) : 2 + 2 / known.count;
  const agreed = known.count >= ENOUGH_TO_LOWER && spread.max.lte(spread.min.mul(AGREEING));
  const grown = own ? null : leastGrown(bills.shapes, shape, unitPrice);
  const high = rounded(Decimal.max(spread.max.mul(margin), grown ?? 0));
  const low = rounded(spread.min.div(margin));
  const counted = unitPrice !== null && known.units !== null;
  const expected = rounded(spread.mean);
  return {
    endpointId: rule.endpointId,
    currency: "USD",
    low: ruled && !agreed && rule.low !== null ? Decimal.min(rule.low, low) : low,
    expected,
    high: ruled && !agreed && rule.high !== null ? Decimal.max(rule.high, high) : high,
    unit: rule.unit ?? (counted ? "billed unit" : null),
    quantity: counted ? known.units!.mean : null,
    // An agreed price of a unit that nobody can count before is what the bill will be settled by.
    unitPrice: !ruled && rule.unitPrice ? rule.unitPrice : counted ? unitPrice : null,
    basis: "learned",
    source: sourceOf(known, spread, own !== undefined, ruled),
    asOf: new Date(known.at).toISOString(),
    confidence: "doubtful",
    discount: null,
    lines: [
      {
        label: own ? "as requests like it were billed" : "as other requests of this endpoint were billed",
        quantity: null,
        unit: null,
        unitPrice: null,
        amount: expected,
      },
    ],
  };
}

/** The least that the bills of any other shape let this one come to at most; `null` where none is known in dollars. */
function leastGrown(shapes: ReadonlyMap<string, Bills>, asked: string, unitPrice: Decimal | null): Decimal | null {
  let least: Decimal | null = null;
  for (const [shape, bills] of shapes) {
    const most = dollarsOf(bills, unitPrice)?.max.mul(growth(asked, shape) * (1 + 1 / bills.count));
    if (most && (least === null || most.lt(least))) least = most;
  }
  return least;
}

function dollarsOf({ units, amount }: Bills, unitPrice: Decimal | null): Pick<Spread, "min" | "max" | "mean"> | null {
  if (!units || !unitPrice) return amount;
  return { min: units.min.mul(unitPrice), max: units.max.mul(unitPrice), mean: units.mean.mul(unitPrice) };
}

function sourceOf({ count }: Bills, { min, max }: Pick<Spread, "min" | "max">, own: boolean, ruled: boolean): string {
  const many = count === 1 ? "1 bill" : `${count} bills`;
  const spread = min.eq(max) ? `of $${plain(min)}` : `from $${plain(min)} to $${plain(max)}`;
  const whose = own ? "" : " of other requests";
  return `${many}${whose} ${spread}${ruled ? "; the rule for it was wrong" : ""}`;
}

function plain(amount: Decimal): string {
  return amount.toDecimalPlaces(6).toFixed();
}

function rounded(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(9, Decimal.ROUND_CEIL);
}

/** As a store keeps it. */
export function writeBills(bills: Bills): Record<string, unknown> {
  const { count, outside, at } = bills;
  return { count, outside, at, units: writeSpread(bills.units), amount: writeSpread(bills.amount) };
}

function writeSpread(spread: Spread | null): string[] | null {
  return spread && [spread.min, spread.max, spread.mean, spread.last].map((value) => value.toFixed());
}

/** @throws TypeError for what this version did not write */
export function readBills(value: unknown): Bills {
  const { count, outside, at, units, amount } = (value ?? {}) as Record<string, unknown>;
  for (const number of [count, outside, at]) if (!Number.isSafeInteger(number)) throw new TypeError("no bills");
  return {
    count: count as number,
    outside: outside as number,
    at: at as number,
    units: readSpread(units),
    amount: readSpread(amount),
  };
}

const PLAIN = /^\d{1,24}(\.\d{1,40})?$/;

function readSpread(value: unknown): Spread | null {
  if (value === null) return null;
  if (
    !Array.isArray(value) ||
    value.length !== 4 ||
    !value.every((each) => typeof each === "string" && PLAIN.test(each))
  )
    throw new TypeError("no spread");
  const [min, max, mean, last] = (value as string[]).map((each) => decimal(each));
  return { min: min!, max: max!, mean: mean!, last: last! };
}
