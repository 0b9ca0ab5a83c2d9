import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import { type Decimal, dollars, type MoneyInput } from "../money.ts";
import type { Credit } from "./credits.ts";
import { checkTiers, type DiscountTier } from "./discount.ts";
import { countFor } from "./quantity.ts";
import type { Dated } from "./rates.ts";
import { computeSecond, isComputeSecond, readUnit, type Unit } from "./unit-words.ts";

/** A rate of one's own: what one `unit` of an endpoint costs, and when. */
export interface RateInput {
  /**
   * In the words of fal's pricing: `images`, `megapixels`, `seconds`, `1000 characters`, `requests`, …. `compute seconds`
   * settle a bill by the time that the model worked, where fal tells it; before, the price is unknown. @default "requests"
   */
  unit?: string;
  /** US dollars for one unit. */
  price: MoneyInput;
  /** First instant that it is in force, as an ISO date or milliseconds. @default always */
  from?: string | number;
  /** First instant after it. @default never */
  until?: string | number;
}

/** A plain amount is per request. Several rates of one endpoint must say when each is in force. */
export type RatesInput = Readonly<Record<string, MoneyInput | RateInput | readonly RateInput[]>>;

export interface PricesOptions {
  /**
   * Where unit prices come from. `"bundled"`: the dated list of this package, so nothing is asked of anybody. `"live"`: fal's pricing
   * API, asked in the background for the endpoints that are used; a call waits for it only where nothing else is known of its price,
   * for three seconds at most. Live prices may carry your account's own discount, so no volume discount is taken off them.
   * @default "bundled"
   */
  source?: "bundled" | "live";
  /** A live price older than this is asked for again. Up to ten years. @default "24h" */
  maxAge?: Duration;
  /** The fal key to ask for live prices with. @default the FAL_KEY environment variable, as the fal client reads it */
  credentials?: string;
  /** Rates of one's own by endpoint id, before every published price. @default none */
  rates?: RatesInput;
  /**
   * How large a file of the input can be, where nobody looked inside: an estimate's `high` assumes this. Blobs, data URIs and files that
   * this process uploaded are priced by their own size or length, up to 64 MiB; nothing is downloaded to find out.
   */
  inputs?: {
    /** @default 16, an image of 4096 × 4096 */
    imageMegapixels?: number;
    /** @default 600 */
    videoSeconds?: number;
    /** @default 3600 */
    audioSeconds?: number;
  };
}

/** What was agreed with fal: rates that hold for a term, and volume tiers of one's own. */
export interface ContractOptions {
  /** Said in every estimate that uses it. @default "contract" */
  name?: string;
  rates?: RatesInput;
  /** In place of the published volume discounts. */
  tiers?: readonly DiscountTier[];
  /** Credit paid for in advance. What is spent is drawn from the one whose cycle ends first. @default none */
  credits?: readonly CreditInput[];
}

/** Prepaid credit: until it is used up or its cycle ends, the prices of the day it was bought hold. Unused credit does not roll over. */
export interface CreditInput {
  /** US dollars bought. */
  amount: MoneyInput;
  /** When, as an ISO date or milliseconds. */
  boughtAt: string | number;
  /** First instant after its cycle. @default the end of the calendar month it was bought in, in the meter's time zone */
  cycleEnds?: string | number;
  /** Rates agreed with it, before the other prices of that day. @default none */
  rates?: RatesInput;
}

export interface AssumedInputs {
  readonly imageMegapixels: number;
  readonly videoSeconds: number;
  readonly audioSeconds: number;
}

export interface OwnRate extends Dated {
  readonly unit: Unit;
  readonly price: Decimal;
}

export interface ResolvedPrices {
  /** `null` where prices come from the bundled list alone. */
  readonly live: { readonly maxAgeMs: number; readonly credentials: string | undefined } | null;
  readonly credits: readonly Credit[];
  readonly contractName: string;
  readonly contractRates: ReadonlyMap<string, readonly OwnRate[]>;
  readonly contractTiers: readonly DiscountTier[] | undefined;
  readonly ownRates: ReadonlyMap<string, readonly OwnRate[]>;
  readonly assumed: AssumedInputs;
}

const MOST_RATES = 10_000;
const MOST_CREDITS = 100;

/** First instant of the next calendar month, where nobody says in which time zone. */
function nextMonth(at: number): number {
  const day = new Date(at);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
}

/**
 * Reads `prices` and `contract`.
 * @throws OptionsError naming the option: an unknown key, a rate that is no amount, a unit that nothing can be counted in, dates that
 * are none or the wrong way round. `monthEnd` tells the first instant after the calendar month of an instant.
 */
