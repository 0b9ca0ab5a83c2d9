import { type Decimal, decimal, dollars } from "../money.ts";
import { type Dated, rateAt } from "./rates.ts";
import { isUnitWord, readUnit } from "./unit-words.ts";

/** A price of fal's pricing API, with the time it is in force. */
export interface LiveRate extends Dated {
  /** As the API words it. */
  readonly unit: string;
  readonly unitPrice: Decimal;
}

/** What the API has said of one endpoint's price. */
export interface LiveRates {
  /** When the latest of them was last confirmed, in milliseconds since the epoch. */
  readonly checkedAt: number;
  /** In the order in which they take effect; at most 24. */
  readonly rates: readonly LiveRate[];
}

/** A changed price, in words. */
export interface PriceChange {
  before: string;
  after: string;
  effectiveFrom: number;
}

/** Rate protection: a changed rate takes effect 30 days after it was announced, and it counts as announced when first seen. */
export const announcedForMs = 30 * 86_400_000;

const MOST_RATES = 24;
const LONGEST_UNIT = 64;

/**
 * Reads a row of `GET /models/pricing` (fal's Platform API spec). `null` for what is no price in dollars: a wrong type, another
 * currency, a unit never seen, and also an amount of nothing, for what costs nothing is more likely a mistake than a gift.
 */
export function readPriceRow(row: unknown): { endpointId: string; unit: string; unitPrice: Decimal } | null {
  const { endpoint_id: endpointId, unit, unit_price: price, currency = "USD" } = (row ?? {}) as Record<string, unknown>;
  if (typeof endpointId !== "string" || typeof unit !== "string" || unit.length > LONGEST_UNIT) return null;
  if (currency !== "USD" || !isUnitWord(unit)) return null;
  if (typeof price !== "number" || !Number.isFinite(price) || price <= 0 || price > 1e9) return null;
  return { endpointId, unit, unitPrice: decimal(price) };
}

/**
 * What is known of a price once it was seen again at `at`. The first price seen holds at once; a different one takes effect 30
 * days later, and one that is announced again in another form, or taken back, replaces the announcement.
 */
export function observe(
  known: LiveRates | undefined,
  seen: { unit: string; unitPrice: Decimal },
  at: number,
): { rates: LiveRates; change: PriceChange | null } {
  const { unit, unitPrice } = seen;
  const settled = known?.rates.filter(({ from }) => from === null || from <= at) ?? [];
  const announced = known?.rates.find(({ from }) => from !== null && from > at);
  const current = rateAt(settled, at) ?? settled.at(-1);
  if (!known || !current) {
    return { rates: { checkedAt: at, rates: [{ unit, unitPrice, from: null, until: null }] }, change: null };
  }
  const latest = announced ?? current;
  if (isSame(latest, seen)) return { rates: { ...known, checkedAt: at }, change: null };
  const earlier = settled.slice(0, -1);
  if (isSame(current, seen)) {
    const change = { before: inWords(latest), after: inWords(seen), effectiveFrom: at };
    return { rates: { checkedAt: at, rates: [...earlier, { ...current, until: null }] }, change };
  }
  const from = at + announcedForMs;
  const rates = [...earlier, { ...current, until: from }, { unit, unitPrice, from, until: null }];
  const change = { before: inWords(current), after: inWords(seen), effectiveFrom: from };
  return { rates: { checkedAt: at, rates: rates.slice(-MOST_RATES) }, change };
}

function isSame(a: { unit: string; unitPrice: Decimal }, b: { unit: string; unitPrice: Decimal }): boolean {
  return readUnit(a.unit).word === readUnit(b.unit).word && a.unitPrice.eq(b.unitPrice);
}

/** `0.025 per megapixel`. */
function inWords({ unit, unitPrice }: { unit: string; unitPrice: Decimal }): string {
  return `${unitPrice.toFixed()} per ${readUnit(unit).word}`;
}

/** As a store keeps it. */
export function writeRates({ checkedAt, rates }: LiveRates): string {
  return JSON.stringify({ checkedAt, rates: rates.map((rate) => ({ ...rate, unitPrice: rate.unitPrice.toFixed() })) });
}

/** `null` for a note that this version did not write. */
export function readRates(text: string): LiveRates | null {
  try {
    const { checkedAt, rates } = JSON.parse(text) as LiveRates;
    if (!Number.isFinite(checkedAt) || !Array.isArray(rates) || rates.length === 0) return null;
    const read = (rates as LiveRate[]).map(({ unit, unitPrice, from, until }) => {
      if (typeof unit !== "string" || !isInstant(from) || !isInstant(until)) throw new TypeError("no rate");
      return { unit, unitPrice: dollars(unitPrice, "price"), from, until };
    });
    return { checkedAt, rates: read.slice(-MOST_RATES) };
  } catch {
    return null;
  }
}

function isInstant(value: unknown): value is number | null {
  return value === null || (typeof value === "number" && Number.isFinite(value));
}
