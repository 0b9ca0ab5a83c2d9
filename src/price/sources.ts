import { Decimal, decimal, dollars } from "../money.ts";
import type { Ask } from "./ask.ts";
import { priceByCard } from "./card-rules.ts";
import { type CountedPrice, estimator, noFactor } from "./counted-price.ts";
import { type Estimate, unknownEstimate } from "./estimate.ts";
import { both } from "./factor.ts";
import type { Family } from "./families/family.ts";
import { familyOf } from "./family-rules.ts";
import { inputShape } from "./input-shape.ts";
import { type ListPrice, listPrice } from "./list-price.ts";
import { announcedForMs } from "./live-rates.ts";
import { looseFactor, looseNames } from "./loose-factor.ts";
import type { OwnRate } from "./prices-options.ts";
import { countFor } from "./quantity.ts";
import { rateCard, rateCardDate } from "./rate-card.ts";
import { type Dated, rateAt } from "./rates.ts";
import { surchargesOf } from "./surcharges.ts";
import { computeSecond, readUnit } from "./unit-words.ts";

/**
 * Answers for one endpoint from one kind of price, by the rates in force at `day`; `null` where that kind says nothing about this
 * input. `at` is when it is asked: later than `day` where prepaid credit keeps the prices of the day it was bought.
 */
export type Source = (ask: Ask, day: number, at: number) => Estimate | null;

/** A live price with the time it is in force. */
export interface LiveRow extends ListPrice, Dated {}

export const LIVE = "fal's pricing API";

/** By the price in force, and no less than a price announced for the next 30 days would hold. */
export function livePriced(rows: readonly LiveRow[]): Source | null {
  const priced = rows.map((row) => ({ ...row, priced: unitPriced(row, LIVE) }));
  if (priced.every((row) => row.priced === null)) return null;
  return (ask, day, at) => {
    const estimate = rateAt(priced, day)?.priced?.(ask, day, at) ?? null;
    if (day !== at) return estimate;
    const next = priced.find(({ from }) => from !== null && from > at && from - at <= announcedForMs);
    const coming = next?.priced?.(ask, day, at);
    if (!estimate?.high || !coming?.high?.gt(estimate.high)) return estimate;
    const change = `${coming.unitPrice?.toFixed()} per ${coming.unit} is announced for ${new Date(next!.from!).toISOString().slice(0, 10)}`;
    const confidence = estimate.confidence === "exact" ? "bracketed" : estimate.confidence;
    return {
      ...estimate,
      high: Decimal.max(estimate.high, coming.high),
      source: `${estimate.source}; ${change}`,
      confidence,
    };
  };
}

/** The list's own row, else what a family's published rule takes one unit to cost. */
export function bundled(endpointId: string): ListPrice | null {
  const family = familyOf(endpointId);
  // Where the billed unit is the dollar, the list's "images" is a guess of the same thing.
  const listed = family?.unit === "dollars" ? null : listPrice(endpointId);
  const price = family?.price?.(endpointId) ?? null;
  if (listed || !family || price === null) return listed;
  return {
    endpointId,
    unit: family.unit,
    unitPrice: dollars(price, "prices"),
    asOf: family.asOf,
    standing: "observed",
  };
}

/** What fal bills a unit at: only what was seen, or the dollar itself where that is the unit; a family's base is a rule to estimate by. */
export function billed(endpointId: string): ListPrice | null {
  return listPrice(endpointId) ?? (familyOf(endpointId)?.unit === "dollars" ? bundled(endpointId) : null);
}

export function ownRates(endpointId: string, rates: readonly OwnRate[] | undefined, source: string): Source | null {
  if (!rates) return null;
  const priced = new Map(
    rates.map((rate) => [
      rate,
      rate.unit === computeSecond
        ? byComputeTime(endpointId, rate, source)
        : estimator(ownPrice(endpointId, rate, source)),
    ]),
  );
  return (ask, at) => {
    const rate = rateAt(rates, at);
    return rate ? priced.get(rate)!(ask) : null;
  };
}

