/** Prices of what was not bought, for advice on what was. Part of the line: it carries what the ledger kept to the prices. */
import { type Decimal, fromNano } from "./money.ts";
import { alternatives } from "./price/alternatives.ts";
import { draftInput } from "./price/draft.ts";
import type { Pricer } from "./price/pricer.ts";
import type { CheaperWay } from "./report/advice/cheaper.ts";
import type { AdvicePrices } from "./report/advice.ts";
import type { Entry } from "./store/store.ts";

/** A shape as long as this may have lost its end. */
const LONGEST_SHAPE = 168;
/** What a shape counts and no endpoint takes. */
const COUNTED = new Set(["images", "characters<", "seconds<"]);
const SIZE = /^(\d{1,5})x(\d{1,5})$/;
const MOST_REMEMBERED = 10_000;

/** Answers by the rates in force when a purchase was sent; where its input cannot be told from the ledger it answers nothing. */
export function advicePrices(pricer: Pricer): AdvicePrices {
  const known = new Map<string, readonly CheaperWay[]>();
  return {
    cheaper(entry) {
      const asked = askedAgain(pricer, entry);
      if (!asked) return [];
      const name = JSON.stringify([entry.endpointId, entry.estimate.shape, String(entry.estimate.expected)]);
      let ways = known.get(name);
      if (!ways) {
        if (known.size >= MOST_REMEMBERED) known.clear();
        ways = alternatives(pricer, entry.endpointId, asked, entry.at).flatMap(({ change, estimate }) => {
          const kind = kindOf(change);
          return kind && estimate.expected ? [{ kind, change, cost: estimate.expected }] : [];
        });
        known.set(name, ways);
      }
      return ways;
    },
    draft(entry) {
      const asked = askedAgain(pricer, entry);
      const draft = asked && draftInput(entry.endpointId, asked);
      return draft ? pricer.estimate(entry.endpointId, draft.input, entry.at).expected : null;
    },
    units(endpointId, unit, quantity, at) {
      if (unit !== "30 seconds") return null;
      const estimate = pricer.estimate(endpointId, { seconds_total: quantity.mul(30).toNumber() }, at);
      return estimate.unit === unit && estimate.quantity?.eq(quantity) ? estimate.expected : null;
    },
  };
}

/** What a purchase would have cost at another endpoint: the same input where the ledger tells it, else as many of the same unit. */
export function priceAt(pricer: Pricer, endpointId: string, { estimate, at }: Entry): Decimal | null {
  const input = inputOf(estimate.shape);
  const asked = pricer.estimate(endpointId, input ?? {}, at);
  if (input) return asked.expected;
  if (estimate.quantity === null || asked.unit !== estimate.unit || asked.unitPrice === null) return null;
  return asked.unitPrice.mul(estimate.quantity);
}

/** The parameters of a purchase, where they make the price that it was given. */
function askedAgain(pricer: Pricer, { endpointId, estimate, at }: Entry): object | null {
  const input = inputOf(estimate.shape);
  if (!input || estimate.expected === null) return null;
  const again = pricer.estimate(endpointId, input, at).expected;
  return again?.eq(fromNano(estimate.expected)) ? input : null;
}

/** Reads `1c9e0a42 duration=8 image_size=1024x768` back into parameters. */
function inputOf(shape: string | undefined): Record<string, unknown> | null {
  if (shape === undefined || shape.length >= LONGEST_SHAPE) return null;
  const parts = shape.split(" ").slice(1);
  const pairs = parts.flatMap((part) => {
    const [, name = "", value = ""] = /^([\w<]+)=(.*)$/s.exec(part) ?? [];
    return name === "" || COUNTED.has(name) ? [] : [[name, parameterOf(name, value)] as const];
  });
  return Object.fromEntries(pairs);
}

function parameterOf(name: string, text: string): unknown {
  const [, width, height] = SIZE.exec(text) ?? [];
  if (/^(image|video)_size$/.test(name) && width && height) return { width: Number(width), height: Number(height) };
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Fewer images or seconds are not the same thing for less. */
function kindOf(change: string): CheaperWay["kind"] | null {
  if (change === "silent") return "silent-video";
  return /pixels$|^resolution /.test(change) ? "smaller-size" : null;
}
