/** How many estimates a second one process makes, over requests of every kind of rule. */
import { do_not_optimize, measure } from "mitata";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import type { Figure } from "./figure.ts";

const requests: readonly (readonly [endpointId: string, input: Record<string, unknown>])[] = [
  ["fal-ai/flux-pro/v1.1", { prompt: "a cat", image_size: "square_hd", num_images: 2 }],
  ["fal-ai/flux/dev", { prompt: "a cat", image_size: { width: 1440, height: 810 } }],
  ["fal-ai/flux/schnell", { prompt: "a cat" }],
  ["fal-ai/f5-tts", { gen_text: "Some words to be spoken aloud. ".repeat(10), model_type: "F5-TTS" }],
  ["fal-ai/veo3.1", { prompt: "a cat", duration: "8s", resolution: "1080p", generate_audio: true }],
  ["fal-ai/kling-video/v2.1/standard/image-to-video", { prompt: "a cat", image_url: "https://example.com/a.png" }],
  ["fal-ai/flux-lora-portrait-trainer", { images_data_url: "https://example.com/a.zip", steps: 2000 }],
  ["acme/unheard-of", { prompt: "a cat" }],
];

export async function estimates(): Promise<Figure[]> {
  const pricer = createPricer(resolvePrices());
  const at = Date.UTC(2026, 10, 23);
  const { avg } = await measure(() => {
    for (const [endpointId, input] of requests) do_not_optimize(pricer.estimate(endpointId, input, at));
  });
  const perSecond = (requests.length * 1e9) / avg;
  return [
    { name: "estimates, a mix of 8 requests", measured: perSecond, unit: "estimates/s", target: { atLeast: 300_000 } },
  ];
}