/** The price of a second that the model works. How many there will be is unknown, and so is every amount. */
function byComputeTime(endpointId: string, rate: OwnRate, source: string): () => Estimate {
  const { unit, price: unitPrice } = rate;
  const why = `${source}; nobody knows before how long the model will work`;
  return () => ({
    ...unknownEstimate(endpointId, why),
    unit: unit.word,
    unitPrice,
    basis: "contract",
    asOf: dateOf(rate),
    lines: [{ label: "the time that the model works", quantity: null, unit: unit.word, unitPrice, amount: null }],
  });
}

function dateOf({ from }: Dated): string | null {
  return from === null ? null : new Date(from).toISOString().slice(0, 10);
}

/** A rate that was agreed holds for every tier, so nothing multiplies it. */
function ownPrice(endpointId: string, rate: OwnRate, source: string): CountedPrice {
  const family = familyOf(endpointId);
  const count = family && sameUnit(family, rate.unit.word) && family.count ? family.count : countFor(rate.unit)!;
  return {
    endpointId,
    unit: rate.unit.word,
    unitPrice: rate.price,
    basis: "contract",
    source,
    asOf: dateOf(rate),
    standing: "observed",
    count: (ask) => count(ask, rate.unit),
    factor: noFactor,
  };
}

export function unitPriced(price: ListPrice | null, source: string): Source | null {
  if (!price) return null;
  const { endpointId } = price;
  const unit = readUnit(price.unit);
  const counted = countFor(unit);
  if (!counted) return null;
  const family = familyOf(endpointId);
  const rule = family && sameUnit(family, price.unit) ? family : null;
  const count = rule?.count ?? counted;
  const surcharged = surchargesOf(endpointId);
  const loose = looseNames(inputShape(endpointId));
  const factor = rule
    ? rule.factor
      ? (ask: Ask) => both(rule.factor!(ask), surcharged(ask))
      : surcharged
    : (ask: Ask) => both(looseFactor(ask, unit.kind, loose), surcharged(ask));
  return estimator({
    endpointId,
    unit: unit.word,
    unitPrice: price.unitPrice,
    basis: "list-price",
    source: rule ? `${source}, by the tiers of ${rule.source}` : source,
    asOf: price.asOf,
    standing: price.standing,
    count: (ask) => count(ask, unit),
    factor,
  });
}

function sameUnit(family: Family, unit: string): boolean {
  const [own, other] = [readUnit(family.unit), readUnit(unit)];
  return own.kind === other.kind && (own.per === other.per || own.kind === "tokens");
}

export function carded(endpointId: string): Source | null {
  const rates = Object.hasOwn(rateCard, endpointId) ? rateCard[endpointId] : undefined;
  if (!rates) return null;
  return (ask, at) => {
    const rate = rateAt(rates, at);
    const price = rate && priceByCard(ask, rate.rule);
    if (!price) return null;
    const { low, expected, high, unit, unitPrice, label, doubt } = price;
    const quantity = decimal(price.quantity);
    return {
      endpointId,
      currency: "USD",
      low,
      expected,
      high,
      unit,
      quantity,
      unitPrice,
      basis: "rate-card",
      source: doubt === null ? "rate card" : `rate card; ${doubt}`,
      asOf: dateOf(rate) ?? rateCardDate,
      confidence: doubt !== null ? "doubtful" : low.eq(high) ? "exact" : "bracketed",
      discount: null,
      lines: [{ label, quantity, unit, unitPrice, amount: expected }],
    };
  };
}

export function whyUnknown(price: ListPrice | null): string {
  if (!price) return "no price is known for this endpoint";
  if (/compute/i.test(price.unit)) {
    return "it is listed by the second of computing, which nobody knows before and which on partner endpoints is far below the bill";
  }
  return `its listed unit "${price.unit}" says nothing of how many a request takes`;
}
