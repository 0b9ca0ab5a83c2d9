import { describe, expect, it } from "vitest";
import { createPricer, type Pricer } from "../../src/price/pricer.ts";
import { type ContractOptions, type PricesOptions, resolvePrices } from "../../src/price/prices-options.ts";

const at = Date.UTC(2026, 10, 23);
const pricerWith = (prices?: PricesOptions, contract?: ContractOptions): Pricer =>
  createPricer(resolvePrices(prices, contract));
const endpoint = "fal-ai/flux-pro/v1.1";

describe("which price wins", () => {
  const rates = { [endpoint]: { unit: "images", price: "0.033" } };
  const live = [{ endpointId: endpoint, unit: "megapixels", unitPrice: 0.05, asOf: "2026-11-20" }];
  const priced = (pricer: Pricer, endpointId = endpoint) => {
    const { expected, basis, source, asOf } = pricer.estimate(endpointId, { image_size: "square_hd" }, at);
    return [expected?.toFixed(), basis, source, asOf];
  };

  it("a contract comes before one's own rates, live prices, the rate card and the bundled list", () => {
    const pricer = pricerWith({ rates }, { name: "Acme 2026", rates: { [endpoint]: { unit: "images", price: 0.01 } } });
    pricer.setLive(live);
    expect(priced(pricer)).toEqual(["0.01", "contract", "Acme 2026", null]);
  });

  it("one's own rates come before live prices", () => {
    const pricer = pricerWith({ rates });
    pricer.setLive(live);
    expect(priced(pricer)).toEqual(["0.033", "contract", "your rates", null]);
  });

  it("live prices come before the rate card, from the moment they are set", () => {
    const pricer = pricerWith();
    expect(priced(pricer)).toEqual(["0.04", "rate-card", "rate card", "2026-11-01"]);
    pricer.setLive(live);
    expect(priced(pricer)).toEqual(["0.05", "list-price", "fal's pricing API", "2026-11-20"]);
  });

  it("the bundled list comes after the rate card, with the day it was observed", () => {
    expect(priced(pricerWith(), "fal-ai/flux/dev")).toEqual([
      "0.025",
      "list-price",
      "bundled price list",
      "2026-07-28",
    ]);
  });

  it("a live price in a unit that counts nothing leaves the word to the next", () => {
    const pricer = pricerWith();
    pricer.setLive([{ endpointId: endpoint, unit: "compute seconds", unitPrice: 0.001, asOf: "2026-11-20" }]);
    expect(priced(pricer)[1]).toBe("rate-card");
  });

  it("a live price keeps the published tiers of its family", () => {
    const pricer = pricerWith();
    pricer.setLive([{ endpointId: "fal-ai/veo3.1", unit: "seconds", unitPrice: "0.36", asOf: "2026-11-20" }]);
    expect(pricer.estimate("fal-ai/veo3.1", { duration: "4s", generate_audio: false }, at).high!.toFixed()).toBe(
      "0.72",
    );
  });

  it("a rate of one's own holds for every tier and takes the term in force", () => {
    const changed = Date.UTC(2027, 0, 1);
    const terms = [
      { unit: "seconds", price: "0.3", until: "2027-01-01" },
      { unit: "seconds", price: "0.25", from: "2027-01-01" },
    ];
    const pricer = pricerWith({}, { rates: { "fal-ai/veo3.1": terms } });
    const price = (instant: number) => pricer.estimate("fal-ai/veo3.1", { resolution: "4k" }, instant).high!.toFixed();
    expect([price(changed - 1), price(changed)]).toEqual(["2.4", "2"]);
  });

  it("falls back when no term of a contract is in force", () => {
    const pricer = pricerWith({}, { rates: { [endpoint]: { price: 1, until: "2020-01-01" } } });
    expect(priced(pricer)[1]).toBe("rate-card");
  });

  it("reads a plain amount as one for each request", () => {
    const pricer = pricerWith({ rates: { "acme/private": "0.5" } });
    expect(pricer.estimate("acme/private", { num_images: 4 }, at)).toMatchObject({
      basis: "contract",
      unit: "request",
      confidence: "exact",
    });
    expect(pricer.estimate("acme/private", {}, at).high!.toFixed()).toBe("0.5");
  });
});

describe("the unit price that bills are settled by", () => {
  it("is the live one, else the bundled list's, and never the rate card's", () => {
    const pricer = pricerWith();
    expect(pricer.unitPrice("fal-ai/recraft-v3", at)).toMatchObject({
      unit: "images",
      source: "bundled price list",
      asOf: "2026-07-28",
    });
    expect(pricer.unitPrice("fal-ai/recraft-v3", at)!.unitPrice.toFixed()).toBe("0.04");
    pricer.setLive([{ endpointId: "fal-ai/recraft-v3", unit: "images", unitPrice: 0.035, asOf: "2026-11-20" }]);
    expect(pricer.unitPrice("fal-ai/recraft-v3", at)!.unitPrice.toFixed()).toBe("0.035");
  });

  it("is known for units that say nothing of the count, for a bill does", () => {
    expect(pricerWith().unitPrice("fal-ai/vidu/q1/text-to-video", at)!.unit).toBe("credits");
  });

  it("is a dollar where the billed units are dollars", () => {
    expect(pricerWith().unitPrice("fal-ai/gpt-image-1.5", at)!.unitPrice.toFixed()).toBe("1");
  });

  it("is unknown for endpoints never seen and for doubtful figures", () => {
    expect(pricerWith().unitPrice("acme/never-seen", at)).toBeNull();
    expect(pricerWith().unitPrice("fal-ai/flux-lora-fast-training", at)).toBeNull();
  });
});

