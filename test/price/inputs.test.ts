import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inputShape, type Parameter, typedEndpoints } from "../../src/price/input-shape.ts";
import { listedEndpoints } from "../../src/price/list-price.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { isSound } from "./sound.ts";

const pricer = createPricer(resolvePrices(undefined, undefined));
const at = Date.UTC(2026, 10, 23);
const everyEndpoint = [...new Set([...typedEndpoints(), ...listedEndpoints()])];

function valuesOf({ kind, options, preset }: Parameter): unknown[] {
  const sizes = [
    "square",
    "square_hd",
    "portrait_4_3",
    "landscape_16_9",
    "auto",
    "auto_4K",
    { width: 640, height: 480 },
    { width: 4096, height: 4096 },
    {},
  ];
  switch (kind) {
    case "string":
      if (options.length > 0) return [...options, null];
      return Number(preset) > 0 ? [preset, null] : ["some text", "", null];
    case "number":
      return [1, 3, 30, null];
    case "boolean":
      return [true, false, null];
    case "size":
      return [...sizes, null];
    case "list":
      return [[], ["https://example.com/a"], [{ text: "hello" }], null];
    case "media":
      return ["https://example.com/a", new Blob(["a"]), null];
    case "other":
      return [{}, null];
  }
}

describe("inputs that the types allow", () => {
  it("are all priced in order, asked with nothing", () => {
    for (const endpointId of everyEndpoint) {
      for (const input of [{}, undefined, null, "text", [], new FormData()]) {
        const estimate = pricer.estimate(endpointId, input, at);
        expect(isSound(estimate), `${endpointId}: ${JSON.stringify(estimate)}`).toBe(true);
      }
    }
  });

  it("are all priced in order, for every value of every parameter that bears on a price", () => {
    let asked = 0;
    for (const endpointId of everyEndpoint) {
      for (const parameter of Object.values(inputShape(endpointId).parameters)) {
        for (const value of valuesOf(parameter)) {
          const estimate = pricer.estimate(endpointId, { [parameter.name]: value }, at);
          asked += 1;
          if (!isSound(estimate))
            expect.fail(`${endpointId} ${parameter.name}=${String(value)}: ${JSON.stringify(estimate)}`);
        }
      }
    }
    expect(asked).toBeGreaterThan(15_000);
  });

  it("are all priced in order, in any combination", () => {
    const asked = fc.constantFrom(...everyEndpoint).chain((endpointId) => {
      const parameters = Object.values(inputShape(endpointId).parameters);
      const values = Object.fromEntries(
        parameters.map((parameter) => [
          parameter.name,
          fc.option(fc.constantFrom(...valuesOf(parameter)), { nil: undefined }),
        ]),
      );
      return fc.record({ endpointId: fc.constant(endpointId), input: fc.record(values) });
    });
    fc.assert(
      fc.property(asked, ({ endpointId, input }) => isSound(pricer.estimate(endpointId, input, at))),
      { numRuns: 3_000 },
    );
  });

  it("cost no less for more images, seconds or pixels", () => {
    const endpoints = ["fal-ai/flux-pro/v1.1", "fal-ai/flux-realism", "fal-ai/flux/dev", "fal-ai/flux-2-pro"];
    const side = fc.integer({ min: 1, max: 4096 });
    const images = fc.integer({ min: 1, max: 10 });
    fc.assert(
      fc.property(fc.constantFrom(...endpoints), side, side, images, images, (endpointId, width, height, few, more) => {
        const high = (w: number, h: number, num_images: number) =>
          pricer.estimate(endpointId, { image_size: { width: w, height: h }, num_images }, at).high!;
        const base = high(width, height, few);
        return high(Math.min(4096, width + 64), height, few).gte(base) && high(width, height, few + more).gte(base);
      }),
    );
  });

  it("may have parameters that nobody knows", () => {
    const known = pricer.estimate("fal-ai/flux/dev", {}, at);
    expect(pricer.estimate("fal-ai/flux/dev", { surprise: "?", num_inference_steps: 50 }, at)).toEqual(known);
  });
});

