import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PriceList } from "../../src/emulator/prices.ts";
import { billableUnits } from "../../src/emulator/units.ts";
import { inputShape } from "../../src/price/input-shape.ts";
import { listedEndpoints } from "../../src/price/list-price.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { randomInput } from "./random-input.ts";

/*
 * The emulator counts billed units by itself, and knows nothing of the estimator. Where it bills by rules of its own that are not
 * fal's, it is no witness, and the exact figures are held by other tests.
 */

/** Endpoints that the emulator bills by something else than fal does, and why it is no witness there. */
const NO_WITNESS: readonly (readonly [endpoints: RegExp, why: string])[] = [
  [/^fal-ai\/(ben\/v2\/video|ltx-2-19b\/|seedvr\/upscale\/video|video-upscaler)/, "it takes a video for one megapixel"],
  [/^fal-ai\/(diffrhythm|lucidflux)$/, "it does not read music_duration and target_height"],
  [/^fal-ai\/moondream2$/, "it counts the text asked with, not the text written"],
  [/^fal-ai\/(rife|film)(\/|$)/, "it takes the frames between those of a video for the whole"],
  [/^argil\/avatars\/text-to-video$/, "it takes every talking picture for five seconds"],
];

/** Parameters with a published surcharge that the emulator does not take. */
const SURCHARGED = ["use_thought", "enable_detail_pass", "pro_mode", "keyterms"];

const prices = new PriceList({});
const pricer = createPricer(resolvePrices());
const at = Date.UTC(2026, 10, 23);

/** An endpoint takes its own defaults for what is left out; the emulator must be told them. */
function withDefaults(endpointId: string, input: Record<string, unknown>): Record<string, unknown> {
  const presets = Object.values(inputShape(endpointId).parameters).flatMap(({ name, preset }) =>
    preset === null ? [] : [[name, preset]],
  );
  return { ...Object.fromEntries(presets), ...input };
}

function isWitness(endpointId: string, source: string): boolean {
  // It has no tiers but those of a few families, and leaves out what a processed input image costs.
  if (/by the tiers of|the size of the input images/.test(source)) return false;
  return !NO_WITNESS.some(([endpoints]) => endpoints.test(endpointId));
}

/** What the estimator and the emulator say of one request; `null` where the price is not a list price. */
function compared(endpointId: string, asked: Record<string, unknown>) {
  const input = Object.fromEntries(Object.entries(asked).filter(([name]) => !SURCHARGED.includes(name)));
  const estimate = pricer.estimate(endpointId, input, at);
  if (estimate.basis !== "list-price" || !isWitness(endpointId, estimate.source)) return null;
  const { unit, unitPrice } = prices.of(endpointId);
  const bill = billableUnits(unit, endpointId, withDefaults(endpointId, input), 200).mul(unitPrice);
  return { bill, low: estimate.low!, high: estimate.high!, source: estimate.source, input };
}

describe("the bracket of an estimate", () => {
  it("holds a bill that an independent count makes, over every listed endpoint and whatever its types allow", () => {
    const endpoint = fc.constantFrom(...listedEndpoints());
    const request = endpoint.chain((endpointId) => fc.tuple(fc.constant(endpointId), randomInput(endpointId)));
    let held = 0;
    fc.assert(
      fc.property(request, ([endpointId, input]) => {
        const found = compared(endpointId, input);
        if (!found) return;
        held++;
        expect(
          found.low.lte(found.bill) && found.bill.lte(found.high),
          `${endpointId}: ${found.bill.toFixed()} is not in ${found.low.toFixed()} to ${found.high.toFixed()} (${found.source})`,
        ).toBe(true);
      }),
      { numRuns: 6_000 },
    );
    expect(held).toBeGreaterThan(2_500);
  });

  it("is one amount where nothing is open, and that amount is the bill", () => {
    for (const endpointId of ["fal-ai/flux/dev", "fal-ai/flux/schnell", "fal-ai/nano-banana"]) {
      const found = compared(endpointId, { prompt: "a cat", image_size: "square_hd", num_images: 3 })!;
      expect([found.low.toFixed(), found.high.toFixed()]).toEqual([found.bill.toFixed(), found.bill.toFixed()]);
    }
  });
});
