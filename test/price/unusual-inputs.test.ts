import { describe, expect, it } from "vitest";
import type { Decimal } from "../../src/money.ts";
import { type KnownFile, type KnownFiles, noFiles } from "../../src/price/known-files.ts";
import { createPricer, type LivePrice } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";

/*
 * What a bill for an unusual but allowed input comes to, worked out by hand from what the endpoints' own types say and from the
 * published tiers: the most images, the largest sizes, the longest lengths, what is on without being asked for. A hold must cover it.
 */

const at = Date.UTC(2026, 10, 23);
const url = "https://example.com/a";
const urls = (count: number) => Array.from({ length: count }, () => url);
const text = (characters: number) => "a".repeat(characters);
const chinese = (characters: number) => "中".repeat(characters);

type Row = [endpointId: string, input: Record<string, unknown>, dollars: number, why: string];

/** By the bundled prices. */
const bundled: readonly Row[] = [
  // Images.
  [
    "fal-ai/flux/dev",
    { num_images: 4, image_size: { width: 1376, height: 768 } },
    0.025 * 2 * 4,
    "two megapixels each",
  ],
  ["fal-ai/flux/schnell", { image_size: { width: 4096, height: 4096 }, num_inference_steps: 12 }, 0.003 * 16, "16 MP"],
  ["fal-ai/flux/dev/image-to-image", { image_url: url, num_images: 4 }, 0.03 * 4 * 4, "2048 × 2048 each"],
  ["fal-ai/flux-lora/image-to-image", { image_url: url, image_size: { width: 3000, height: 3000 } }, 0.035 * 9, "9 MP"],
  ["fal-ai/flux-pro/v1.1-ultra", { num_images: 4, raw: true }, 0.06 * 4, "per image"],
  [
    "fal-ai/flux-pro/v1.1-ultra/redux",
    { image_url: url, num_images: 2 },
    0.05 * 5 * 2,
    "2752 × 1536 is five megapixels",
  ],
  ["fal-ai/luma-photon", { aspect_ratio: "21:9" }, 0.019 * 2, "two megapixels"],
  ["fal-ai/sana", { image_size: { width: 3840, height: 2160 } }, 0.001 * 8, "the default of the model"],
  ["fal-ai/stable-diffusion-v35-large", { num_images: 4, image_size: "square_hd" }, 0.065 * 4, "one megapixel each"],
  ["fal-ai/z-image/turbo", { enable_prompt_expansion: true, image_size: "square" }, 0.005 + 0.0025, "and a flat fee"],
  ["fal-ai/hidream-i1-full/image-to-image", { image_url: url, num_images: 4 }, 0.05 * 4 * 4, "2048 × 2048 each"],
  [
    "fal-ai/instant-character",
    { image_url: url, image_size: { width: 8192, height: 4096 }, scale: 1 },
    0.1 * 32,
    "scale is no size",
  ],
  ["fal-ai/chain-of-zoom", { image_url: url, scale: 8 }, 0.025 * 8, "an image of every step"],
  ["fal-ai/x-ailab/nsfw", { image_urls: urls(10) }, 0.001 * 10, "per image looked at"],
  ["fal-ai/got-ocr/v2", { input_image_urls: urls(7) }, 0.05 * 7, "per image read"],
  ["fal-ai/bytedance/seedream/v4/text-to-image", { num_images: 6, max_images: 6 }, 0.03 * 36, "up to 36 images"],
  ["fal-ai/bagel/edit", { image_url: url, use_thought: true }, 0.1 * 1.2, "thought costs 20 % more"],
  ["fal-ai/recraft-20b", { style: "vector_illustration/line_art" }, 0.0219 * 2, "vectors cost twice"],
  ["fal-ai/ideogram/v3", { rendering_speed: "QUALITY", num_images: 8 }, 0.09 * 8, "quality"],
  [
    "fal-ai/nano-banana-2",
    { resolution: "4K", num_images: 4, enable_web_search: true },
    0.16 * 4 + 0.015,
    "and a search",
  ],
  ["fal-ai/nano-banana", { limit_generations: false }, 0.0398 * 4, "a prompt may ask for four"],
  ["fal-ai/nano-banana-pro/edit", { image_urls: urls(14), resolution: "4K", num_images: 4 }, 0.3 * 4, "4K doubles"],
  ["fal-ai/imagen4/preview/ultra", { resolution: "2K", num_images: 4 }, 0.06 * 4, "listed price at least"],
  ["fal-ai/gpt-image-1.5", { quality: "high", image_size: "1536x1024", num_images: 4 }, 0.2 * 4, "larger than square"],
  [
    "fal-ai/gpt-image-1.5/edit",
    { quality: "high", image_urls: urls(8), num_images: 1 },
    0.2 + 8 * 0.06,
    "images are read",
  ],
  [
    "fal-ai/gpt-image-1-mini",
    { quality: "low", prompt: chinese(10_000) },
    0.005 + 20_000 * 0.000002,
    "two tokens a sign",
  ],
  ["fal-ai/flux-2-pro", { image_size: { width: 2048, height: 2048 } }, 0.03 + 3 * 0.015, "three further megapixels"],
  [
    "fal-ai/flux-2-pro/edit",
    { image_urls: urls(9), image_size: { width: 2048, height: 2048 } },
    0.03 + (3 + 9) * 0.015,
    "nine images read",
  ],
  ["fal-ai/flux-2-max/edit", { image_urls: urls(8), image_size: "square_hd" }, 0.07 + 8 * 0.03, "eight images read"],
  ["fal-ai/flux-2/klein/9b/edit", { image_urls: urls(4), num_images: 4 }, 0.011 * 8, "four read and four made"],
  ["fal-ai/clarity-upscaler", { image_url: url, upscale_factor: 4 }, 0.03 * 16 * 4, "4 MP in, 64 MP out"],
  ["fal-ai/topaz/upscale/image", { image_url: url, upscale_factor: 4 }, 0.025 * 16 * 4, "4 MP in"],
  [
    "fal-ai/seedvr/upscale/image",
    { image_url: url, upscale_mode: "target", target_resolution: "2160p" },
    0.001 * 9,
    "2160p",
  ],
  ["fal-ai/drct-super-resolution", { image_url: url }, 0.0045 * 16 * 4, "4 MP in, four times as wide by default"],
  ["fal-ai/omnigen-v1", { input_image_urls: urls(3), image_size: "square_hd" }, 0.1 * 4, "three images processed"],

  // Video by the second.
  ["fal-ai/veo3.1", { resolution: "4k" }, 0.6 * 8, "4k with sound by default"],
  ["fal-ai/veo3.1/fast/first-last-frame-to-video", { resolution: "4k" }, 0.35 * 8, "fast at 4k"],
  ["fal-ai/veo3.1/extend-video", { video_url: url }, 0.4 * 7, "seven more seconds with sound"],
  [
    "fal-ai/kling-video/v3/pro/text-to-video",
    { multi_prompt: [{ prompt: "a", duration: "9" }, { prompt: "b" }] },
    0.168 * 14,
    "shots of 9 and 5 s, whatever the default duration",
  ],
  [
    "fal-ai/kling-video/v3/standard/image-to-video",
    { start_image_url: url, duration: "15" },
    0.126 * 15,
    "with sound by default",
  ],
  ["fal-ai/sora-2/text-to-video/pro", { resolution: "true_1080p", duration: "20" }, 0.7 * 20, "true 1080p"],
  [
    "fal-ai/wan-25-preview/image-to-video",
    { image_url: url, duration: "10", audio_url: url },
    0.15 * 10,
    "1080p by default",
  ],
  ["fal-ai/wan/v2.7/reference-to-video", { duration: "10" }, 0.15 * 10, "1080p by default"],
  [
    "fal-ai/wan/v2.2-a14b/text-to-video",
    { num_frames: 161, num_interpolated_frames: 4 },
    0.08 * (161 / 16) * 2.5,
    "frames between, against one by default",
  ],
  ["fal-ai/wan-vace-14b/reframe", { video_url: url }, 0.08 * (241 / 16), "the frames of a longer video"],
  ["fal-ai/ltx-2.3/text-to-video", { resolution: "2160p", duration: "10", fps: "50" }, 0.32 * 10, "2160p"],
  [
    "fal-ai/ltxv-13b-098-distilled",
    { num_frames: 257, enable_detail_pass: true, resolution: "720p" },
    0.02 * (257 / 24) * 2,
    "a second pass doubles",
  ],
  ["fal-ai/magi", { num_frames: 192, resolution: "720p" }, 0.2 * 8, "four more units"],
  [
    "fal-ai/infinitalk/video-to-video",
    { video_url: url, audio_url: url, num_frames: 145, resolution: "720p" },
    0.3 * (145 / 25) * 1.25 * 2,
    "a quarter more above 81 frames, 720p double",
  ],
  ["fal-ai/framepack", { image_url: url, num_frames: 900, resolution: "720p" }, 0.0333 * 30 * 1.5, "30 s at 720p"],
  ["fal-ai/rife/video", { video_url: url }, 0.0013 * 600, "as long as the video, not as the frames between"],
  [
    "fal-ai/film/video",
    { video_url: url, num_frames: 4, use_calculated_fps: false, fps: 24 },
    0.0013 * 600 * 5,
    "slowed down",
  ],
  [
    "fal-ai/topaz/upscale/video",
    { video_url: url, upscale_factor: 4, target_fps: 60 },
    0.1 * 60,
    "a minute at the listed price",
  ],
  [
    "bria/video/increase-resolution",
    { video_url: url, desired_increase: "4" },
    0.14 * 60 * 4,
    "four times the pixels of the default",
  ],
  ["decart/lucy-edit/pro", { video_url: url }, 0.15 * 300, "five minutes of video"],
  ["fal-ai/sync-lipsync/v2", { video_url: url, audio_url: url }, 3 * 10, "ten minutes"],
  [
    "fal-ai/bytedance/omnihuman/v1.5",
    { image_url: url, audio_url: url, resolution: "1080p" },
    0.16 * 60,
    "a minute of audio",
  ],
  [
    "fal-ai/ffmpeg-api/compose",
    { tracks: [{ id: "a", type: "video", keyframes: [{ timestamp: 590_000, duration: 10_000, url }] }] },
    0.0002 * 600,
    "the last keyframe ends after ten minutes",
  ],
  ["fal-ai/moondream-next/batch", { images_data_url: url }, 0.0011 * 1_000, "a thousand images in an archive"],
  ["fal-ai/pixverse/v5/text-to-video", { duration: "8", resolution: "720p" }, 0.05 * 4 * 2, "8 s cost double"],
  [
    "fal-ai/pixverse/extend/fast",
    { video_url: url, generate_audio_switch: true, model: "v6" },
    0.1 * 4 * 2,
    "with sound",
  ],
  ["fal-ai/luma-dream-machine/ray-2", { resolution: "1080p", duration: "9s" }, 0.5 * 8, "four times and twice"],
  ["fal-ai/kandinsky5/text-to-video", { duration: "10s" }, 0.1 * 2, "twice the length"],
  [
    "fal-ai/pika/v2.2/image-to-video",
    { image_url: url, duration: "10", resolution: "1080p" },
    0.45 * 2,
    "twice the length",
  ],
  [
    "fal-ai/wan/v2.2-5b/text-to-video",
    { num_frames: 161, frames_per_second: 60 },
    0.15 * (161 / 81),
    "twice the frames, whatever their rate",
  ],
  ["fal-ai/wan-i2v-lora", { image_url: url, num_frames: 100, resolution: "720p" }, 0.75 * 1.25, "above 81 frames"],
  ["fal-ai/hunyuan-custom", { image_url: url, resolution: "720p" }, 0.8 * 1.5, "720p half as much again"],
  ["fal-ai/kling-video/lipsync/audio-to-video", { video_url: url, audio_url: url }, 0.14 * 12, "a minute"],

  // Video by the megapixel.
  ["fal-ai/ben/v2/video", { video_url: url }, 0.001 * 8.3 * 24 * 60, "a minute at 3840 × 2160"],
  [
    "fal-ai/seedvr/upscale/video",
    { video_url: url, upscale_factor: 4 },
    0.001 * 33 * 30 * 10,
    "ten seconds enlarged to 8K",
  ],
  [
    "fal-ai/ltx-2-19b/audio-to-video",
    { audio_url: url, num_frames: 121 },
    0.0018 * 0.786432 * 25 * 60,
    "as long as the audio by default",
  ],
  [
    "fal-ai/ltx-2-19b/audio-to-video",
    { audio_url: url, match_audio_length: false, num_frames: 121, video_size: { width: 500, height: 300 } },
    0.0018 * 0.16384 * 121,
    "sides of whole blocks",
  ],

  // Tokens of video.
  [
    "fal-ai/bytedance/seedance/v1/pro/text-to-video",
    { resolution: "1080p", duration: "12", aspect_ratio: "21:9" },
    (2.5 * 2176 * 928 * 24 * 12) / 1024e6,
    "2176 × 928",
  ],
  [
    "fal-ai/bytedance/seedance/v1/lite/text-to-video",
    { num_frames: 289, resolution: "720p" },
    (1.8 * 1280 * 720 * 289) / 1024e6,
    "frames instead of seconds",
  ],
  [
    "bytedance/seedance-2.0/text-to-video",
    { duration: "15" },
    (0.014 * 2 * 1280 * 720 * 24 * 15) / 1024e3,
    "sound is on and doubles",
  ],
  [
    "bytedance/seedance-2.0/text-to-video",
    {},
    (0.014 * 2 * 1280 * 720 * 24 * 15) / 1024e3,
    "up to 15 s where it decides",
  ],
  [
    "bytedance/seedance-2.0/reference-to-video",
    { duration: "4", video_urls: urls(3) },
    (0.014 * 2 * 1280 * 720 * 24 * 19) / 1024e3,
    "15 s of video are read",
  ],

  // Speech, music and text.
  ["fal-ai/elevenlabs/tts/eleven-v3", { text: text(10_000) }, 0.1 * 10, "ten thousands"],
  ["fal-ai/kokoro/american-english", { prompt: text(1_001) }, 0.02 * 2, "a thousand begun"],
  ["fal-ai/minimax/speech-02-hd", { text: chinese(2_000) }, 0.1 * 4, "a Chinese sign is billed as two"],
  [
    "fal-ai/elevenlabs/text-to-dialogue/eleven-v3",
    { inputs: [{ text: text(3_000) }, { text: text(2_001) }] },
    0.1 * 6,
    "all turns",
  ],
  ["fal-ai/minimax/voice-clone", { audio_url: url, text: text(1_000) }, 1 + 0.1, "a preview at the price of speech"],
  ["fal-ai/minimax/voice-design", { preview_text: text(500) }, 1 + 0.015, "$30 a million characters"],
  ["fal-ai/index-tts-2/text-to-speech", { audio_url: url, prompt: chinese(300) }, 0.002 * 75, "four signs a second"],
  [
    "fal-ai/index-tts-2/text-to-speech",
    { audio_url: url, prompt: "1234567890" },
    0.002 * 5,
    "ten digits are ten words",
  ],
  ["fal-ai/vibevoice", { script: text(10_000) }, 0.04 * 15, "fifteen minutes at eleven characters a second"],
  ["argil/avatars/text-to-video", { text: "Hi." }, 0.0225 * 2, "silence before and after"],
  ["fal-ai/elevenlabs/music", { prompt: "a march" }, 0.8 * 10, "ten minutes where it decides"],
  [
    "fal-ai/elevenlabs/music",
    { composition_plan: { sections: Array(5).fill({ duration_ms: 120_000 }) } },
    0.8 * 10,
    "the sections of its plan",
  ],
  ["fal-ai/yue", { lyrics: text(900) }, 0.05 * 180, "a song of three minutes"],
  [
    "fal-ai/ace-step/audio-outpaint",
    { audio_url: url, extend_after_duration: 240, extend_before_duration: 30 },
    0.0002 * (600 + 270),
    "ten minutes and what is added",
  ],
  ["fal-ai/diffrhythm", { lyrics: "la", music_duration: "285s" }, 0.01 * 29, "29 tens begun"],
  [
    "fal-ai/elevenlabs/speech-to-text/scribe-v2",
    { audio_url: url, keyterms: ["fal"] },
    0.008 * 120 * 1.3,
    "two hours with key terms",
  ],
  ["fal-ai/elevenlabs/dubbing", { video_url: url }, 0.9 * 10, "ten minutes"],
  ["mirelo-ai/sfx-v1.5/video-to-audio", { video_url: url, num_samples: 8, duration: 10 }, 0.01 * 80, "eight takes"],

  // Training.
  ["fal-ai/flux-lora-fast-training", { images_data_url: url, steps: 5_000 }, 0.002 * 5_000, "all steps"],
  ["fal-ai/hunyuan-video-lora-training", { images_data_url: url, steps: 1 }, 0.005 * 100, "a hundred at least"],
  [
    "fal-ai/ltx-video-trainer",
    { number_of_steps: 3_000, resolution: "high" },
    0.002 * 3_000,
    "at the listed price at least",
  ],
];

