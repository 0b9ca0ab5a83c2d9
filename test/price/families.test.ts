import { describe, expect, it } from "vitest";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";

const pricer = createPricer(resolvePrices(undefined, undefined));
const at = Date.UTC(2026, 10, 23);

function bounds(endpointId: string, input: Record<string, unknown>): [low: string, high: string] {
  const { low, high } = pricer.estimate(endpointId, input, at);
  return [low!.toFixed(), high!.toFixed()];
}

describe("published tiers give one amount", () => {
  it.each([
    ["fal-ai/veo3.1", {}, "3.2"],
    ["fal-ai/veo3.1", { duration: "8s", generate_audio: false }, "1.6"],
    ["fal-ai/veo3.1", { duration: "4s", resolution: "4k" }, "2.4"],
    ["fal-ai/veo3.1", { duration: "6s", resolution: "4k", generate_audio: false }, "2.4"],
    ["fal-ai/veo3", { generate_audio: false }, "1.6"],
    ["fal-ai/kling-video/v3/pro/text-to-video", { duration: "10" }, "1.68"],
    ["fal-ai/kling-video/v3/pro/text-to-video", { generate_audio: false }, "0.56"],
    ["fal-ai/kling-video/v3/standard/text-to-video", {}, "0.63"],
    ["fal-ai/kling-video/v3/standard/text-to-video", { generate_audio: false }, "0.42"],
    ["fal-ai/kling-video/v1.6/pro/text-to-video", { duration: "10" }, "0.95"],
    ["fal-ai/wan/v2.7/text-to-video", {}, "0.75"],
    ["fal-ai/wan/v2.7/text-to-video", { resolution: "720p" }, "0.5"],
    ["fal-ai/wan-25-preview/text-to-video", { resolution: "480p" }, "0.25"],
    ["fal-ai/wan-25-preview/text-to-video", {}, "0.75"],
    ["fal-ai/wan/v2.2-a14b/text-to-video", { num_frames: 81, resolution: "480p" }, "0.2025"],
    ["fal-ai/wan-i2v", {}, "0.4"],
    ["fal-ai/wan-i2v", { num_frames: 100, resolution: "480p" }, "0.25"],
    ["fal-ai/ltx-2.3/text-to-video", {}, "0.48"],
    ["fal-ai/ltx-2.3/text-to-video", { resolution: "2160p", duration: "10" }, "3.2"],
    ["fal-ai/nano-banana-2", { resolution: "0.5K" }, "0.06"],
    ["fal-ai/nano-banana-2", { resolution: "2K", num_images: 2 }, "0.24"],
    ["fal-ai/nano-banana-2", { resolution: "4K" }, "0.16"],
    ["fal-ai/nano-banana-pro", { resolution: "4K" }, "0.3"],
    ["fal-ai/nano-banana-pro/edit", { image_urls: ["https://example.com/a"] }, "0.15"],
    ["fal-ai/flux-2-pro", { image_size: "square_hd" }, "0.03"],
    ["fal-ai/flux-2-pro", { image_size: { width: 2048, height: 2048 } }, "0.075"],
    ["fal-ai/luma-dream-machine/ray-2", { duration: "9s", resolution: "1080p" }, "4"],
    ["fal-ai/vidu/q2/image-to-video/pro", { duration: "4", resolution: "720p" }, "0.3"],
    ["fal-ai/vidu/q2/image-to-video/pro", { duration: "5", resolution: "1080p" }, "0.8"],
    ["fal-ai/pika/v2.2/text-to-video", { resolution: "1080p" }, "0.45"],
    ["fal-ai/ideogram/v3", {}, "0.06"],
    ["fal-ai/ideogram/v3", { rendering_speed: "QUALITY", num_images: 2 }, "0.18"],
    ["fal-ai/sora-2/text-to-video/pro", { resolution: "720p" }, "1.2"],
    ["fal-ai/recraft-20b", { style: "vector_illustration" }, "0.0438"],
    ["fal-ai/bagel", { use_thought: true }, "0.12"],
  ])("%s with %j", (endpointId, input, amount) => {
    expect(bounds(endpointId, input)).toEqual([amount, amount]);
    expect(pricer.estimate(endpointId, input, at).confidence).toBe("exact");
  });
});

describe("what is not published is covered", () => {
  it("covers GPT Image by quality and size, rounded up to a cent", () => {
    const square = pricer.estimate("fal-ai/gpt-image-1.5", { quality: "high", image_size: "1024x1024" }, at);
    expect([square.expected!.toFixed(), square.high!.toFixed()]).toEqual(["0.133", "0.15"]);
    const [low, high] = bounds("fal-ai/gpt-image-1-mini", { quality: "low" });
    expect([low, high]).toEqual(["0.005", "0.02"]);
  });

  it("counts Seedance tokens by height × width × 24 ÷ 1024", () => {
    const { low, expected, high } = pricer.estimate(
      "fal-ai/bytedance/seedance/v1.5/pro/text-to-video",
      { resolution: "720p", duration: "5" },
      at,
    );
    expect(expected!.toFixed(4)).toBe("0.2592");
    expect(low!.lt("0.2592") && high!.gt("0.2592")).toBe(true);
    const silent = pricer.estimate("fal-ai/bytedance/seedance/v1.5/pro/text-to-video", { generate_audio: false }, at);
    expect(silent.expected!.toFixed(4)).toBe("0.1296");
  });

  it("lets trainers bill a hundred steps at least", () => {
    expect(bounds("fal-ai/flux-kontext-trainer", { steps: 10 })).toEqual(["0.025", "0.25"]);
    expect(bounds("fal-ai/flux-kontext-trainer", {})).toEqual(["2.5", "2.5"]);
  });

  it("rounds speech to text up to minutes and adds what keyterms cost", () => {
    const input = { audio_url: "https://example.com/a.mp3" };
    expect(pricer.estimate("fal-ai/elevenlabs/speech-to-text/scribe-v2", input, at).expected!.toFixed()).toBe("0.008");
    const keyed = pricer.estimate("fal-ai/elevenlabs/speech-to-text/scribe-v2", { ...input, keyterms: ["fal"] }, at);
    expect(keyed.expected!.toFixed()).toBe("0.0104");
  });

  it("lets a listed price stand for any resolution where no tiers are published", () => {
    const { low, expected, high, confidence } = pricer.estimate("fal-ai/imagen4/preview", { resolution: "2K" }, at);
    expect([low!.toFixed(), expected!.toFixed(), high!.toFixed(), confidence]).toEqual([
      "0.04",
      "0.16",
      "0.16",
      "doubtful",
    ]);
  });

  it("lets sound double a price where none is published with and without", () => {
    expect(bounds("fal-ai/veo3.1/lite", { resolution: "720p" })).toEqual(["0.4", "0.8"]);
  });

  it("says when defaults are taken from another endpoint", () => {
    const estimate = pricer.estimate("fal-ai/kling-video/v2.1/pro/image-to-video", {}, at);
    expect(estimate).toMatchObject({
      confidence: "doubtful",
      source: expect.stringContaining("v2.1/standard/image-to-video"),
    });
    expect(estimate.expected!.toFixed()).toBe("0.45");
  });
});
