import { describe, expect, it } from "vitest";
import { inputShape, typedEndpoints } from "../../src/price/input-shape.ts";
import type { KnownFile } from "../../src/price/known-files.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";

const pricer = createPricer(resolvePrices());
const at = Date.UTC(2026, 10, 23);
const url = "https://example.com/file";
const seconds = (length: number, kind: "audio" | "video" = "audio"): KnownFile => ({ kind, seconds: length });
const pixels = (width: number, height: number): KnownFile => ({ kind: "image", width, height });

function priced(endpointId: string, input: Record<string, unknown>, files: Record<string, KnownFile> = {}) {
  const { low, expected, high, source, confidence } = pricer.estimate(
    endpointId,
    input,
    at,
    new Map(Object.entries(files)),
  );
  return { amounts: [low, expected, high].map((amount) => amount?.toFixed()), source, confidence };
}

describe("a recording whose length is known", () => {
  it.each([
    ["fal-ai/elevenlabs/speech-to-text", "0.3", 600],
    ["fal-ai/elevenlabs/speech-to-text", "0.03", 1],
    ["fal-ai/elevenlabs/speech-to-text", "0.06", 60.5],
    ["fal-ai/speech-to-text", "0.48", 600],
    ["fal-ai/audio-understanding", "1.2", 600],
  ])("is what %s costs: $%s for %d seconds", (endpointId, amount, length) => {
    const { amounts, source, confidence } = priced(endpointId, { audio_url: url }, { audio_url: seconds(length) });
    expect(amounts).toEqual([amount, amount, amount]);
    expect(source).toContain("the file's own length");
    expect(source).not.toContain("taken as");
    expect(confidence).toBe("exact");
  });

  it("is what a film made from it costs, however much less was assumed", () => {
    const short = createPricer(resolvePrices({ inputs: { videoSeconds: 5 } }));
    const files = new Map([["audio_url", seconds(90)]]);
    const input = { audio_url: url, image_url: url };
    const { low, high } = short.estimate("fal-ai/bytedance/omnihuman", input, at, files);
    expect([low!.toFixed(), high!.toFixed()]).toEqual(["12.6", "12.6"]);
  });

  it("leaves the rounding of a started minute open where nobody says how it is rounded", () => {
    const { amounts, confidence } = priced("fal-ai/dubbing", { video_url: url }, { video_url: seconds(90, "video") });
    expect([amounts, confidence]).toEqual([["1.5", "1.5", "2"], "bracketed"]);
  });

  it("counts from the shortest to the longest where several files may decide", () => {
    const files = { audio_url: seconds(60), video_url: seconds(120, "video") };
    const input = { audio_url: url, video_url: url };
    const { amounts, source } = priced("fal-ai/sync-lipsync/v2", input, files);
    expect(amounts).toEqual(["3", "6", "6"]);
    expect(source).toContain("which of its files");
    expect(priced("fal-ai/sync-lipsync/v2", input, { ...files, audio_url: seconds(120) }).amounts).toEqual([
      "6",
      "6",
      "6",
    ]);
  });

  it("does not count where it is only a voice to sound like", () => {
    const input = { source_audio_url: url, target_voice_audio_url: url };
    const { amounts } = priced("fal-ai/chatterbox/speech-to-speech", input, { source_audio_url: seconds(60) });
    expect(amounts).toEqual(["0.015", "0.015", "0.015"]);
  });
});

