import type { Fault } from "../../emulator/emulator.ts";
import type { Manner, Scene } from "./scene.ts";

/** Calls that are made at the same time. */
export interface Act {
  title: string;
  scenes: readonly Scene[];
  /** What goes wrong in it. */
  faults?: readonly Fault[];
}

const CUSTOMERS = ["acme", "globex", "initech"] as const;

function scenes(
  count: number,
  manner: Manner,
  endpointId: string,
  inputOf: (index: number) => Scene["input"],
): Scene[] {
  return Array.from({ length: count }, (_, index) => ({
    manner,
    endpointId,
    input: inputOf(index),
    customer: CUSTOMERS[index % CUSTOMERS.length] ?? CUSTOMERS[0],
  }));
}

const SUBJECTS = [
  "a lighthouse at dawn",
  "a paper boat",
  "a red bicycle",
  "a fox in the snow",
  "an old observatory",
  "a bowl of lemons",
];
const subject = (index: number) => SUBJECTS[index % SUBJECTS.length];

/** A picture of one pixel, to be uploaded as a reference. */
const REFERENCE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

function reference(): Blob {
  return new Blob([Buffer.from(REFERENCE, "base64")], { type: "image/png" });
}

const SPEECH = "The meter was read before the tap was opened, and so nobody was surprised by the bill.";

/** A film of five seconds, a quarter of the day's money. */
const FILM = { prompt: "waves under the lighthouse", duration: "5", resolution: "480p", seed: 7 };

/**
 * Some forty calls, priced so that all but the last act fits under one dollar a day. The calls that are held at the same
 * time fit too, whichever comes first, so that every run of the demo tells the same story.
 */
export const EMULATED: readonly Act[] = [
  {
    title: "Pictures, in every way the client can ask",
    scenes: [
      ...scenes(6, "run", "fal-ai/flux/schnell", (index) => ({
        prompt: subject(index),
        image_size: "square",
        seed: index,
      })),
      ...scenes(4, "subscribe", "fal-ai/flux/schnell", (index) => ({
        prompt: subject(index),
        image_size: "square_hd",
        seed: index,
      })),
      ...scenes(2, "subscribe, streamed", "fal-ai/flux/dev", (index) => ({
        prompt: subject(index),
        image_size: "landscape_16_9",
        seed: index,
      })),
      ...scenes(2, "stream", "fal-ai/flux/dev", (index) => ({ prompt: subject(index), image_size: "square" })),
      ...scenes(2, "run", "fal-ai/recraft/v3/text-to-image", (index) => ({ prompt: subject(index + 2) })),
      ...scenes(2, "run", "fal-ai/flux-subject", (index) => ({
        prompt: subject(index + 4),
        image_url: reference(),
        seed: index,
      })),
    ],
  },
  {
    title: "Speech, sound and film",
    scenes: [
      ...scenes(2, "run", "fal-ai/f5-tts", (index) => ({ gen_text: `${SPEECH} Take ${index}.`, model_type: "F5-TTS" })),
      ...scenes(2, "run", "fal-ai/kokoro/american-english", (index) => ({ prompt: `${SPEECH} Take ${index}.` })),
      ...scenes(2, "subscribe", "fal-ai/stable-audio", (index) => ({
        prompt: "rain on a tin roof",
        seconds_total: 30 + 15 * index,
      })),
      ...scenes(1, "subscribe", "fal-ai/wan-25-preview/text-to-video", () => FILM),
    ],
  },
  {
    title: "The same things again, and four at once",
    scenes: [
      ...scenes(2, "run", "fal-ai/flux/schnell", (index) => ({
        prompt: subject(index),
        image_size: "square",
        seed: index,
      })),
      ...scenes(1, "subscribe", "fal-ai/flux/dev", (index) => ({
        prompt: subject(index),
        image_size: "landscape_16_9",
        seed: index,
      })),
      ...scenes(1, "run", "fal-ai/flux-subject", (index) => ({
        prompt: subject(index + 4),
        image_url: reference(),
        seed: index,
      })),
      ...scenes(1, "subscribe", "fal-ai/wan-25-preview/text-to-video", () => FILM),
      ...scenes(4, "subscribe", "fal-ai/flux/dev", () => ({
        prompt: "one picture for four people",
        image_size: "square_hd",
        seed: 99,
      })),
    ],
  },
  {
    title: "What goes wrong",
    faults: [
      { match: { endpoint: "fal-ai/qwen-image", kind: "run" }, times: 1, do: { status: 500 } },
      { match: { endpoint: "fal-ai/nano-banana", kind: "run" }, times: 1, do: "drop-after-accept" },
    ],
    scenes: [
      ...scenes(1, "run", "fal-ai/qwen-image", (index) => ({ prompt: subject(index), image_size: "square_hd" })),
      ...scenes(1, "run", "fal-ai/nano-banana", (index) => ({ prompt: subject(index + 1) })),
      ...scenes(1, "run", "fal-ai/flux/schnell", () => ({ prompt: "" })),
      ...scenes(1, "abandoned", "fal-ai/flux/dev", (index) => ({
        prompt: subject(index + 3),
        image_size: "square_hd",
      })),
    ],
  },
  {
    title: "More than the budgets allow",
    scenes: [
      ...scenes(2, "subscribe", "fal-ai/wan-25-preview/text-to-video", (index) => ({
        ...FILM,
        duration: "10",
        seed: 100 + index,
      })),
      ...scenes(1, "subscribe", "fal-ai/veo3.1", () => ({ prompt: "a storm over the lighthouse", duration: "8s" })),
      ...scenes(1, "run", "fal-ai/flux/schnell", () => ({
        prompt: "a small picture still fits",
        image_size: "square",
        seed: 11,
      })),
    ],
  },
];

/** Three of the cheapest calls there are, and one of them asked for twice. */
export const LIVE: readonly Act[] = [
  {
    title: "Two small pictures",
    scenes: [
      ...scenes(1, "run", "fal-ai/flux/schnell", (index) => ({
        prompt: subject(index),
        image_size: "square",
        seed: 1,
      })),
      ...scenes(1, "subscribe", "fal-ai/flux/schnell", (index) => ({
        prompt: subject(index + 1),
        image_size: "square",
        seed: 2,
      })),
    ],
  },
  {
    title: "The first one again",
    scenes: scenes(1, "run", "fal-ai/flux/schnell", (index) => ({
      prompt: subject(index),
      image_size: "square",
      seed: 1,
    })),
  },
];
