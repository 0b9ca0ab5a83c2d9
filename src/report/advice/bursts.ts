import { type Decimal, fromNano, lessPercent, type Nano, toNano } from "../../money.ts";
import type { Entry } from "../../store/store.ts";
import { type Advice, byEndpoint, costOf, counted, evidenceOf, type Paid, shown } from "./advise.ts";

const MINUTE_MS = 60_000;

/** Requests this close belong to one piece of work that could have been sent as one. */
const TOGETHER_MS = MINUTE_MS;
/** Tries this close are steps towards one picture. */
const TRYING_MS = 10 * MINUTE_MS;
/** Fewer tries are no drafting, and fewer single requests no batch. */
const LEAST_TRIES = 5;
const LEAST_SINGLES = 4;

/** What one request for so many units costs, in dollars and undiscounted; `null` is unknown. */
export type PriceOfUnits = (endpointId: string, unit: string, quantity: Decimal, at: number) => Decimal | null;
/** What a small draft of a purchase costs, in dollars and undiscounted; `null` where there is none. */
export type DraftPrice = (entry: Entry) => Decimal | null;

/** Runs of purchases of one endpoint and equal tags, each sent within `gapMs` of the one before. */
function bursts(paid: readonly Paid[], gapMs: number): Paid[][] {
  const open = new Map<string, Paid[]>();
  const found: Paid[][] = [];
  for (const each of paid) {
    const { entry } = each;
    const name = JSON.stringify([entry.endpointId, Object.entries(entry.tags).sort()]);
    const burst = open.get(name);
    const last = burst?.at(-1);
    if (burst && last && entry.at - last.entry.at <= gapMs) burst.push(each);
    else {
      const begun = [each];
      open.set(name, begun);
      found.push(begun);
    }
  }
  return found;
}

interface Gain {
  paid: Paid[];
  saved: Nano;
}

function gained(gains: readonly Gain[], toAdvice: (endpointId: string, paid: Paid[], saved: Nano) => Advice): Advice[] {
  const savings = new Map<string, Nano>();
  for (const { paid, saved } of gains) {
    const endpointId = paid[0]!.entry.endpointId;
    savings.set(endpointId, (savings.get(endpointId) ?? 0n) + saved);
  }
  const grouped = byEndpoint(gains.flatMap(({ paid }) => paid));
  return [...grouped].map(([endpointId, paid]) => toAdvice(endpointId, paid, savings.get(endpointId) ?? 0n));
}

function evidence(paid: readonly Paid[]) {
  return evidenceOf(
    paid.map(({ entry }) => entry),
    costOf(paid),
  );
}

/** Runs of at least 5 tries at full size: all but the last could have been drafts. */
export function draftFirst(paid: readonly Paid[], draftPrice: DraftPrice): Advice[] {
  const gains = bursts(paid, TRYING_MS).flatMap((burst): Gain[] => {
    if (burst.length < LEAST_TRIES) return [];
    const tries = burst.slice(0, -1).flatMap((each) => {
      const price = draftPrice(each.entry);
      const saved = price === null ? 0n : each.cost - toNano(lessPercent(price, each.entry.discountPercent));
      return saved > 0n ? [{ each, saved }] : [];
    });
    if (tries.length === 0) return [];
    return [{ paid: tries.map(({ each }) => each), saved: tries.reduce((total, { saved }) => total + saved, 0n) }];
  });
  return gained(gains, (endpointId, tries, saved) => ({
    kind: "draft-first",
    title: `${endpointId} was tried at full size: drafts for ${counted(tries.length, "purchase")} would have saved ${shown(saved)}`,
    saving: fromNano(saved),
    endpointId,
    evidence: evidence(tries),
    how: "Try with draft: true, and send the last one at full size.",
  }));
}

/** Two left-over half minutes in one piece of work are a minute, and the minute is cheaper. */
export function wholeMinutes(paid: readonly Paid[], priceOf: PriceOfUnits): Advice[] {
  const halves = paid.filter(
    ({ entry }) => entry.estimate.unit === "30 seconds" && /^\d*[13579]$/.test(entry.estimate.quantity ?? ""),
  );
  const gains = bursts(halves, TRYING_MS).flatMap((burst) => {
    const pairs: Gain[] = [];
    for (let first = 0; first + 1 < burst.length; first += 2) {
      const pair = burst.slice(first, first + 2);
      const saved = mergedSaving(pair, priceOf);
      if (saved > 0n) pairs.push({ paid: pair, saved });
    }
    return pairs;
  });
  return gained(gains, (endpointId, pairs, saved) => ({
    kind: "whole-minutes",
    title: `${endpointId} was bought by the half minute: whole minutes would have saved ${shown(saved)} on ${counted(pairs.length, "purchase")}`,
    saving: fromNano(saved),
    endpointId,
    evidence: evidence(pairs),
    how: "Put two pieces of up to 30 seconds into one request: a minute costs less than two halves.",
  }));
}

/** Runs of at least 4 requests for one image each. The images often cost the same, but one request takes one place in the lane. */
export function mergeRequests(paid: readonly Paid[], priceOf: PriceOfUnits | undefined): Advice[] {
  const singles = paid.filter(({ entry }) => entry.estimate.unit === "image" && entry.estimate.quantity === "1");
  const gains = bursts(singles, TOGETHER_MS).flatMap((burst): Gain[] => {
    if (burst.length < LEAST_SINGLES) return [];
    const saved = priceOf ? mergedSaving(burst, priceOf) : 0n;
    return [{ paid: burst, saved: saved > 0n ? saved : 0n }];
  });
  return gained(gains, (endpointId, burst, saved) => ({
    kind: "merge-requests",
    title: `${endpointId} was asked for one image at a time: ${counted(burst.length, "request")} in quick succession${saved > 0n ? `, ${shown(saved)} dearer than together` : ""}`,
    saving: fromNano(saved),
    endpointId,
    evidence: evidence(burst),
    how: "Where only the seed differs, ask for num_images in one request.",
  }));
}

function mergedSaving(parts: readonly Paid[], priceOf: PriceOfUnits): Nano {
  const { endpointId, estimate, at, discountPercent } = parts[0]!.entry;
  const quantity = parts.reduce((total, { entry }) => total.add(entry.estimate.quantity ?? 0), fromNano(0n));
  const together = estimate.unit === null ? null : priceOf(endpointId, estimate.unit, quantity, at);
  return together === null ? 0n : costOf(parts) - toNano(lessPercent(together, discountPercent));
}