describe("a file of which nothing is known", () => {
  it.each<[string, Record<string, unknown>, Record<string, KnownFile>]>([
    ["fal-ai/elevenlabs/speech-to-text", { audio_url: url }, {}],
    ["fal-ai/elevenlabs/speech-to-text", { audio_url: url }, { image_url: pixels(10, 10) }],
    ["fal-ai/elevenlabs/speech-to-text", { audio_url: url }, { audio_url: pixels(10, 10) }],
    ["fal-ai/sync-lipsync", { audio_url: url, video_url: url }, { audio_url: seconds(10) }],
    ["fal-ai/ace-step/audio-outpaint", { audio_url: url }, { audio_url: seconds(10) }],
    ["fal-ai/clarity-upscaler", { image_url: url }, {}],
    ["fal-ai/flux-2-max/edit", { image_urls: [url, url] }, { "image_urls[0]": pixels(10, 10) }],
  ])("leaves %s in the stated range: %j", (endpointId, input, files) => {
    const stated = priced(endpointId, input);
    expect(priced(endpointId, input, files)).toEqual(stated);
    expect(stated.source).toContain("taken as up to");
  });
});

describe("an image whose size is known", () => {
  it("is upscaled to so many megapixels", () => {
    const input = { image_url: url, upscale_factor: 2 };
    const { amounts, source } = priced("fal-ai/clarity-upscaler", input, { image_url: pixels(1024, 1024) });
    expect(amounts).toEqual(["0.12", "0.12", "0.12"]);
    expect(source).toContain("the image's own size");
  });

  it("may be larger than was assumed", () => {
    const input = { image_url: url, upscale_factor: 2 };
    const { amounts } = priced("fal-ai/clarity-upscaler", input, { image_url: pixels(8192, 8192) });
    expect(amounts).toEqual(["7.68", "7.68", "7.68"]);
  });

  it("counts among the megapixels that an edit looks at, at least one and at most four", () => {
    const edit = (...sizes: KnownFile[]) =>
      priced(
        "fal-ai/flux-2-flex/edit",
        { prompt: "a cat", image_urls: sizes.map(() => url), image_size: "square_hd" },
        Object.fromEntries(sizes.map((size, index) => [`image_urls[${index}]`, size])),
      ).amounts;
    expect(edit(pixels(1024, 1024))).toEqual(["0.1", "0.1", "0.1"]);
    expect(edit(pixels(1024, 1024), pixels(8192, 8192))).toEqual(["0.3", "0.3", "0.3"]);
    expect(edit(pixels(512, 512))).toEqual(["0.0625", "0.1", "0.1"]);
  });
});

it("estimates stay in order for every endpoint, whatever is known of its files", () => {
  let asked = 0;
  for (const endpointId of typedEndpoints()) {
    const input: Record<string, unknown> = {};
    for (const { name } of Object.values(inputShape(endpointId).parameters))
      if (/_url$/.test(name)) input[name] = url;
      else if (/_urls$/.test(name)) input[name] = [url, url];
    for (const known of [seconds(0.5), seconds(7_000, "video"), pixels(1, 1), pixels(9_000, 9_000)]) {
      const files = new Map<string, KnownFile>();
      for (const [name, value] of Object.entries(input)) {
        if (Array.isArray(value)) for (const index of value.keys()) files.set(`${name}[${index}]`, known);
        else files.set(name, known);
      }
      const { low, expected, high } = pricer.estimate(endpointId, input, at, files);
      if (low === null || expected === null || high === null) continue;
      asked += 1;
      if (!(low.lte(expected) && expected.lte(high) && high.gt(0) && high.isFinite()))
        expect.fail(`${endpointId} ${JSON.stringify({ low, expected, high, known })}`);
    }
  }
  expect(asked).toBeGreaterThan(2_000);
});

describe("the shape that bills are kept under", () => {
  it("holds how long a recording is, by a bucket, where that is known", () => {
    const shape = (length: number) =>
      pricer.shapeOf("fal-ai/whisper", { audio_url: url }, new Map([["audio_url", seconds(length)]]));
    expect(shape(61)).toContain("seconds<=120");
    expect(shape(61)).toBe(shape(119));
    expect(shape(61)).not.toBe(shape(59));
    expect(shape(50_000)).toContain("seconds<=more");
    expect(pricer.shapeOf("fal-ai/whisper", { audio_url: url })).not.toContain("seconds<=");
  });
});