/** By a price that fal's API might name: for what the bundled list lacks and the types speak of. */
const live: readonly [unit: string, unitPrice: string, ...Row][] = [
  [
    "seconds",
    "0.01",
    "fal-ai/bytedance-upscaler/upscale/video",
    { video_url: url, enhancement_tier: "pro" },
    0.01 * 60 * 10,
    "ten times the cost",
  ],
  [
    "seconds",
    "0.1",
    "fal-ai/longcat-single-avatar/audio-to-video",
    { audio_url: url, resolution: "720p", num_segments: 3 },
    0.1 * 4 * ((93 + 160) / 16),
    "four units a second",
  ],
  ["requests", "0.16", "fal-ai/hunyuan3d-v21", { input_image_url: url, textured_mesh: true }, 0.16 * 3, "three times"],
  ["requests", "0.4", "fal-ai/hyper3d/rodin", { addons: "HighPack" }, 0.4 * 3, "triple"],
  ["requests", "0.075", "sonauto/v2/text-to-music", { num_songs: 2 }, 0.075 * 1.5, "two songs cost 1.5 times"],
  [
    "seconds",
    "0.001",
    "fal-ai/personaplex",
    { audio_url: url, voice_audio_url: url },
    0.001 * 600 * 2,
    "at twice the rate",
  ],
  ["megapixels", "0.012", "fal-ai/flux-2/edit", { image_urls: urls(4) }, 0.012 * 5, "four images read"],
  [
    "megapixels",
    "0.07",
    "fal-ai/flux-2-max",
    { image_size: { width: 2048, height: 2048 } },
    0.07 + 3 * 0.03,
    "three further megapixels",
  ],
  [
    "megapixels",
    "0.001",
    "fal-ai/ltx-2-19b/video-to-video",
    { video_url: url },
    0.001 * 0.78 * 25 * 60,
    "as long as the video by default",
  ],
  [
    "images",
    "0.05",
    "fal-ai/qwen-image-layered",
    { image_url: url, num_layers: 10 },
    0.05 * 10,
    "an image of each layer",
  ],
  ["seconds", "0.1", "fal-ai/ffmpeg-api/merge-videos", { video_urls: urls(3) }, 0.1 * 1_800, "one after the other"],
  [
    "1m tokens",
    "2.5",
    "openrouter/router/vision",
    { prompt: "what?", image_urls: urls(4), system_prompt: chinese(9_000), max_tokens: 1_000 },
    2.5e-6 * (4 * 1_600 + 12_000 + 1_000),
    "all that is read",
  ],
  [
    "seconds",
    "0.14",
    "fal-ai/kling-video/o3/pro/text-to-video",
    { multi_prompt: [{ prompt: "a", duration: "15" }] },
    0.14 * 15,
    "the shot is longer",
  ],
  ["seconds", "0.2", "fal-ai/veo3.1/some-new-way", { duration: "8s" }, 0.2 * 8, "sound may be on by itself"],
  ["seconds", "0.1", "wan/v2.6/reference-to-video/flash", { duration: "10" }, 0.1 * 10, "with sound by default"],
  [
    "input seconds",
    "0.1",
    "mirelo-ai/sfx-v1.5/video-to-video",
    { video_url: url, duration: 1 },
    0.1 * 60,
    "what is put in, not what is made",
  ],
  ["1000 characters", "0.1", "fal-ai/maya/batch", { texts: [text(900), text(900)] }, 0.1 * 2, "all texts"],
  [
    "seconds",
    "0.01",
    "fal-ai/lux-tts",
    { audio_url: url, prompt: text(200), speed: 0.5 },
    0.01 * 26,
    "spoken half as fast",
  ],
];

