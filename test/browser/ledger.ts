import { type Budget, resolveBudgets } from "../../src/budget/budget.ts";
import { counterOf } from "../../src/budget/counter.ts";
import { createWindows } from "../../src/budget/window.ts";
import type { Clock } from "../../src/clock.ts";
import { createMeter } from "../../src/meter.ts";
import { decimal, toNano } from "../../src/money.ts";
import type { Charge, EstimateRecord, Store } from "../../src/store/store.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Endpoint, dollars a call, how often, and how far fal's bills are off the estimate. */
const TRADE: readonly [endpointId: string, cost: string, weight: number, drift: number][] = [
  ["fal-ai/flux-pro/v1.1", "0.04", 34, 1],
  ["fal-ai/flux/dev", "0.025", 30, 1],
  ["fal-ai/veo3.1/fast", "1.2", 4, 1],
  ["fal-ai/kling-video/v2.6/pro/image-to-video", "0.35", 6, 1],
  ["fal-ai/nano-banana-pro", "0.15", 12, 1],
  ["fal-ai/bytedance/seedance/v1/pro/text-to-video", "0.62", 4, 1.18],
  ["fal-ai/recraft/v3/text-to-image", "0.04", 8, 1],
  ["fal-ai/whisper", "0.0064", 10, 0.8],
];
const WEIGHTED = TRADE.flatMap((line) => Array.from({ length: line[2] }, () => line));
const CUSTOMERS = ["acme", "globex", "initech", "umbrella", "hooli"];

export const budgets: Budget[] = [
  { name: "Everything", limit: 40, per: "day" },
  { name: "Video", limit: 60, per: "week", match: { endpoints: ["*video*", "fal-ai/veo*"] } },
  { name: "Per customer", limit: 120, per: "month", splitBy: "tag:customer" },
  { name: "One request", limit: 3, per: "request" },
];

const rules = resolveBudgets(budgets).filter(({ per }) => per !== "request");
const windows = createWindows("UTC", "monday");

/** What a call counts under, as the gate has it; nothing is refused here. */
export function chargesOf(call: { endpointId: string; tags: Record<string, string> }, at: number): Charge[] {
  return rules
    .filter((rule) => rule.matches(call))
    .map((rule) => ({
      counter: counterOf(rule, call, at, windows),
      budget: rule.name,
      limit: null,
      window: {
        kind: "fixed",
        endsAt: typeof rule.per === "string" && rule.per !== "request" ? windows.at(rule.per, at).end : null,
      },
    }));
}

/** The same numbers each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function nano(amount: string | number): bigint {
  return toNano(decimal(amount));
}

export function estimateOf(amount: string | null): EstimateRecord {
  const value = amount === null ? null : nano(amount);
  return {
    ...{ low: value, expected: value, high: value },
    unit: "images",
    quantity: "1",
    unitPrice: amount,
    basis: amount === null ? "unknown" : "rate-card",
    source: "rate card",
    asOf: "2026-11-01",
  };
}

/** Two weeks of a small studio's trade, and its budgets, as meters leave them in a ledger. */
export async function trade(store: Store, clock: Clock, calls: number): Promise<void> {
  const meter = createMeter({ store, budgets, clock });
  await meter.budgets();
  const now = clock.now();
  const random = dice(7);
  const moments = Array.from({ length: calls }, () => {
    const day = Math.floor(random() ** 1.3 * 14);
    return Math.min(now - (calls > 100 ? 60_000 : 1_000), now - day * DAY_MS - random() * 11 * HOUR_MS);
  }).sort((a, b) => a - b);
  for (const [index, at] of moments.entries()) await sale(store, random, Math.floor(at), index);
}

async function sale(store: Store, random: () => number, at: number, index: number): Promise<void> {
  const [endpointId, cost, , drift] = WEIGHTED[Math.floor(random() * WEIGHTED.length)]!;
  const customer = CUSTOMERS[Math.floor(random() ** 2 * CUSTOMERS.length)]!;
  const tags: Record<string, string> = random() < 0.08 ? {} : { customer, team: random() < 0.6 ? "growth" : "studio" };
  const id = `call-${index}`;
  const estimate = estimateOf(cost);
  const kind = random();
  const common = {
    id,
    endpointId,
    transport: "queue" as const,
    tags,
    at,
    settledAt: at,
    estimate,
    discountPercent: 0,
    billableUnits: null,
    charges: [],
    digest: null,
    note: null,
  };
  if (kind < 0.16) {
    await store.record({
      ...common,
      kind: "hit",
      requestId: `request-${index}`,
      outcome: "hit",
      actual: 0n,
      saved: nano(cost),
      basis: "cached",
      about: null,
    });
    return;
  }
  if (kind < 0.19) {
    await store.record({
      ...common,
      kind: "refusal",
      requestId: null,
      outcome: "refused",
      actual: 0n,
      saved: nano(cost),
      basis: "refused",
      about: "Everything",
    });
    return;
  }
  await store.hold({
    id,
    at,
    amount: nano(cost),
    charges: chargesOf({ endpointId, tags }, at),
    purchase: { endpointId, transport: "queue", tags, key: null, digest: null, estimate },
  });
  const free = kind > 0.97;
  await store.settle(id, {
    at: at + 4_000,
    outcome: free ? "free" : "charged",
    requestId: `request-${index}`,
    post: { amount: free ? 0n : nano(decimal(cost).mul(drift).toFixed()) },
    basis: free ? "free" : "billed-units",
    billableUnits: "1",
    note: null,
  });
}
