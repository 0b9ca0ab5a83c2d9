import { OptionsError } from "../errors.ts";
import { type Decimal, dollars, type MoneyInput } from "../money.ts";
import { type Ask, asParameters } from "./ask.ts";
import { billShape } from "./bill-shape.ts";
import { type Credit, creditAt } from "./credits.ts";
import { type Estimate, unknownEstimate } from "./estimate.ts";
import { type InputShape, inputShape } from "./input-shape.ts";
import { inWords, type KnownFiles, noFiles } from "./known-files.ts";
import { billedEstimate, type EndpointBills } from "./learned.ts";
import { listPrice } from "./list-price.ts";
import type { ResolvedPrices } from "./prices-options.ts";
import { type Dated, rateAt } from "./rates.ts";
import {
  billed,
  bundled,
  carded,
  LIVE,
  type LiveRow,
  livePriced,
  ownRates,
  type Source,
  unitPriced,
  whyUnknown,
} from "./sources.ts";

/** What one unit of an endpoint costs, for turning billed units into dollars. */
export interface UnitPrice {
  unit: string;
  unitPrice: Decimal;
  source: string;
  asOf: string;
}

/** A price that fal's pricing API gave at run time. Several of one endpoint say when each is in force. */
export interface LivePrice extends Partial<Dated> {
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
   * same answer until something new is told. What `files` say of themselves stands in place of what `prices.inputs` assumes of them. While a change of a live price is announced, `high` covers the new price too.
   * @throws OptionsError naming `input.<parameter>` for values that no request can mean: a negative size, a billion images.
   */
  estimate(endpointId: string, input: unknown, at: number, files?: KnownFiles): Estimate;
  /**
   * What fal bills one unit of an endpoint at: the live price, else what its billing events charged, else the bundled list's. `null`
   * where none has one, or where the list's own figure is doubtful.
   */
  unitPrice(endpointId: string, at: number): UnitPrice | null;
  /** What bills of a request are kept under: the parameters that bear on its price, and nothing that a person wrote. */
  shapeOf(endpointId: string, input: unknown, files?: KnownFiles): string;
  /**
   * Takes prices read from fal's pricing API, over those of the same endpoints taken before.
   * @throws OptionsError naming `prices.live` for an amount that is none.
   */
  setLive(prices: readonly LivePrice[]): void;
  /** Takes what the bills of one endpoint came to, over what was taken before. */
  setBills(endpointId: string, bills: EndpointBills): void;
  /** Takes which of the prepaid credits are used up, so that their prices hold no longer. */
  setUsedUp(credits: ReadonlySet<Credit>): void;
}

/** Endpoints whose rules are kept ready. All are forgotten when there are more, and made again when asked for. */
const MOST_READY = 4_096;
const MOST_LIVE = 10_000;

interface Ready {
  shape: InputShape;
  sources: readonly Source[];
  /** By the rates agreed with each prepaid credit, in their order. */
  credited: readonly (Source | null)[];
  unknown: string;
}