describe("values that no request can mean", () => {
  it.each([
    ["fal-ai/flux/dev", { num_images: "4" }, "input.num_images"],
    ["fal-ai/flux/dev", { num_images: 1_000_000_000 }, "input.num_images"],
    ["fal-ai/flux/dev", { num_images: 0 }, "input.num_images"],
    ["fal-ai/flux/dev", { num_images: 1.5 }, "input.num_images"],
    ["fal-ai/flux/dev", { num_images: Number.NaN }, "input.num_images"],
    ["fal-ai/flux/dev", { image_size: { width: -1, height: 512 } }, "input.image_size.width"],
    ["fal-ai/flux/dev", { image_size: { width: 512, height: Number.POSITIVE_INFINITY } }, "input.image_size.height"],
    ["fal-ai/flux/dev", { image_size: { width: "512", height: 512 } }, "input.image_size.width"],
    ["fal-ai/flux/dev", { image_size: { width: 100_000, height: 512 } }, "input.image_size.width"],
    ["fal-ai/flux-pro/v1.1", { image_size: 1024 }, "input.image_size"],
    ["fal-ai/flux-pro/v1.1", { num_images: -2 }, "input.num_images"],
    ["fal-ai/flux-subject", { num_images: 1e9 }, "input.num_images"],
    ["fal-ai/stable-audio", { seconds_total: -1 }, "input.seconds_total"],
    ["fal-ai/stable-audio", { seconds_total: "45" }, "input.seconds_total"],
    ["fal-ai/stable-audio", { seconds_total: Number.NaN }, "input.seconds_total"],
    ["fal-ai/flux-lora-portrait-trainer", { steps: 0 }, "input.steps"],
    ["fal-ai/flux-lora-portrait-trainer", { steps: "2000" }, "input.steps"],
    ["fal-ai/veo3.1", { duration: -8 }, "input.duration"],
    ["fal-ai/veo3.1", { duration: Number.NaN }, "input.duration"],
    ["fal-ai/ace-step", { duration: "60" }, "input.duration"],
    ["fal-ai/wan/v2.2-a14b/text-to-video", { num_frames: 1e9 }, "input.num_frames"],
    ["fal-ai/wan/v2.2-a14b/text-to-video", { num_frames: -81 }, "input.num_frames"],
    ["fal-ai/elevenlabs/music", { music_length_ms: -5 }, "input.music_length_ms"],
  ])("%s with %j names %s", (endpointId, input, option) => {
    expect(() => pricer.estimate(endpointId, input, at)).toThrowError(
      expect.objectContaining({ name: "OptionsError", option }),
    );
  });

  it("are never echoed when they may be a prompt", () => {
    const secret = "a portrait of somebody whose name is private";
    for (const input of [
      { num_images: secret },
      { image_size: [secret] },
      { image_size: { width: secret, height: 1 } },
    ]) {
      let message = "";
      try {
        pricer.estimate("fal-ai/flux/dev", input, at);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toContain("input.");
      expect(message).not.toContain("portrait");
    }
  });

  it("do not reach the words of an estimate either", () => {
    const secret = "a portrait of somebody";
    for (const endpointId of everyEndpoint) {
      const { options, ...input } = Object.fromEntries(
        Object.values(inputShape(endpointId).parameters)
          .filter(({ kind }) => kind === "string")
          .map(({ name }) => [name, secret]),
      );
      const estimate = pricer.estimate(
        endpointId,
        stripNumbers(endpointId, { ...input, ...(options && { options }) }),
        at,
      );
      expect(JSON.stringify(estimate)).not.toContain("portrait of");
    }
  });
});

/** Leaves out the strings that must spell a number. */
function stripNumbers(endpointId: string, input: Record<string, unknown>): Record<string, unknown> {
  const { parameters } = inputShape(endpointId);
  const spelled = (name: string) =>
    /frames|steps|fps|seconds|width|height/.test(name) || Number(parameters[name]?.preset) > 0;
  return Object.fromEntries(Object.entries(input).filter(([name]) => !spelled(name)));
}
