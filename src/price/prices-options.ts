import { OptionsError, onlyKeys } from "../errors.ts";
import { type Decimal, dollars, type MoneyInput } from "../money.ts";
import { checkTiers, type DiscountTier } from "./discount.ts";
import { countFor } from "./quantity.ts";
import type { Dated } from "./rates.ts";
import { readUnit, type Unit } from "./unit-words.ts";

/** A rate of one's own: what one `unit` of an endpoint costs, and when. */
export interface RateInput {
  /** In the words of fal's pricing: `images`, `megapixels`, `seconds`, `1000 characters`, `requests`, …. @default "requests" */
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
  /** Rates of one's own by endpoint id, before every published price. @default none */
  rates?: RatesInput;
  /** How large the files behind URLs can be: nobody looks inside them, so an estimate's `high` assumes this. */
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
  readonly contractName: string;
  readonly contractRates: ReadonlyMap<string, readonly OwnRate[]>;
  readonly contractTiers: readonly DiscountTier[] | undefined;
  readonly ownRates: ReadonlyMap<string, readonly OwnRate[]>;
  readonly assumed: AssumedInputs;
}

const MOST_RATES = 10_000;

/**
 * Reads `prices` and `contract`.
 * @throws OptionsError naming the option: an unknown key, a rate that is no amount, a unit that nothing can be counted in, dates that
 * are none or the wrong way round.
 */
export function resolvePrices(prices: PricesOptions = {}, contract: ContractOptions = {}): ResolvedPrices {
  onlyKeys(prices, "prices", ["rates", "inputs"]);
  onlyKeys(contract, "contract", ["name", "rates", "tiers"]);
  const inputs = prices.inputs ?? {};
  onlyKeys(inputs, "prices.inputs", ["imageMegapixels", "videoSeconds", "audioSeconds"]);
  const name = contract.name ?? "contract";
  if (typeof name !== "string" || name === "" || name.length > 64)
    throw new OptionsError("contract.name", "1 to 64 characters", name);
  return {
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
  const counted = typeof unit === "string" ? readUnit(unit) : null;
  if (!counted || !countFor(counted)) {
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
