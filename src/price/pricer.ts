import { OptionsError } from "../errors.ts";
import { type Decimal, decimal, dollars, type MoneyInput } from "../money.ts";
import { type Ask, asParameters } from "./ask.ts";
import { priceByCard } from "./card-rules.ts";
import { type CountedPrice, estimator, noFactor } from "./counted-price.ts";
import { type Estimate, unknownEstimate } from "./estimate.ts";
import { both } from "./factor.ts";
import type { Family } from "./families/family.ts";
import { familyOf } from "./family-rules.ts";
import { type InputShape, inputShape } from "./input-shape.ts";
import { type ListPrice, listPrice } from "./list-price.ts";
import { looseFactor } from "./loose-factor.ts";
import type { OwnRate, ResolvedPrices } from "./prices-options.ts";
import { countFor } from "./quantity.ts";
import { rateCard, rateCardDate } from "./rate-card.ts";
import { rateAt } from "./rates.ts";
import { surchargesOf } from "./surcharges.ts";
import { readUnit } from "./unit-words.ts";

/** What one unit of an endpoint costs, for turning billed units into dollars. */
export interface UnitPrice {
  unit: string;
  unitPrice: Decimal;
  source: string;
  asOf: string;
}

/** A price that fal's pricing API gave at run time. */
export interface LivePrice {
  endpointId: string;
  /** As the API words it. */
  unit: string;
  unitPrice: MoneyInput;
  /** When it was read, as an ISO date or instant. */
  asOf: string;
}

export interface Pricer {
  /**
   * What a request will cost, by the rates in force at `at` (milliseconds since the epoch). Pure: the same question always has the
   * same answer until `setLive` is called.
   * @throws OptionsError naming `input.<parameter>` for values that no request can mean: a negative size, a billion images.
   */
  estimate(endpointId: string, input: unknown, at: number): Estimate;
  /**
   * What fal bills one unit of an endpoint at: the live price, else the bundled list's. `null` where neither has one, or where the
   * list's own figure is doubtful.
   */
  unitPrice(endpointId: string, at: number): UnitPrice | null;
  /**
   * Takes prices read from fal's pricing API, over those of the same endpoints taken before.
   * @throws OptionsError naming `prices.live` for an amount that is none.
   */
  setLive(prices: readonly LivePrice[]): void;
}

/** Answers for one endpoint from one kind of price; `null` where that kind says nothing about this input. */
type Source = (ask: Ask, at: number) => Estimate | null;

/** Endpoints whose rules are kept ready. All are forgotten when there are more, and made again when asked for. */
const MOST_READY = 4_096;
const MOST_LIVE = 10_000;

interface Ready {
  shape: InputShape;
  sources: readonly Source[];
  unknown: string;
}

export function createPricer(options: ResolvedPrices): Pricer {
  const live = new Map<string, ListPrice>();
  const ready = new Map<string, Ready>();

  /** Which price wins, and the only place that says so. A bill learned from the ledger would come last. */
  const sourcesOf = (endpointId: string): readonly (Source | null)[] => [
    ownRates(endpointId, options.contractRates.get(endpointId), options.contractName),
    ownRates(endpointId, options.ownRates.get(endpointId), "your rates"),
    unitPriced(live.get(endpointId) ?? null, "fal's pricing API"),
    carded(endpointId),
    unitPriced(bundled(endpointId), "bundled price list"),
  ];

  const readyFor = (endpointId: string): Ready => {
    let found = ready.get(endpointId);
    if (!found) {
      if (ready.size >= MOST_READY) ready.clear();
      const sources = sourcesOf(endpointId).filter((source) => source !== null);
      found = {
        shape: inputShape(endpointId),
        sources,
        unknown: whyUnknown(live.get(endpointId) ?? listPrice(endpointId)),
      };
      ready.set(endpointId, found);
    }
    return found;
  };

  return {
    estimate(endpointId, input, at) {
      const { shape, sources, unknown } = readyFor(endpointId);
      const ask: Ask = { endpointId, input: asParameters(input), shape, assumed: options.assumed };
      for (const source of sources) {
        const estimate = source(ask, at);
        if (estimate) return estimate;
      }
      return unknownEstimate(endpointId, unknown);
    },
    unitPrice(endpointId) {
      const found = live.get(endpointId) ?? billed(endpointId);
      if (!found || found.standing === "doubtful") return null;
      const source = live.has(endpointId) ? "fal's pricing API" : "bundled price list";
      return { unit: found.unit, unitPrice: found.unitPrice, source, asOf: found.asOf };
    },
    setLive(prices) {
      for (const { endpointId, unit, unitPrice, asOf } of prices) {
        if (live.size >= MOST_LIVE && !live.has(endpointId))
          throw new OptionsError("prices.live", `at most ${MOST_LIVE} endpoints`, live.size + 1);
        live.set(endpointId, {
          endpointId,
          unit,
          unitPrice: dollars(unitPrice, "prices.live"),
          asOf,
          standing: "observed",
        });
        ready.delete(endpointId);
      }
    },
  };
}

/** The list's own row, else what a family's published rule takes one unit to cost. */
function bundled(endpointId: string): ListPrice | null {
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
function billed(endpointId: string): ListPrice | null {
  return listPrice(endpointId) ?? (familyOf(endpointId)?.unit === "dollars" ? bundled(endpointId) : null);
}

function ownRates(endpointId: string, rates: readonly OwnRate[] | undefined, source: string): Source | null {
  if (!rates) return null;
  const priced = new Map(rates.map((rate) => [rate, estimator(ownPrice(endpointId, rate, source))]));
  return (ask, at) => {
    const rate = rateAt(rates, at);
    return rate ? priced.get(rate)!(ask) : null;
  };
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
    asOf: rate.from === null ? null : new Date(rate.from).toISOString().slice(0, 10),
    standing: "observed",
    count: (ask) => count(ask, rate.unit),
    factor: noFactor,
  };
}

function unitPriced(price: ListPrice | null, source: string): Source | null {
  if (!price) return null;
  const { endpointId } = price;
  const unit = readUnit(price.unit);
  const counted = countFor(unit);
  if (!counted) return null;
  const family = familyOf(endpointId);
  const rule = family && sameUnit(family, price.unit) ? family : null;
  const count = rule?.count ?? counted;
  const surcharged = surchargesOf(endpointId);
  const factor = rule
    ? rule.factor
      ? (ask: Ask) => both(rule.factor!(ask), surcharged(ask))
      : surcharged
    : (ask: Ask) => both(looseFactor(ask, unit.kind), surcharged(ask));
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

function carded(endpointId: string): Source | null {
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
      asOf: rate.from === null ? rateCardDate : new Date(rate.from).toISOString().slice(0, 10),
      confidence: doubt !== null ? "doubtful" : low.eq(high) ? "exact" : "bracketed",
      discount: null,
      lines: [{ label, quantity, unit, unitPrice, amount: expected }],
    };
  };
}

function whyUnknown(price: ListPrice | null): string {
  if (!price) return "no price is known for this endpoint";
  if (/compute/i.test(price.unit)) {
    return "it is listed by the second of computing, which nobody knows before and which on partner endpoints is far below the bill";
  }
  return `its listed unit "${price.unit}" says nothing of how many a request takes`;
}
