import { describe, expect, it } from "vitest";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { rateCard } from "../../src/price/rate-card.ts";
import { rateAt } from "../../src/price/rates.ts";

const pricer = createPricer(resolvePrices(undefined, undefined));
const at = Date.UTC(2026, 10, 23);

/** The one amount of an estimate that depends on nothing unknown. */
function exact(endpointId: string, input: Record<string, unknown>): string {
  const estimate = pricer.estimate(endpointId, input, at);
  expect(estimate).toMatchObject({ basis: "rate-card", confidence: "exact", currency: "USD" });
  expect(estimate.low!.eq(estimate.high!) && estimate.low!.eq(estimate.expected!)).toBe(true);
  return estimate.expected!.toFixed();
}

const sizes: [width: number, height: number, pro: string, realism: string][] = [
  [1, 1, "0.02", "0.03"],
  [512, 512, "0.02", "0.03"],
  [513, 512, "0.03", "0.04"],
  [256, 1024, "0.02", "0.03"],
  [576, 1024, "0.03", "0.04"],
  [768, 768, "0.03", "0.04"],
  [769, 768, "0.04", "0.05"],
  [768, 1024, "0.04", "0.05"],
  [1024, 1024, "0.04", "0.05"],
  [1025, 1024, "0.08", "0.1"],
  [1440, 1440, "0.08", "0.1"],
  [2048, 1024, "0.08", "0.1"],
  [2049, 1024, "0.12", "0.15"],
  [2048, 2048, "0.16", "0.2"],
];

describe("images priced by size tier", () => {
  it.each(sizes)("%i × %i is covered by the smallest tier of its area", (width, height, pro, realism) => {
    expect(exact("fal-ai/flux-pro/v1.1", { image_size: { width, height } })).toBe(pro);
    expect(exact("fal-ai/flux-realism", { image_size: { width, height } })).toBe(realism);
  });

  it.each([
    ["square", "0.02", "0.03"],
    ["square_hd", "0.04", "0.05"],
    ["portrait_4_3", "0.04", "0.05"],
    ["portrait_16_9", "0.03", "0.04"],
    ["landscape_4_3", "0.04", "0.05"],
    ["landscape_16_9", "0.03", "0.04"],
  ])("preset %s has the tier of its pixels", (image_size, pro, realism) => {
    expect(exact("fal-ai/flux-pro/v1.1", { image_size })).toBe(pro);
    expect(exact("fal-ai/flux-realism", { image_size })).toBe(realism);
  });

  it("takes landscape_4_3 and one image when nothing is said, and null for nothing", () => {
    expect(exact("fal-ai/flux-pro/v1.1", {})).toBe("0.04");
    expect(exact("fal-ai/flux-realism", {})).toBe("0.05");
    expect(exact("fal-ai/flux-pro/v1.1", { image_size: null, num_images: null })).toBe("0.04");
  });

  it("multiplies by the number of images", () => {
    expect(exact("fal-ai/flux-pro/v1.1", { num_images: 3, image_size: "square" })).toBe("0.06");
    expect(exact("fal-ai/flux-realism", { num_images: 4, image_size: { width: 1440, height: 1440 } })).toBe("0.4");
  });

  it("brackets a size whose name nobody published", () => {
    const { low, high, confidence } = pricer.estimate("fal-ai/flux-pro/v1.1", { image_size: "poster" }, at);
    expect([low!.toFixed(), high!.toFixed(), confidence]).toEqual(["0.02", "0.16", "doubtful"]);
  });
});

describe("images at one price", () => {
  it("adds a cent for each FLUX Subject image with a reference", () => {
    expect(exact("fal-ai/flux-subject", {})).toBe("0.04");
    expect(exact("fal-ai/flux-subject", { image_url: "https://example.com/a.png" })).toBe("0.05");
    expect(exact("fal-ai/flux-subject", { image_url: "https://example.com/a.png", num_images: 2 })).toBe("0.1");
  });

  it.each(["fal-ai/recraft-v3", "fal-ai/recraft/v3/text-to-image", "fal-ai/recraft/v3/image-to-image"])(
    "%s is three cents an image",
    (endpointId) => {
      expect(exact(endpointId, {})).toBe("0.03");
      expect(exact(endpointId, { num_images: 5 })).toBe("0.15");
    },
  );

  it.each(["fal-ai/recraft-v3/create-style", "fal-ai/recraft/v3/create-style"])(
    "%s is ten cents a request",
    (endpointId) => {
      expect(exact(endpointId, { images_data_url: "https://example.com/a.zip" })).toBe("0.1");
    },
  );

  it("charges FLUX LoRA by the card with custom weights, and by the list without", () => {
    const loras = [{ path: "https://example.com/a.safetensors" }];
    expect(exact("fal-ai/flux-lora", { loras })).toBe("0.04");
    expect(exact("fal-ai/flux-lora", { loras, num_images: 3 })).toBe("0.12");
    for (const input of [{}, { loras: [] }, { loras: null }]) {
      expect(pricer.estimate("fal-ai/flux-lora", input, at)).toMatchObject({ basis: "list-price", asOf: "2026-07-28" });
    }
  });
});

