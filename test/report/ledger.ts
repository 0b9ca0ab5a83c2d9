import fc from "fast-check";
import { createWindows } from "../../src/budget/window.ts";
import { createZone, firstInstant } from "../../src/budget/zone.ts";
import { fromNano, toNano } from "../../src/money.ts";
import type { Calendars } from "../../src/report/summary.ts";
import type { Entry, EstimateRecord, Store } from "../../src/store/store.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
/** Noon of Sunday, 1 November 2026, UTC. */
export const noon = Date.UTC(2026, 10, 1, 12);

export function calendarsIn(timezone: string): Calendars {
  const zone = createZone(timezone);
  const windows = createWindows(timezone, "monday");
  return {
    startOf: (per, at) => windows.at(per, at).start,
    startOfDate: (date) => firstInstant(zone, Date.parse(`${date}T00:00:00Z`)),
  };
}

export const utc = calendarsIn("UTC");

export const tiers = [
  { from: 1, percent: 0 },
  { from: 1_000, percent: 5 },
  { from: 5_001, percent: 10 },
];

/** Dollars as nano-dollars. */
export function nano(amount: number | string): bigint {
  return toNano(fromNano(0n).add(amount));
}

export interface Bought {
  id: string;
  at: number;
  endpointId?: string;
  tags?: Record<string, string>;
  digest?: string | null;
  /** Dollars; `null` is unknown. */
  cost?: number | string | null;
  estimate?: Partial<EstimateRecord>;
  outcome?: "charged" | "free" | "expired" | "open";
  basis?: string;
  units?: string;
  requestId?: string | null;
  /** The month's counter, to discount by. */
  discounted?: boolean;
}

function estimateOf(cost: bigint | null, given: Partial<EstimateRecord> = {}): EstimateRecord {
  const unitPrice = cost === null ? null : fromNano(cost).toFixed();
  return {
    low: cost,
    expected: cost,
    high: cost,
    unit: "image",
    quantity: "1",
    unitPrice,
    basis: "rate-card",
    source: "rate card",
    asOf: null,
    ...given,
  };
}

/** Buys through the store's own verbs. Answers what was written, or nothing where it stays open. */
export async function buy(store: Store, bought: Bought): Promise<Entry | undefined> {
  const {
    id,
    at,
    cost = "0.04",
    outcome = "charged",
    tags = {},
    digest = null,
    endpointId = "fal-ai/flux-pro/v1.1",
  } = bought;
  const amount = cost === null ? null : nano(cost);
  const estimate = estimateOf(amount, bought.estimate);
  await store.hold({
    id,
    at,
    amount,
    charges: [],
    purchase: { endpointId, transport: "queue", tags, key: null, digest, estimate },
  });
  if (bought.requestId) await store.bind(id, bought.requestId);
  if (outcome === "open") return undefined;
  const steps = tiers.map(({ from, percent }) => ({
    from,
    percent,
    amount: toNano(
      fromNano(amount ?? 0n)
        .mul(100 - percent)
        .div(100),
    ),
  }));
  const post =
    bought.discounted && amount !== null ? { amount, ordinal: { counter: "month", tiers: steps } } : { amount };
  const basis = bought.basis ?? estimate.basis;
  const answer = await store.settle(id, {
    at: at + 5_000,
    outcome,
    requestId: null,
    post,
    basis,
    billableUnits: bought.units ?? null,
    note: null,
  });
  return answer.outcome === "settled" ? answer.entry : undefined;
}

/** An entry that holds no money. `amount` is what was saved, asked for, or corrected by. */
export function note(
  kind: "hit" | "join" | "refusal" | "correction",
  given: {
    id: string;
    at: number;
    amount: number | string;
    about?: string;
    digest?: string;
    endpointId?: string;
    tags?: Record<string, string>;
    settledAt?: number;
  },
): Entry {
  const amount = given.amount.toString().startsWith("-") ? -nano(given.amount.toString().slice(1)) : nano(given.amount);
  const outcomes = { hit: "hit", join: "joined", refusal: "refused", correction: "corrected" } as const;
  return {
    id: given.id,
    kind,
    endpointId: given.endpointId ?? "fal-ai/flux-pro/v1.1",
    transport: "queue",
    tags: given.tags ?? {},
    requestId: null,
    at: given.at,
    settledAt: given.settledAt ?? given.at,
    outcome: outcomes[kind],
    estimate: estimateOf(kind === "correction" ? null : amount),
    actual: kind === "correction" ? amount : 0n,
    saved: kind === "correction" ? 0n : amount,
    discountPercent: 0,
    basis: kind === "correction" ? "billed-units" : "rate-card",
    billableUnits: null,
    charges: [],
    about: given.about ?? null,
    digest: given.digest ?? null,
    note: null,
  };
}

export async function entriesOf(store: Store): Promise<Entry[]> {
  return store.entries({ limit: 100_000 });
}

/** Anything that a ledger may hold, over two months around `noon`. */
export const anyCall = fc.record({
  kind: fc.constantFrom("purchase", "purchase", "purchase", "hit", "join", "refusal", "correction"),
  at: fc.integer({ min: noon - 30 * day, max: noon + 29 * day }),
  endpointId: fc.constantFrom("fal-ai/flux/dev", "fal-ai/veo3.1", "acme/own"),
  tags: fc.constantFrom({}, { customer: "acme" }, { customer: "globex", team: "a" }),
  /** Nano-dollars. */
  amount: fc.bigInt({ min: 0n, max: 5_000_000_000n }),
  outcome: fc.constantFrom("charged", "charged", "charged", "free", "expired", "open", "unknown"),
  basis: fc.constantFrom("rate-card", "billed-units", "list-price"),
  units: fc.constantFrom("1", "0.02", "38.8", "8.439999999999998"),
  discounted: fc.boolean(),
});
export type AnyCall = typeof anyCall extends fc.Arbitrary<infer Call> ? Call : never;

export async function write(store: Store, calls: readonly AnyCall[]): Promise<void> {
  const bought: string[] = [];
  for (const [index, call] of calls.entries()) {
    const { kind, at, endpointId, tags, amount, outcome, basis, units, discounted } = call;
    const id = `c${index}`;
    const dollars = fromNano(amount).toFixed();
    if (kind === "purchase") {
      const settled = outcome === "unknown" ? "charged" : outcome;
      const cost = outcome === "unknown" ? null : dollars;
      await buy(store, { id, at, endpointId, tags, cost, outcome: settled, basis, units, discounted });
      if (outcome !== "open") bought.push(id);
    } else if (kind === "correction") {
      const purchase = await store.findEntry({ id: bought.at(-1) ?? "" });
      if (purchase)
        await store.record({
          ...note("correction", {
            id,
            at: purchase.at,
            amount: dollars,
            about: purchase.id,
            endpointId: purchase.endpointId,
          }),
          tags: purchase.tags,
        });
    } else await store.record(note(kind, { id, at, amount: dollars, endpointId, tags, about: "daily" }));
  }
}