export function resolvePrices(
  prices: PricesOptions = {},
  contract: ContractOptions = {},
  monthEnd: (at: number) => number = nextMonth,
): ResolvedPrices {
  onlyKeys(prices, "prices", ["source", "maxAge", "credentials", "rates", "inputs"]);
  onlyKeys(contract, "contract", ["name", "rates", "tiers", "credits"]);
  const inputs = prices.inputs ?? {};
  onlyKeys(inputs, "prices.inputs", ["imageMegapixels", "videoSeconds", "audioSeconds"]);
  const name = contract.name ?? "contract";
  if (typeof name !== "string" || name === "" || name.length > 64)
    throw new OptionsError("contract.name", "1 to 64 characters", name);
  return {
    live: readSource(prices),
    credits: readCredits(contract.credits, monthEnd),
    contractName: name,
    contractRates: readRates(contract.rates, "contract.rates"),
    contractTiers: contract.tiers && checkTiers(contract.tiers, "contract.tiers"),
    ownRates: readRates(prices.rates, "prices.rates"),
    assumed: {
      imageMegapixels: bounded(inputs.imageMegapixels, 16, 1_000, "prices.inputs.imageMegapixels"),
      videoSeconds: bounded(inputs.videoSeconds, 600, 86_400, "prices.inputs.videoSeconds"),
      audioSeconds: bounded(inputs.audioSeconds, 3_600, 86_400, "prices.inputs.audioSeconds"),
    },
  };
}

function readSource({ source = "bundled", maxAge = "24h", credentials }: PricesOptions): ResolvedPrices["live"] {
  if (source !== "bundled" && source !== "live") throw new OptionsError("prices.source", '"bundled" or "live"', source);
  if (credentials !== undefined && (typeof credentials !== "string" || credentials === "")) {
    throw new OptionsError("prices.credentials", "a fal key", typeof credentials);
  }
  const maxAgeMs = milliseconds(maxAge, "prices.maxAge");
  return source === "live" ? { maxAgeMs, credentials } : null;
}

function readCredits(credits: ContractOptions["credits"], monthEnd: (at: number) => number): readonly Credit[] {
  if (credits === undefined) return [];
  if (!Array.isArray(credits) || credits.length > MOST_CREDITS) {
    throw new OptionsError("contract.credits", `a list of up to ${MOST_CREDITS} credits`, credits);
  }
  return (credits as readonly CreditInput[]).map((credit, index) => {
    const option = `contract.credits[${index}]`;
    onlyKeys(credit, option, ["amount", "boughtAt", "cycleEnds", "rates"]);
    const boughtAt = instant(credit.boughtAt, `${option}.boughtAt`);
    if (boughtAt === null) throw new OptionsError(`${option}.boughtAt`, "the day it was bought", credit.boughtAt);
    const cycleEnds = instant(credit.cycleEnds, `${option}.cycleEnds`) ?? monthEnd(boughtAt);
    if (cycleEnds <= boughtAt) throw new OptionsError(`${option}.cycleEnds`, "after boughtAt", credit.cycleEnds);
    const rates = readRates(credit.rates, `${option}.rates`);
    return { amount: dollars(credit.amount, `${option}.amount`), boughtAt, cycleEnds, rates };
  });
}

function bounded(value: number | undefined, fallback: number, most: number, option: string): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value > 0 && value <= most) return value;
  throw new OptionsError(option, `a number above 0, up to ${most}`, value);
}

function readRates(rates: RatesInput | undefined, option: string): ReadonlyMap<string, readonly OwnRate[]> {
  const read = new Map<string, readonly OwnRate[]>();
  if (rates === undefined) return read;
  if (typeof rates !== "object" || rates === null || Object.keys(rates).length > MOST_RATES) {
    throw new OptionsError(option, `up to ${MOST_RATES} rates by endpoint id`, rates);
  }
  for (const [endpointId, entry] of Object.entries(rates)) {
    const each = Array.isArray(entry) ? (entry as readonly RateInput[]) : [entry as MoneyInput | RateInput];
    read.set(
      endpointId,
      each.map((rate) => readRate(rate, `${option}["${endpointId}"]`)),
    );
  }
  return read;
}

function readRate(rate: MoneyInput | RateInput, option: string): OwnRate {
  const isRate = typeof rate === "object" && rate !== null && "price" in rate;
  if (!isRate)
    return { unit: readUnit("requests"), price: dollars(rate as MoneyInput, option), from: null, until: null };
  onlyKeys(rate, option, ["unit", "price", "from", "until"]);
  const { unit = "requests", price, from, until } = rate;
  const counted = typeof unit !== "string" ? null : isComputeSecond(unit) ? computeSecond : readUnit(unit);
  if (!counted || (counted !== computeSecond && !countFor(counted))) {
    throw new OptionsError(
      `${option}.unit`,
      "a unit that can be counted, such as images, megapixels, seconds or requests",
      unit,
    );
  }
  const term = { from: instant(from, `${option}.from`), until: instant(until, `${option}.until`) };
  if (term.from !== null && term.until !== null && term.from >= term.until)
    throw new OptionsError(`${option}.until`, "after from", until);
  return { unit: counted, price: dollars(price, `${option}.price`), ...term };
}

function instant(value: string | number | undefined, option: string): number | null {
  if (value === undefined) return null;
  const at = typeof value === "number" ? value : Date.parse(value);
  if (Number.isFinite(at)) return at;
  throw new OptionsError(option, "an ISO date or milliseconds since the epoch", value);
}