export function createPricer(options: ResolvedPrices): Pricer {
  const live = new Map<string, readonly LiveRow[]>();
  const bills = new Map<string, EndpointBills>();
  const ready = new Map<string, Ready>();
  let usedUp: ReadonlySet<Credit> = new Set();

  /** Which price wins, and the only place that says so. What was learned from bills comes after all of them. */
  const sourcesOf = (endpointId: string): readonly (Source | null)[] => [
    ownRates(endpointId, options.contractRates.get(endpointId), options.contractName),
    ownRates(endpointId, options.ownRates.get(endpointId), "your rates"),
    livePriced(live.get(endpointId) ?? []),
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
        credited: options.credits.map((credit) =>
          ownRates(endpointId, credit.rates.get(endpointId), creditName(credit)),
        ),
        unknown: whyUnknown(live.get(endpointId)?.at(-1) ?? listPrice(endpointId)),
      };
      ready.set(endpointId, found);
    }
    return found;
  };

  const askOf = (endpointId: string, input: unknown, files: KnownFiles): Ask => {
    const { shape } = readyFor(endpointId);
    return { endpointId, input: asParameters(input), shape, files, assumed: options.assumed };
  };

  const ruled = (ask: Ask, at: number): Estimate => {
    const { endpointId } = ask;
    const { sources, credited, unknown } = readyFor(endpointId);
    const credit = creditAt(options.credits, usedUp, at);
    const own = credit && credited[options.credits.indexOf(credit)]?.(ask, at, at);
    if (own) return own;
    for (const source of sources) {
      const estimate = source(ask, credit?.boughtAt ?? at, at);
      if (estimate)
        return credit ? { ...estimate, source: `${estimate.source}; held by ${creditName(credit)}` } : estimate;
    }
    return unknownEstimate(endpointId, unknown);
  };

  /** Says so where the files themselves made the difference. */
  const informed = (ask: Ask, at: number): Estimate => {
    const estimate = ruled(ask, at);
    const blind = ruled({ ...ask, files: noFiles }, at);
    const same = estimate.source === blind.source && sameAmounts(estimate, blind);
    return same ? estimate : { ...estimate, source: `${estimate.source}; by ${inWords(ask.files)}` };
  };

  const unitPrice = (endpointId: string, at: number): UnitPrice | null => {
    const day = creditAt(options.credits, usedUp, at)?.boughtAt ?? at;
    const rows = live.get(endpointId);
    const read = rows && rateAt(rows, day);
    if (read) return { unit: read.unit, unitPrice: read.unitPrice, source: LIVE, asOf: read.asOf };
    const listed = billed(endpointId);
    const paid = bills.get(endpointId)?.unitPrice;
    if (paid) {
      const asOf = new Date(paid.at).toISOString();
      return { unit: listed?.unit ?? "units", unitPrice: paid.amount, source: "fal's billing events", asOf };
    }
    if (!listed || listed.standing === "doubtful") return null;
    return { unit: listed.unit, unitPrice: listed.unitPrice, source: "bundled price list", asOf: listed.asOf };
  };

  return {
    estimate(endpointId, input, at, files = noFiles) {
      const ask = askOf(endpointId, input, files);
      const estimate = files.size === 0 ? ruled(ask, at) : informed(ask, at);
      const known = bills.get(endpointId);
      if (!known) return estimate;
      return billedEstimate(estimate, known, billShape(ask), unitPrice(endpointId, at)?.unitPrice ?? null);
    },
    unitPrice,
    shapeOf: (endpointId, input, files = noFiles) => billShape(askOf(endpointId, input, files)),
    setLive(prices) {
      const rows = new Map<string, LiveRow[]>();
      for (const { endpointId, unit, unitPrice: price, asOf, from = null, until = null } of prices) {
        if (live.size >= MOST_LIVE && !live.has(endpointId))
          throw new OptionsError("prices.live", `at most ${MOST_LIVE} endpoints`, live.size + 1);
        const row = { endpointId, unit, unitPrice: dollars(price, "prices.live"), asOf, from, until };
        rows.set(endpointId, [...(rows.get(endpointId) ?? []), { ...row, standing: "observed" }]);
      }
      for (const [endpointId, own] of rows) {
        live.set(endpointId, own);
        ready.delete(endpointId);
      }
    },
    setBills(endpointId, known) {
      if (bills.size < MOST_LIVE || bills.has(endpointId)) bills.set(endpointId, known);
    },
    setUsedUp(credits) {
      usedUp = credits;
    },
  };
}

function sameAmounts(a: Estimate, b: Estimate): boolean {
  return (["low", "expected", "high"] as const).every((bound) => {
    const [one, other] = [a[bound], b[bound]];
    return one === null || other === null ? one === other : one.eq(other);
  });
}

function creditName({ boughtAt }: Credit): string {
  return `the credit bought on ${new Date(boughtAt).toISOString().slice(0, 10)}`;
}
