import { Decimal, decimal, zero } from "../money.ts";
import { type Ask, given, positiveNumber, settled, switchedOn, wholeNumber } from "./ask.ts";
import { type CardRule, tierSides } from "./rate-card.ts";
import { readSize, type Size } from "./sizes.ts";
import { textLength } from "./text.ts";
import { countOf } from "./units/images.ts";

/** What the rate card asks for one request. Equal amounts unless something is not known before. */
export interface CardPrice {
  low: Decimal;
  expected: Decimal;
  high: Decimal;
  quantity: number;
  unit: string;
  /** Dollars for one `unit`, where all units cost the same. */
  unitPrice: Decimal | null;
  label: string;
  doubt: string | null;
}

const MOST_IMAGES = 1_000;
const MOST_STEPS = 1_000_000;
const LONGEST_SECONDS = 86_400;
const BLOCK_SECONDS = 30;
const TOP_AREA = 1024 * 1024;

/** `null` where the card's rate does not apply to this input. */
export function priceByCard(ask: Ask, rule: CardRule): CardPrice | null {
  switch (rule.by) {
    case "size tier":
      return bySizeTier(ask, rule);
    case "image": {
      const reference = rule.withReference !== null && given(ask, "image_url") !== undefined;
      const each = reference ? decimal(rule.amount).add(rule.withReference!) : decimal(rule.amount);
      return perImage(ask, each, reference ? "with a reference image" : "");
    }
    case "custom model image":
      return Array.isArray(given(ask, "loras")) && switchedOn(ask, "loras")
        ? perImage(ask, decimal(rule.amount), "with a custom model")
        : null;
    case "request":
      return settledPrice(decimal(rule.amount), 1, "request", "1 request");
    case "audio block":
      return byAudioBlock(ask, rule);
    case "training":
      return byTraining(ask, rule);
  }
}

function settledPrice(unitPrice: Decimal, quantity: number, unit: string, label: string): CardPrice {
  const amount = unitPrice.mul(quantity);
  return { low: amount, expected: amount, high: amount, quantity, unit, unitPrice, label, doubt: null };
}

function perImage(ask: Ask, each: Decimal, words: string): CardPrice {
  const images = wholeNumber(ask, "num_images", 1, MOST_IMAGES);
  return settledPrice(
    each,
    images,
    "image",
    words === "" ? countOf(images, "image") : `${countOf(images, "image")} ${words}`,
  );
}

/** Which of the card's squares covers a size, and how many of the largest a larger one takes. */
export function tierOf({ width, height }: Size): { index: 0 | 1 | 2; times: number } {
  const area = width * height;
  const index = tierSides.findIndex((side) => area <= side * side);
  return index === -1 ? { index: 2, times: Math.ceil(area / TOP_AREA) } : { index: index as 0 | 1 | 2, times: 1 };
}

function bySizeTier(ask: Ask, rule: Extract<CardRule, { by: "size tier" }>): CardPrice {
  const images = wholeNumber(ask, "num_images", 1, MOST_IMAGES);
  const size = readSize(settled(ask, "image_size") ?? rule.defaultSize, "image_size");
  if (!size) return unknownSize(rule, images);
  const { index, times } = tierOf(size);
  const each = decimal(rule.tiers[index]).mul(times);
  const side = tierSides[index];
  const tier = times === 1 ? `the ${side}×${side} tier` : `${times} times the ${side}×${side} tier`;
  return settledPrice(each, images, "image", `${countOf(images, "image")} of ${size.width}×${size.height} at ${tier}`);
}

/** A size that only a name stands for may be any tier, and up to four times the top one. */
function unknownSize(rule: Extract<CardRule, { by: "size tier" }>, images: number): CardPrice {
  const [small, , large] = rule.tiers.map((tier) => decimal(tier).mul(images));
  return {
    low: small!,
    expected: large!,
    high: large!.mul(4),
    quantity: images,
    unit: "image",
    unitPrice: decimal(rule.tiers[2]),
    label: countOf(images, "image"),
    doubt: "the size's name is not one of the published presets; taken as any tier, up to four times the top one",
  };
}

/** Half a block rounds up, and there is always one. */
function audioBlocks(seconds: number): number {
  return Math.max(1, Math.floor(seconds / BLOCK_SECONDS + 0.5));
}

function byAudioBlock(ask: Ask, rule: Extract<CardRule, { by: "audio block" }>): CardPrice {
  const [minute, half] = [decimal(rule.minute), decimal(rule.thirtySeconds)];
  const amountFor = (seconds: number) => {
    const blocks = audioBlocks(seconds);
    return minute.mul(Math.floor(blocks / 2)).add(blocks % 2 === 1 ? half : zero);
  };
  if (rule.length === "seconds_total") {
    const seconds = positiveNumber(ask, "seconds_total", BLOCK_SECONDS, LONGEST_SECONDS);
    const amount = amountFor(seconds);
    const label = `${seconds} s of audio as ${countOf(audioBlocks(seconds), "block")} of 30 s`;
    return {
      low: amount,
      expected: amount,
      high: amount,
      quantity: audioBlocks(seconds),
      unit: "30 seconds",
      unitPrice: null,
      label,
      doubt: null,
    };
  }
  // Speech runs at about 15 characters a second; 20 is fast and 10 is slow.
  const characters = textLength(ask, false) ?? 0;
  const [low, expected, high] = [amountFor(characters / 20), amountFor(characters / 15), amountFor(characters / 10)];
  const blocks = audioBlocks(characters / 15);
  const label = `about ${Math.round(characters / 15)} s of speech from ${countOf(characters, "character")} as ${countOf(blocks, "block")} of 30 s`;
  return { low, expected, high, quantity: blocks, unit: "30 seconds", unitPrice: null, label, doubt: null };
}

function byTraining(ask: Ask, rule: Extract<CardRule, { by: "training" }>): CardPrice {
  if (switchedOn(ask, "resume_from_checkpoint")) {
    return settledPrice(decimal(rule.resumed), 1, "request", "1 training resumed from a checkpoint");
  }
  const steps = wholeNumber(ask, "steps", rule.defaultSteps, MOST_STEPS);
  return settledPrice(new Decimal(rule.step), steps, "step", countOf(steps, "step"));
}
