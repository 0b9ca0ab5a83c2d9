import { describe, expect, it } from "vitest";
import { alternatives, cheapestTier } from "../../src/price/alternatives.ts";
import { draftInput } from "../../src/price/draft.ts";
import { explain } from "../../src/price/explain.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { cheaperSiblings } from "../../src/price/siblings.ts";

const pricer = createPricer(resolvePrices(undefined, undefined));
const at = Date.UTC(2026, 10, 23);
const explained = (endpointId: string, input: unknown) => explain(pricer.estimate(endpointId, input, at));

describe("explain", () => {
  it("works an amount out as a person would", () => {
    expect(explained("fal-ai/veo3.1", {})[0]).toBe("8 s with sound × $0.40 a second = $3.20");
    expect(explained("fal-ai/flux-pro/v1.1", { num_images: 3, image_size: "square" })).toEqual([
      "3 images of 512×512 at the 512×512 tier × $0.02 an image = $0.06",
      "By rate card (2026-11-01).",
    ]);
  });

  it("says the count where the label does not, and the bounds where there are any", () => {
    expect(explained("fal-ai/flux/dev", { num_images: 2 })).toEqual([
      "2 images of 1024 × 768, 2 megapixels × $0.025 a megapixel = $0.05",
      "At least $0.0375 and at most $0.05.",
      "By bundled price list (2026-07-28).",
    ]);
  });

  it("writes blocks that differ in price as one sum", () => {
    expect(explained("fal-ai/stable-audio", { seconds_total: 75 })[0]).toBe(
      "75 s of audio as 3 blocks of 30 s = $0.13",
    );
  });

  it("says why a price is unknown", () => {
    expect(explained("acme/never-seen", {})).toEqual([
      "acme/never-seen: the price is unknown, for no price is known for this endpoint.",
    ]);
  });
});

describe("alternatives", () => {
  it("name cheaper ways and what each saves, the best first", () => {
    const found = alternatives(pricer, "fal-ai/veo3.1", { prompt: "a cat" }, at);
    expect(found.map(({ change, saves }) => [change, saves.toFixed()])).toEqual([
      ["4 seconds", "1.6"],
      ["silent", "1.6"],
      ["6 seconds", "0.8"],
    ]);
    expect(found[0]!.input).toEqual({ duration: "4s" });
  });

  it("include smaller tiers and a single image", () => {
    const found = alternatives(pricer, "fal-ai/flux-pro/v1.1", { num_images: 2, image_size: "square_hd" }, at);
    expect(found.map(({ change, saves }) => [change, saves.toFixed()])).toEqual([
      ["one image", "0.04"],
      ["512 × 512 pixels", "0.04"],
      ["768 × 768 pixels", "0.02"],
    ]);
  });

  it("are none where the price is unknown or nothing is cheaper", () => {
    expect(alternatives(pricer, "acme/never-seen", { num_images: 4 }, at)).toEqual([]);
    expect(alternatives(pricer, "fal-ai/flux-pro/v1.1", { image_size: "square" }, at)).toEqual([]);
  });

  it("are really estimated at what they save, and never above what was asked", () => {
    for (const endpointId of [
      "fal-ai/kling-video/v3/pro/text-to-video",
      "fal-ai/nano-banana-2",
      "fal-ai/ideogram/v3",
      "fal-ai/gpt-image-1.5",
    ]) {
      const asked = pricer.estimate(endpointId, {}, at);
      const found = alternatives(pricer, endpointId, {}, at);
      expect(found.length).toBeGreaterThan(0);
      for (const { input, saves, estimate } of found) {
        expect(pricer.estimate(endpointId, input, at).expected!.add(saves).eq(asked.expected!)).toBe(true);
        expect(estimate.high!.lte(asked.high!)).toBe(true);
      }
    }
  });
});