describe("audio in blocks of thirty seconds", () => {
  it.each([
    [1, "0.05"],
    [10, "0.05"],
    [30, "0.05"],
    [44.999, "0.05"],
    [45, "0.08"],
    [60, "0.08"],
    [74.9, "0.08"],
    [75, "0.13"],
    [90, "0.13"],
    [120, "0.16"],
    [0, "0.05"],
  ])("Stable Audio of %d s rounds to the nearest block", (seconds_total, amount) => {
    expect(exact("fal-ai/stable-audio", { seconds_total })).toBe(amount);
  });

  it("takes thirty seconds of Stable Audio when none are said", () => {
    expect(exact("fal-ai/stable-audio", {})).toBe("0.05");
  });

  it("brackets F5 speech by the length of its text, at 20, 15 and 10 characters a second", () => {
    const speech = (characters: number) => {
      const { low, expected, high, confidence } = pricer.estimate(
        "fal-ai/f5-tts",
        { gen_text: "a".repeat(characters) },
        at,
      );
      return [low!.toFixed(), expected!.toFixed(), high!.toFixed(), confidence];
    };
    expect(speech(0)).toEqual(["0.02", "0.02", "0.02", "exact"]);
    expect(speech(449)).toEqual(["0.02", "0.02", "0.02", "exact"]);
    expect(speech(450)).toEqual(["0.02", "0.02", "0.03", "bracketed"]);
    expect(speech(675)).toEqual(["0.02", "0.03", "0.03", "bracketed"]);
    expect(speech(900)).toEqual(["0.03", "0.03", "0.05", "bracketed"]);
    expect(speech(9000)).toEqual(["0.23", "0.3", "0.45", "bracketed"]);
  });
});

describe("portrait training", () => {
  it.each([
    [1, "0.001"],
    [100, "0.1"],
    [1500, "1.5"],
    [2000, "2"],
    [2500, "2.5"],
    [10000, "10"],
  ])("%i steps are charged pro rata", (steps, amount) => {
    expect(exact("fal-ai/flux-lora-portrait-trainer", { steps })).toBe(amount);
  });

  it("takes 2500 steps when none are said", () => {
    expect(exact("fal-ai/flux-lora-portrait-trainer", {})).toBe("2.5");
  });

  it("is one dollar whatever the steps when it goes on from a checkpoint", () => {
    expect(
      exact("fal-ai/flux-lora-portrait-trainer", { steps: 9000, resume_from_checkpoint: "https://example.com/a" }),
    ).toBe("1");
    expect(exact("fal-ai/flux-lora-portrait-trainer", { steps: 2000, resume_from_checkpoint: "" })).toBe("2");
  });
});

describe("rates in time", () => {
  const [announced, changed] = [Date.UTC(2026, 11, 1), Date.UTC(2026, 11, 31)];
  const rates = [
    { from: null, until: changed, name: "old" },
    { from: changed, until: null, name: "new" },
  ];

  it("keeps the old rate until the very instant that the new one takes effect", () => {
    expect([0, announced, changed - 1, changed, changed + 1].map((instant) => rateAt(rates, instant)?.name)).toEqual([
      "old",
      "old",
      "old",
      "new",
      "new",
    ]);
  });

  it("takes the latest to begin where two are in force, and none where none is", () => {
    const both = [
      { from: 5, until: null, name: "later" },
      { from: null, until: null, name: "earlier" },
    ];
    expect([rateAt(both, 9)?.name, rateAt(both, 4)?.name]).toEqual(["later", "earlier"]);
    expect(rateAt([{ from: 5, until: 6 }], 6)).toBeUndefined();
  });

  it("has a rate for every endpoint on the card at any time", () => {
    for (const rows of Object.values(rateCard))
      for (const instant of [0, at, at * 2]) expect(rateAt(rows, instant)).toBeDefined();
  });
});