/** With files that were looked into: nothing of an assumed length hides what is left out. */
const known: readonly [unit: string, unitPrice: string, file: KnownFile, ...Row][] = [
  [
    "seconds",
    "0.01",
    { kind: "video", seconds: 60 },
    "fal-ai/bytedance-upscaler/upscale/video",
    { video_url: url, enhancement_tier: "pro" },
    0.01 * 60 * 10,
    "ten times the cost",
  ],
  [
    "seconds",
    "0.14",
    { kind: "video", seconds: 60 },
    "bria/video/increase-resolution",
    { video_url: url, desired_increase: "4" },
    0.14 * 60 * 4,
    "four times the pixels of the default",
  ],
  [
    "megapixels",
    "0.001",
    { kind: "video", seconds: 10 },
    "fal-ai/ben/v2/video",
    { video_url: url },
    0.001 * 8.3 * 24 * 10,
    "3840 × 2160 at 24 frames a second",
  ],
  [
    "seconds",
    "0.1",
    { kind: "video", seconds: 5.3 },
    "decart/lucy-edit/pro",
    { video_url: url },
    0.1 * 5.34,
    "sound that is a frame longer than the film",
  ],
  [
    "seconds",
    "0.1",
    { kind: "video", seconds: 9 },
    "fal-ai/wan/v2.7/edit-video",
    { video_url: url },
    0.1 * 9,
    "its duration of 0 is that of the video",
  ],
  [
    "minutes",
    "0.008",
    { kind: "video", seconds: 61 },
    "fal-ai/elevenlabs/dubbing",
    { video_url: url },
    0.008 * 2,
    "a minute begun",
  ],
];

