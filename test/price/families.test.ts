import { describe, expect, it } from "vitest";
import { decimal } from "../../src/money.ts";
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
    ["fal-ai/veo3.1", { duration: "8s", resolution: "1080p" }, "3.2"],
    ["fal-ai/veo3.1", { duration: "8s", resolution: "1080p", generate_audio: false }, "1.6"],
    ["fal-ai/veo3.1/image-to-video", { duration: "4s" }, "1.6"],
    ["fal-ai/veo3", { generate_audio: false }, "1.6"],
    ["fal-ai/kling-video/v3/pro/text-to-video", { duration: "10" }, "1.68"],
    ["fal-ai/kling-video/v3/pro/text-to-video", { generate_audio: false }, "0.56"],
    ["fal-ai/kling-video/v3/standard/text-to-video", {}, "0.63"],
    ["fal-ai/kling-video/v3/standard/text-to-video", { generate_audio: false }, "0.42"],
    ["fal-ai/kling-video/v3/pro/text-to-video", {}, "0.84"],
    ["fal-ai/kling-video/v3/standard/image-to-video", { duration: "15" }, "1.89"],
    ["fal-ai/kling-video/v3/pro/text-to-video", { duration: "15", multi_prompt: [{ duration: "10" }, {}] }, "2.52"],
    ["fal-ai/kling-video/v1.6/pro/text-to-video", { duration: "10" }, "0.95"],
    ["fal-ai/wan/v2.7/text-to-video", {}, "0.75"],
    ["fal-ai/wan/v2.7/text-to-video", { resolution: "720p" }, "0.5"],
    ["fal-ai/wan-25-preview/text-to-video", { resolution: "480p" }, "0.25"],
    ["fal-ai/wan-25-preview/text-to-video", { resolution: "720p" }, "0.5"],
    ["fal-ai/wan-25-preview/text-to-video", {}, "0.75"],
    ["fal-ai/wan-25-preview/image-to-video", { resolution: "480p", duration: "10" }, "0.5"],
    ["fal-ai/wan/v2.2-a14b/text-to-video", { num_frames: 81, resolution: "480p" }, "0.2025"],
    ["fal-ai/wan-i2v", {}, "0.4"],
    ["fal-ai/wan-i2v", { num_frames: 100, resolution: "480p" }, "0.25"],
    ["fal-ai/ltx-2.3/text-to-video", {}, "0.48"],
    ["fal-ai/ltx-2.3/text-to-video", { resolution: "1440p", duration: "8" }, "1.28"],
    ["fal-ai/ltx-2.3/image-to-video", { resolution: "1080p", duration: "10" }, "0.8"],
    ["fal-ai/ltx-2.3/text-to-video", { resolution: "2160p", duration: "10" }, "3.2"],
    ["fal-ai/nano-banana-2", { resolution: "0.5K" }, "0.06"],
    ["fal-ai/nano-banana-2", {}, "0.08"],
    ["fal-ai/nano-banana-2", { resolution: "1K", num_images: 4 }, "0.32"],
    ["fal-ai/nano-banana-2/edit", { resolution: "0.5K", image_urls: ["https://example.com/a"] }, "0.06"],
    ["fal-ai/nano-banana-2", { resolution: "2K", num_images: 2 }, "0.24"],
    ["fal-ai/nano-banana-2", { resolution: "4K" }, "0.16"],
    ["fal-ai/nano-banana-pro", { resolution: "4K" }, "0.3"],
    ["fal-ai/nano-banana-pro", { resolution: "2K" }, "0.15"],
    ["fal-ai/nano-banana-pro", { resolution: "4K", num_images: 4, aspect_ratio: "16:9" }, "1.2"],
    ["fal-ai/nano-banana-pro/edit", { image_urls: ["https://example.com/a"] }, "0.15"],
    ["fal-ai/flux-2-pro", { image_size: "square_hd" }, "0.03"],
    ["fal-ai/flux-2-pro", { image_size: { width: 2048, height: 1024 } }, "0.045"],
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
    ["fal-ai/elevenlabs/music", { music_length_ms: 60_000 }, "0.8"],
    [
      "fal-ai/elevenlabs/music",
      { composition_plan: { sections: [{ duration_ms: 90_000 }, { duration_ms: 30_000 }] } },
      "1.6",
    ],
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

  it.each([
    ["low", "0.009", "0.02"],
    ["medium", "0.034", "0.05"],
    ["high", "0.133", "0.15"],
  ])("takes a GPT Image 1.5 of %s quality at 1024 × 1024 for $%s and holds $%s", (quality, dollars, held) => {
    const input = { quality, image_size: "1024x1024" };
    const { low, expected, high } = pricer.estimate("fal-ai/gpt-image-1.5", input, at);
    expect([low!.toFixed(), expected!.toFixed(), high!.toFixed()]).toEqual([dollars, dollars, held]);
    expect(pricer.estimate("fal-ai/gpt-image-1.5", { ...input, num_images: 3 }, at).low!.toFixed()).toBe(
      decimal(dollars).mul(3).toFixed(),
    );
  });

  it("counts the images given to FLUX.2 pro as further megapixels, of one to four each", () => {
    const image_urls = ["https://example.com/a", "https://example.com/b"];
    const asked = { image_urls, image_size: "square_hd" };
    const unseen = pricer.estimate("fal-ai/flux-2-pro/edit", asked, at);
    expect([unseen.expected!.toFixed(), unseen.high!.toFixed()]).toEqual(["0.06", "0.15"]);
    const seen = new Map([
      ["image_urls[0]", { kind: "image", width: 1024, height: 1024 }],
      ["image_urls[1]", { kind: "image", width: 1024, height: 1024 }],
    ] as const);
    const { low, expected, high } = pricer.estimate("fal-ai/flux-2-pro/edit", asked, at, seen);
    expect([low!.toFixed(), expected!.toFixed(), high!.toFixed()]).toEqual(["0.06", "0.06", "0.06"]);
  });

  it("takes three sevenths of the price of FLUX.2 max for a further megapixel", () => {
    const { low, high } = pricer.estimate("fal-ai/flux-2-max", { image_size: { width: 2048, height: 2048 } }, at);
    expect([low!.toFixed(9), high!.toFixed(9)]).toEqual(["0.160000000", "0.160000000"]);
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

  it.each([
    ["fal-ai/bytedance/seedance/v1/pro/text-to-video", { resolution: "1080p", duration: "5" }, "0.6075"],
    ["fal-ai/bytedance/seedance/v1/pro/text-to-video", { resolution: "480p", duration: "10" }, "0.2400"],
    ["fal-ai/bytedance/seedance/v1/lite/text-to-video", { resolution: "720p", num_frames: 121 }, "0.1960"],
    ["bytedance/seedance-2.0/text-to-video", { resolution: "720p", duration: "5" }, "1.5120"],
    ["bytedance/seedance-2.0/text-to-video", { resolution: "480p", duration: "10" }, "1.3440"],
  ])("expects of %s with %j $%s, its tokens by the million or the thousand", (endpointId, input, dollars) => {
    const { low, expected, high } = pricer.estimate(endpointId, input, at);
    expect(expected!.toFixed(4)).toBe(dollars);
    expect(low!.lt(expected!) && high!.gt(expected!)).toBe(true);
  });

  it("holds twice the price of Seedance 2 for sound, which is on unless it is switched off", () => {
    const high = (input: Record<string, unknown>) =>
      pricer.estimate("bytedance/seedance-2.0/text-to-video", { duration: "5", ...input }, at).high!;
    expect(high({}).eq(high({ generate_audio: true }))).toBe(true);
    expect(high({ generate_audio: false }).mul(2).eq(high({}))).toBe(true);
  });

  it("lets trainers bill a hundred steps at least", () => {
    expect(bounds("fal-ai/flux-kontext-trainer", { steps: 10 })).toEqual(["0.025", "0.25"]);
    expect(bounds("fal-ai/flux-kontext-trainer", {})).toEqual(["2.5", "2.5"]);
  });

  it.each([
    [1, "0.008"],
    [60, "0.008"],
    [60.01, "0.016"],
    [120, "0.016"],
    [121, "0.024"],
  ])("bills every minute begun of %d s written down: $%s", (seconds, dollars) => {
    const files = new Map([["audio_url", { kind: "audio", seconds }]] as const);
    const asked = { audio_url: "https://example.com/a.mp3" };
    const { low, expected, high } = pricer.estimate("fal-ai/elevenlabs/speech-to-text/scribe-v2", asked, at, files);
    expect([low!.toFixed(), expected!.toFixed(), high!.toFixed()]).toEqual([dollars, dollars, dollars]);
  });

  it.each([
    [1, "0.0001", "0.1"],
    [999, "0.0999", "0.1"],
    [1_000, "0.1", "0.1"],
    [1_001, "0.1001", "0.2"],
    [10_000, "1", "1"],
  ])(
    "lets %d characters of speech cost their fraction of a thousand, $%s, or the thousands begun, $%s",
    (length, low, high) => {
      expect(bounds("fal-ai/elevenlabs/tts/multilingual-v2", { text: "a".repeat(length) })).toEqual([low, high]);
    },
  );

  it("counts a Chinese character as two where it may be billed as two", () => {
    expect(bounds("fal-ai/minimax/speech-02-hd", { text: "中".repeat(600) })).toEqual(["0.06", "0.2"]);
  });

  it("takes sound to be on or off where nobody states what an endpoint does by itself", () => {
    expect(bounds("fal-ai/veo3.1/some-new-way", { duration: "8s", resolution: "720p" })).toEqual(["1.6", "3.2"]);
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