describe("what is not known", () => {
  it.each([
    ["acme/never-seen", "no price is known for this endpoint"],
    ["fal-ai/moondream3-preview/query", 'its listed unit "units" says nothing of how many a request takes'],
    ["fal-ai/triposr", 'its listed unit "generations" says nothing of how many a request takes'],
    ["fal-ai/vidu/q1/text-to-video", 'its listed unit "credits" says nothing of how many a request takes'],
    ["fal-ai/post-processing", 'its listed unit "1" says nothing of how many a request takes'],
    ["__proto__", "no price is known for this endpoint"],
  ])("%s has no amounts and says why", (endpointId, source) => {
    const estimate = pricerWith().estimate(endpointId, { prompt: "a cat" }, at);
    expect(estimate).toMatchObject({
      low: null,
      expected: null,
      high: null,
      basis: "unknown",
      confidence: "unknown",
      source,
    });
  });

  it("does not trust seconds of computing", () => {
    const { high, source } = pricerWith().estimate("fal-ai/fast-sdxl", {}, at);
    expect([high, source]).toEqual([null, expect.stringContaining("second of computing")]);
  });

  it("brackets a doubtful price ten times wide", () => {
    const { low, expected, high, confidence } = pricerWith().estimate(
      "fal-ai/flux-lora-fast-training",
      { steps: 1000 },
      at,
    );
    expect([low!.toFixed(), expected!.toFixed(), high!.toFixed(), confidence]).toEqual(["2", "2", "20", "doubtful"]);
  });
});

describe("an estimate", () => {
  it("prints amounts as plain decimal strings in JSON", () => {
    const pricer = pricerWith({ rates: { "acme/tiny": "0.000000001" } });
    const json = JSON.parse(JSON.stringify(pricer.estimate("acme/tiny", {}, at)));
    expect([json.low, json.expected, json.high, json.unitPrice, json.quantity]).toEqual([
      "0.000000001",
      "0.000000001",
      "0.000000001",
      "0.000000001",
      "1",
    ]);
    expect(json).toMatchObject({ discount: null, lines: [{ label: "1 request", amount: "0.000000001" }] });
  });

  it("does not change the input it looks at", () => {
    const input = Object.freeze({ prompt: "a cat", image_size: Object.freeze({ width: 10, height: 10 }) });
    expect(() => pricerWith().estimate("fal-ai/flux/dev", input, at)).not.toThrow();
  });

  it("takes what a user says of the files behind URLs", () => {
    const asked = { audio_url: "https://example.com/a.mp3", video_url: "https://example.com/a.mp4" };
    const usual = pricerWith().estimate("fal-ai/sync-lipsync/v2", asked, at);
    const short = pricerWith({ inputs: { videoSeconds: 30 } }).estimate("fal-ai/sync-lipsync/v2", asked, at);
    expect([usual.high!.toFixed(), short.high!.toFixed()]).toEqual(["30", "3"]);
    expect(usual.source).toContain("prices.inputs.videoSeconds");
  });
});

describe("bad options", () => {
  it.each([
    [{ live: true }, undefined, "prices.live"],
    [{ inputs: { seconds: 4 } }, undefined, "prices.inputs.seconds"],
    [{ inputs: { videoSeconds: -1 } }, undefined, "prices.inputs.videoSeconds"],
    [{ rates: { a: -1 } }, undefined, 'prices.rates["a"]'],
    [{ rates: { a: { price: "1e3" } } }, undefined, 'prices.rates["a"].price'],
    [{ rates: { a: { price: 1, unit: "credits" } } }, undefined, 'prices.rates["a"].unit'],
    [{ rates: { a: { price: 1, per: "image" } } }, undefined, 'prices.rates["a"].per'],
    [{ rates: { a: { price: 1, from: "soon" } } }, undefined, 'prices.rates["a"].from'],
    [{ rates: { a: { price: 1, from: "2027-01-01", until: "2026-01-01" } } }, undefined, 'prices.rates["a"].until'],
    [undefined, { rate: {} }, "contract.rate"],
    [undefined, { name: "" }, "contract.name"],
    [undefined, { tiers: [{ from: 0, percent: 1 }] }, "contract.tiers"],
  ])("%j with %j names the option", (prices, contract, option) => {
    expect(() => resolvePrices(prices as never, contract as never)).toThrowError(
      expect.objectContaining({ name: "OptionsError", option }),
    );
  });

  it("refuses a live price that is no amount", () => {
    const live = { endpointId: "a", unit: "images", unitPrice: Number.NaN, asOf: "2026-11-20" };
    expect(() => pricerWith().setLive([live])).toThrowError(expect.objectContaining({ option: "prices.live" }));
  });
});
