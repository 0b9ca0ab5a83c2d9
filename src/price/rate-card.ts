import type { Dated } from "./rates.ts";

/** The published squares that an image is priced by, smallest first; the side in pixels. */
export const tierSides = [512, 768, 1024] as const;

/** How a rate of the card is read. Amounts are US dollars as plain decimals. */
export type CardRule =
  /** Per image, by the smallest of the 512, 768 and 1024 pixel squares that covers it. */
  | { by: "size tier"; tiers: readonly [small: string, middle: string, large: string]; defaultSize: string }
  /** Per image whatever its size, with something on top when a reference image is given. */
  | { by: "image"; amount: string; withReference: string | null }
  | { by: "request"; amount: string }
  /** Per image, but only when the input brings its own trained weights. */
  | { by: "custom model image"; amount: string }
  /** By blocks of 30 seconds: every two are a minute. */
  | { by: "audio block"; thirtySeconds: string; minute: string; length: "seconds_total" | "gen_text" }
  /** A training by its steps, and one that goes on from a checkpoint at a fixed amount. */
  | { by: "training"; step: string; defaultSteps: number; resumed: string };

export interface CardRate extends Dated {
  readonly rule: CardRule;
}

/** The edition of the card. */
export const rateCardDate = "2026-11-01";

function sinceEver(rule: CardRule): readonly CardRate[] {
  return [{ from: null, until: null, rule }];
}

const recraft = sinceEver({ by: "image", amount: "0.03", withReference: null });
const recraftStyle = sinceEver({ by: "request", amount: "0.10" });

/** The rate card: for every endpoint on it, its rates in the order they took effect. */
export const rateCard: Readonly<Record<string, readonly CardRate[]>> = {
  "fal-ai/flux-pro/v1.1": sinceEver({ by: "size tier", tiers: ["0.02", "0.03", "0.04"], defaultSize: "landscape_4_3" }),
  "fal-ai/flux-realism": sinceEver({ by: "size tier", tiers: ["0.03", "0.04", "0.05"], defaultSize: "landscape_4_3" }),
  "fal-ai/flux-subject": sinceEver({ by: "image", amount: "0.04", withReference: "0.01" }),
  "fal-ai/recraft-v3": recraft,
  "fal-ai/recraft/v3/text-to-image": recraft,
  "fal-ai/recraft/v3/image-to-image": recraft,
  "fal-ai/recraft-v3/create-style": recraftStyle,
  "fal-ai/recraft/v3/create-style": recraftStyle,
  "fal-ai/f5-tts": sinceEver({ by: "audio block", thirtySeconds: "0.02", minute: "0.03", length: "gen_text" }),
  "fal-ai/stable-audio": sinceEver({
    by: "audio block",
    thirtySeconds: "0.05",
    minute: "0.08",
    length: "seconds_total",
  }),
  "fal-ai/flux-lora-portrait-trainer": sinceEver({
    by: "training",
    step: "0.001",
    defaultSteps: 2500,
    resumed: "1.00",
  }),
  "fal-ai/flux-lora": sinceEver({ by: "custom model image", amount: "0.04" }),
};
