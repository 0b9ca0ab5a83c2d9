import { OptionsError } from "../errors.ts";
import { type Decimal, decimal, dollars } from "../money.ts";
import { listPrices } from "../price/list-prices.ts";

/** A price as it is given. */
export interface GivenPrice {
  unit: string;
  /** US dollars for one unit. */
  unitPrice: string | number;
}

/** What one unit of an endpoint costs here, in US dollars, and what the unit is called in the words of fal's price API. */
export interface UnitPrice {
  readonly unit: string;
  readonly unitPrice: Decimal;
}

/**
 * What this fal charges for well-known endpoints, whatever the bundled list says: a list that is wrong must be seen to
 * be wrong. Unit prices as fal's price API gave them, July 2026 and before.
 */
const LISTED: readonly (readonly [endpointId: string, unit: string, unitPrice: string])[] = [
  ["fal-ai/any-llm", "requests", "0.001"],
  ["fal-ai/birefnet", "compute seconds", "0.0008"],
  ["fal-ai/bytedance/seedream/v4/text-to-image", "images", "0.03"],
  ["fal-ai/clarity-upscaler", "megapixels", "0.03"],
  ["fal-ai/elevenlabs/tts/turbo-v2.5", "1000 characters", "0.05"],
  ["fal-ai/f5-tts", "1000 characters", "0.05"],
  ["fal-ai/fast-sdxl", "compute seconds", "0.00125"],
  ["fal-ai/flux/dev", "megapixels", "0.025"],
  ["fal-ai/flux/schnell", "megapixels", "0.003"],
  ["fal-ai/flux-lora", "megapixels", "0.035"],
  ["fal-ai/flux-lora-portrait-trainer", "steps", "0.0024"],
  ["fal-ai/flux-lora-fast-training", "steps", "0.002"],
  ["fal-ai/flux-pro/v1.1", "megapixels", "0.04"],
  ["fal-ai/flux-pro/v1.1-ultra", "images", "0.06"],
  ["fal-ai/flux-realism", "megapixels", "0.035"],
  ["fal-ai/flux-subject", "megapixels", "0.04"],
  ["fal-ai/ideogram/v3", "images", "0.03"],
  ["fal-ai/imagen4/preview", "images", "0.04"],
  ["fal-ai/kling-video/v2/master/text-to-video", "seconds", "0.28"],
  ["fal-ai/kling-video/v2.1/standard/image-to-video", "seconds", "0.05"],
  ["fal-ai/kokoro/american-english", "1000 characters", "0.02"],
  ["fal-ai/minimax/hailuo-02/standard/text-to-video", "seconds", "0.045"],
  ["fal-ai/minimax/speech-02-hd", "1000 characters", "0.1"],
  ["fal-ai/nano-banana", "images", "0.0398"],
  ["fal-ai/nano-banana-pro", "images", "0.15"],
  ["fal-ai/qwen-image", "megapixels", "0.02"],
  ["fal-ai/recraft-v3", "images", "0.04"],
  ["fal-ai/recraft-v3/create-style", "requests", "0.04"],
  ["fal-ai/recraft/v3/create-style", "requests", "0.04"],
  ["fal-ai/recraft/v3/text-to-image", "images", "0.04"],
  ["fal-ai/recraft/v3/image-to-image", "images", "0.04"],
  ["fal-ai/stable-audio", "compute seconds", "0.00125"],
  ["fal-ai/veo3.1", "seconds", "0.4"],
  ["fal-ai/wan-25-preview/text-to-video", "seconds", "0.05"],
  ["fal-ai/whisper", "compute seconds", "0.0008"],
];

/** What an endpoint that no list names is billed at: one cent a request. The price API answers 404 for it. */
const UNLISTED_PRICE: UnitPrice = { unit: "requests", unitPrice: decimal("0.01") };

export class PriceList {
  readonly #prices = new Map<string, UnitPrice>();

  /** @throws OptionsError when a price is no amount or a unit no text. */
  constructor(given: Readonly<Record<string, GivenPrice>>) {
    for (const row of listPrices) {
      const [endpointId, unit, unitPrice, , doubt] = row.split("|");
      if (!endpointId || unit === undefined || !unitPrice) continue;
      // What was likely noted ten times too high is billed at what it likely is.
      this.#prices.set(endpointId, { unit, unitPrice: decimal(unitPrice).div(doubt === "doubtful" ? 10 : 1) });
    }
    for (const [endpointId, unit, unitPrice] of LISTED) {
      this.#prices.set(endpointId, { unit, unitPrice: decimal(unitPrice) });
    }
    for (const [endpointId, price] of Object.entries(given)) this.set(endpointId, price, `prices["${endpointId}"]`);
  }

  /** What an endpoint costs from now on. @throws OptionsError naming `option` when the price is no amount or the unit no text. */
  set(endpointId: string, { unit, unitPrice }: GivenPrice, option: string): void {
    if (typeof unit !== "string") throw new OptionsError(`${option}.unit`, 'the name of a unit such as "images"', unit);
    this.#prices.set(endpointId, { unit, unitPrice: dollars(unitPrice, `${option}.unitPrice`) });
  }

  /** The price by which an endpoint is billed. */
  of(endpointId: string): UnitPrice {
    return this.#prices.get(endpointId) ?? UNLISTED_PRICE;
  }

  /** The listed price, which the price API tells; `null` for an endpoint that no list names. */
  listed(endpointId: string): UnitPrice | null {
    return this.#prices.get(endpointId) ?? null;
  }

  /** Every listed endpoint, in a steady order. */
  endpointIds(): string[] {
    return [...this.#prices.keys()].sort();
  }
}
