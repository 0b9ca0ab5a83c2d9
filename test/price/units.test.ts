import { describe, expect, it } from "vitest";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { readUnit } from "../../src/price/unit-words.ts";

const at = Date.UTC(2026, 10, 23);

describe("unit words", () => {
  it.each([
    ["images", "images", 1],
    [" Image ", "images", 1],
    ["Processed  Megapixels", "processed megapixels", 1],
    ["video seconds", "seconds", 1],
    ["input seconds", "seconds", 1],
    ["5 seconds", "seconds", 5],
    ["30 seconds", "seconds", 30],
    ["minutes", "seconds", 60],
    ["minute of video", "seconds", 60],
    ["1000 characters", "characters", 1000],
    ["1m tokens", "tokens", 1_000_000],
    ["1000 tokens", "tokens", 1000],
    ["video segments", "video segments", 1],
    ["cloned voices", "cloned voices", 1],
    ["trainings", "trainings", 1],
  ])("%j counts %s by %i", (text, kind, per) => {
    expect(readUnit(text)).toMatchObject({ kind, per });
  });

  it.each([
    "units",
    "unit",
    "credits",
    "generations",
    "",
    "1",
    "compute seconds",
    "train units",
    "0 seconds",
    "constructor",
  ])("%j says nothing of the count", (text) => {
    expect(readUnit(text).kind).toBe("unsaid");
  });
});

/** One dollar a unit, so that amounts are counts. */
function counts(unit: string, input: Record<string, unknown>, endpointId = "acme/model"): string[] {
  const pricer = createPricer(resolvePrices({ rates: { [endpointId]: { unit, price: 1 } } }, undefined));
  const { low, expected, high } = pricer.estimate(endpointId, input, at);
  return [low!.toFixed(), expected!.toFixed(), high!.toFixed()];
}

describe("quantities", () => {
  it("counts images, and up to max_images for each", () => {
    expect(counts("images", {})).toEqual(["1", "1", "1"]);
    expect(counts("images", { num_images: 4 })).toEqual(["4", "4", "4"]);
    expect(counts("images", { num_images: 2, max_images: 3 })).toEqual(["2", "6", "6"]);
  });

  it("rounds megapixels of 1024 × 1024 up for the bound, and leaves them bare below", () => {
    expect(counts("megapixels", { image_size: { width: 1024, height: 1024 } })).toEqual(["1", "1", "1"]);
    expect(counts("megapixels", { image_size: { width: 2048, height: 1024 }, num_images: 2 })).toEqual(["4", "4", "4"]);
    expect(counts("megapixels", { image_size: { width: 1376, height: 768 } })).toEqual(["1.0078125", "2", "2"]);
    expect(counts("megapixels", { image_size: { width: 512, height: 512 } })).toEqual(["0.25", "1", "1"]);
    expect(counts("megapixels", { image_size: { width: 1024 } })).toEqual(["0.5", "1", "1"]);
  });

  it("counts input images among processed megapixels", () => {
    const image_urls = ["https://example.com/a", "https://example.com/b"];
    expect(counts("processed megapixels", { image_size: "square_hd", image_urls })).toEqual(["1.5", "3", "9"]);
  });

  it.each([
    [{ duration: 5 }, ["5", "5", "5"]],
    [{ duration: "5" }, ["5", "5", "5"]],
    [{ duration: "8s" }, ["8", "8", "8"]],
    [{ seconds_total: 47 }, ["47", "47", "47"]],
    [{ music_length_ms: 30_500 }, ["30.5", "30.5", "30.5"]],
    [{ num_frames: 96, fps: 24 }, ["3.2", "4", "6"]],
  ])("reads a length from %j", (input, seconds) => {
    expect(counts("seconds", input)).toEqual(seconds);
  });

  it("rounds blocks and minutes up for the bound", () => {
    expect(counts("5 seconds", { duration: 6 })).toEqual(["1.2", "1.2", "2"]);
    expect(counts("minutes", { duration: 90 })).toEqual(["1.5", "1.5", "2"]);
    expect(counts("30 seconds", { duration: 30 })).toEqual(["1", "1", "1"]);
  });

  it("takes an unsaid length from the values that an endpoint offers", () => {
    expect(counts("seconds", { duration: null }, "fal-ai/kling-video/v3/pro/text-to-video")).toEqual(["5", "5", "5"]);
    expect(counts("seconds", { duration: "auto" }, "fal-ai/kling-video/v3/pro/text-to-video")).toEqual([
      "3",
      "9",
      "15",
    ]);
  });

  it("counts characters of what is spoken, from a fraction to a thousand begun", () => {
    expect(counts("1000 characters", { text: "a".repeat(1500) })).toEqual(["1.5", "1.5", "2"]);
    expect(counts("1000 characters", { text: "a".repeat(20) })).toEqual(["0.02", "0.02", "1"]);
    expect(counts("1000 characters", { prompt: "a".repeat(500) })).toEqual(["0.5", "0.5", "1"]);
    expect(counts("1000 characters", { text: "aa", prompt: "gently" })).toEqual(["0.002", "0.002", "1"]);
    expect(counts("1000 characters", { inputs: [{ text: "a".repeat(600) }, { text: "a".repeat(600) }] })).toEqual([
      "1.2",
      "1.2",
      "2",
    ]);
  });

  it("counts one of requests, trainings and videos, and the steps asked for", () => {
    for (const unit of ["requests", "trainings", "videos", "audios"]) expect(counts(unit, {})).toEqual(["1", "1", "1"]);
    expect(counts("steps", { steps: 400 })).toEqual(["400", "400", "400"]);
    expect(counts("steps", { number_of_steps: 10 })).toEqual(["10", "10", "10"]);
  });

  it("bounds tokens by the text and the longest answer", () => {
    const [low, expected, high] = counts("1000 tokens", { prompt: "a".repeat(400), max_tokens: 100 }).map(Number);
    expect(low!).toBeLessThan(expected!);
    expect(high).toBe(0.5);
  });
});
