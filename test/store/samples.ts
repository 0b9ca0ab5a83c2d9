import type {
  Charge,
  Entry,
  EstimateRecord,
  HoldRequest,
  Note,
  Settlement,
  StoredResult,
} from "../../src/store/store.ts";

/** Noon, 1 November 2026, UTC: the start of a quarter hour. */
export const noon = Date.UTC(2026, 10, 1, 12);
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Dollars as nano-dollars, for amounts that whole cents can say. */
export function usd(amount: number): bigint {
  return BigInt(Math.round(amount * 100)) * 10_000_000n;
}

export function fixed(counter: string, limit: bigint | null, endsAt: number | null = noon + 12 * hour): Charge {
  return { counter, budget: counter, limit, window: { kind: "fixed", endsAt } };
}

export function rolling(counter: string, limit: bigint | null, lengthMs: number): Charge {
  return { counter, budget: counter, limit, window: { kind: "rolling", lengthMs } };
}

export function estimate(expected: bigint | null): EstimateRecord {
  return {
    low: expected,
    expected,
    high: expected,
    unit: "images",
    quantity: "1",
    unitPrice: "0.04",
    basis: "rate-card",
    source: "rate card",
    asOf: "2026-11-01",
  };
}

type Asked = Partial<Omit<HoldRequest, "purchase">> & { purchase?: Partial<HoldRequest["purchase"]> };

export function request(id: string, { purchase, ...rest }: Asked = {}): HoldRequest {
  const amount = rest.amount === undefined ? usd(0.04) : rest.amount;
  return {
    id,
    at: noon,
    amount,
    charges: [],
    purchase: {
      endpointId: "fal-ai/flux/dev",
      transport: "queue",
      tags: {},
      key: null,
      digest: null,
      estimate: estimate(amount),
      ...purchase,
    },
    ...rest,
  };
}

export function charged(amount: bigint | null, rest: Partial<Settlement> = {}): Settlement {
  return {
    at: noon + minute,
    outcome: "charged",
    requestId: null,
    post: { amount },
    basis: "billed-units",
    billableUnits: "1",
    note: null,
    ...rest,
  };
}

export function free(rest: Partial<Settlement> = {}): Settlement {
  return { ...charged(null), outcome: "free", basis: "free", billableUnits: null, ...rest };
}

export function entry(id: string, rest: Partial<Entry> = {}): Entry {
  return {
    id,
    kind: "purchase",
    endpointId: "fal-ai/flux/dev",
    transport: "queue",
    tags: {},
    requestId: null,
    at: noon,
    settledAt: null,
    outcome: "charged",
    estimate: estimate(usd(0.04)),
    actual: 0n,
    saved: 0n,
    discountPercent: 0,
    basis: "billed-units",
    billableUnits: null,
    charges: [],
    about: null,
    digest: null,
    note: null,
    ...rest,
  };
}

export function hit(id: string, rest: Partial<Entry> = {}): Entry {
  return entry(id, { kind: "hit", outcome: "hit", basis: "cache", saved: usd(0.04), ...rest });
}

export function correction(id: string, actual: bigint, rest: Partial<Entry> = {}): Entry {
  return entry(id, { kind: "correction", outcome: "corrected", actual, settledAt: noon + hour, ...rest });
}

export function result(key: string, rest: Partial<StoredResult> = {}): StoredResult {
  return {
    key,
    requestId: `request-${key}`,
    endpointId: "fal-ai/flux/dev",
    tags: {},
    transport: "queue",
    status: 200,
    contentType: "application/json",
    body: new TextEncoder().encode(`{"key":"${key}"}`),
    cost: usd(0.04),
    storedAt: noon,
    expiresAt: noon + day,
    ...rest,
  };
}

export function note(kind: string, key: string, rest: Partial<Note> = {}): Note {
  return { kind, key, value: `"${key}"`, at: noon, expiresAt: null, ...rest };
}