function highOf(
  endpointId: string,
  input: Record<string, unknown>,
  prices: readonly LivePrice[] = [],
  files: KnownFiles = noFiles,
) {
  const pricer = createPricer(resolvePrices());
  pricer.setLive(prices);
  return pricer.estimate(endpointId, input, at, files).high;
}

function covers(high: Decimal | null, dollars: number): boolean {
  // A bill worked out in doubles is good to a few digits less than one in decimals.
  return high?.plus("1e-9").gte(dollars) ?? false;
}

const named = ([endpointId, input, dollars, why]: Row) => ({ endpointId, input, dollars, why });

describe("a hold covers what an unusual input is billed", () => {
  it.each(bundled.map(named))("$endpointId: $why", ({ endpointId, input, dollars }) => {
    expect(covers(highOf(endpointId, input), dollars)).toBe(true);
  });

  it.each(live.map(([unit, unitPrice, ...row]) => ({ unit, unitPrice, ...named(row) })))(
    "$endpointId in $unit: $why",
    ({ unit, unitPrice, endpointId, input, dollars }) => {
      expect(covers(highOf(endpointId, input, [{ endpointId, unit, unitPrice, asOf: "2026-11-20" }]), dollars)).toBe(
        true,
      );
    },
  );

  it.each(known.map(([unit, unitPrice, file, ...row]) => ({ unit, unitPrice, file, ...named(row) })))(
    "$endpointId with a file of $file.seconds s: $why",
    ({ unit, unitPrice, file, endpointId, input, dollars }) => {
      const prices = [{ endpointId, unit, unitPrice, asOf: "2026-11-20" }];
      expect(covers(highOf(endpointId, input, prices, new Map([["video_url", file]])), dollars)).toBe(true);
    },
  );

  it("is worked out for more than sixty endpoints", () => {
    expect(new Set([...bundled.map(([id]) => id), ...live.map(([, , id]) => id)]).size).toBeGreaterThan(60);
  });
});