describe("cheaper siblings", () => {
  const siblings = (endpointId: string, input: object) =>
    cheaperSiblings(pricer, endpointId, input, at).map(({ change, saves }) => [change, saves.toFixed()]);

  it("are the models of the same family that cost less for the same input, the most saving first", () => {
    expect(siblings("fal-ai/veo3.1", { prompt: "a cat", duration: "8s" })).toEqual([
      ["fal-ai/veo3.1/lite", "2.8"],
      ["fal-ai/veo3.1/fast", "2"],
    ]);
    expect(siblings("fal-ai/flux/dev", { prompt: "a cat", num_images: 2 })).toEqual([["fal-ai/flux/schnell", "0.044"]]);
    expect(siblings("fal-ai/kling-video/v3/pro/text-to-video", { duration: "15" })[0]![0]).toBe(
      "fal-ai/kling-video/v3/standard/text-to-video",
    );
  });

  it("take every parameter that was given, and every value of it", () => {
    expect(siblings("fal-ai/minimax/hailuo-02/standard/image-to-video", { duration: "6" })).toHaveLength(1);
    expect(siblings("fal-ai/minimax/hailuo-02/standard/image-to-video", { resolution: "768P" })).toEqual([]);
    expect(siblings("fal-ai/ideogram/v2", { aspect_ratio: "16:9" })).toHaveLength(1);
    expect(siblings("fal-ai/veo3.1/first-last-frame-to-video", { resolution: "4k" }).map(([id]) => id)).toEqual([
      "fal-ai/veo3.1/fast/first-last-frame-to-video",
    ]);
  });

  it("are none where the price is unknown or the model is the cheapest", () => {
    expect(siblings("acme/never-seen", {})).toEqual([]);
    expect(siblings("fal-ai/flux/schnell", {})).toEqual([]);
  });
});

describe("cheapestTier", () => {
  it.each([
    [500, 500, 512, 1, "0.02"],
    [513, 512, 768, 1, "0.03"],
    [1080, 1080, 1024, 2, "0.08"],
    [1024, 1024, 1024, 1, "0.04"],
  ])("covers %i × %i", (width, height, side, times, price) => {
    const tier = cheapestTier("fal-ai/flux-pro/v1.1", width, height, at)!;
    expect([tier.side, tier.times, tier.price.toFixed()]).toEqual([side, times, price]);
  });

  it("is none for endpoints that are not priced by size, and refuses sizes that are none", () => {
    expect(cheapestTier("fal-ai/flux/dev", 512, 512, at)).toBeNull();
    expect(() => cheapestTier("fal-ai/flux-pro/v1.1", -1, 512, at)).toThrowError(
      expect.objectContaining({ name: "OptionsError" }),
    );
  });
});

describe("drafts", () => {
  const small = { width: 512, height: 512 };

  it("make the size 512 × 512 and leave the caller's input alone", () => {
    const input = Object.freeze({ prompt: "a cat", image_size: "square_hd" });
    expect(draftInput("fal-ai/flux/dev", input)).toEqual({
      input: { prompt: "a cat", image_size: small },
      drafted: "image_size 1024×1024 → 512×512",
    });
    expect(input.image_size).toBe("square_hd");
  });

  it("use the endpoint's default where no size is given", () => {
    expect(draftInput("fal-ai/flux/dev", undefined)?.drafted).toBe("image_size 1024×768 → 512×512");
    expect(draftInput("fal-ai/qwen-image-edit", {})?.input).toEqual({ image_size: small });
  });

  it("are for endpoints never seen when the input has a size", () => {
    expect(draftInput("acme/private", { image_size: { width: 900, height: 900 } })?.input).toEqual({
      image_size: small,
    });
    expect(draftInput("acme/private", { prompt: "a cat" })).toBeNull();
  });

  it("are none where it is as small already or no such size is taken", () => {
    for (const image_size of ["square", small, { width: 256, height: 1024 }])
      expect(draftInput("fal-ai/flux/dev", { image_size })).toBeNull();
    expect(draftInput("fal-ai/veo3.1", {})).toBeNull();
    expect(draftInput("fal-ai/gpt-image-1.5", { image_size: "1536x1024" })).toBeNull();
  });

  it("make a call cheaper, never dearer", () => {
    const draft = draftInput("fal-ai/flux-pro/v1.1", { num_images: 2 })!;
    expect(pricer.estimate("fal-ai/flux-pro/v1.1", draft.input, at).high!.toFixed()).toBe("0.04");
  });
});
