import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { typedEndpoints } from "../../src/price/input-shape.ts";
import { createPricer, type Pricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { isSound } from "./sound.ts";
import { mappedEndpoints, typedInput } from "./typed-input.ts";

const at = Date.UTC(2026, 10, 23);
/** Each counts in another way. */
const UNITS = ["images", "megapixels", "processed megapixels", "seconds", "input seconds", "minutes", "videos"];
const FURTHER = ["1000 characters", "1m tokens", "steps", "requests", "video segments", "audios", "5 seconds"];

describe("inputs that the client's own types allow", () => {
  it("belong to the endpoints that the estimator knows, all of them", () => {
    expect([...mappedEndpoints].sort()).toEqual([...typedEndpoints()].sort());
    expect(mappedEndpoints.length).toBeGreaterThan(1_200);
  });

  it("are priced in order and never thrown at, for every endpoint of the types", () => {
    const pricer = createPricer(resolvePrices());
    for (const endpointId of mappedEndpoints) {
      fc.assert(
        fc.property(typedInput(endpointId), (input) => isSound(pricer.estimate(endpointId, input, at))),
        { numRuns: 6 },
      );
    }
  });

  it("are priced in whatever unit fal names for the endpoint", () => {
    const pricers = new Map<string, Pricer>();
    for (const unit of [...UNITS, ...FURTHER]) {
      const pricer = createPricer(resolvePrices());
      pricer.setLive(
        mappedEndpoints.map((endpointId) => ({ endpointId, unit, unitPrice: "0.01", asOf: "2026-11-20" })),
      );
      pricers.set(unit, pricer);
    }
    const asked = fc
      .constantFrom(...mappedEndpoints)
      .chain((endpointId) =>
        fc.tuple(fc.constant(endpointId), typedInput(endpointId), fc.constantFrom(...pricers.keys())),
      );
    fc.assert(
      fc.property(asked, ([endpointId, input, unit]) => {
        const estimate = pricers.get(unit)!.estimate(endpointId, input, at);
        expect(isSound(estimate), `${endpointId}: ${JSON.stringify(estimate)}`).toBe(true);
        expect(estimate.high).not.toBeNull();
      }),
      { numRuns: 6_000 },
    );
  });
});
