import type { Call } from "../call.ts";
import { type Decimal, type Nano, plain, toNano, toNanoUp } from "../money.ts";
import type { Entry, EstimateRecord, Hold } from "../store/store.ts";

/** The parts of an estimate that are written down. */
export interface Priced {
  low: Decimal | null;
  expected: Decimal | null;
  high: Decimal | null;
  unit: string | null;
  quantity: Decimal | null;
  unitPrice: Decimal | null;
  basis: string;
  source: string;
  asOf: string | null;
}

/** `shape` is what bills of such requests are kept under; `null` where the request could not be read. */
export function estimateRecord(estimate: Priced, shape: string | null): EstimateRecord {
  return {
    ...(shape !== null && { shape }),
    low: estimate.low && toNano(estimate.low),
    expected: estimate.expected && toNano(estimate.expected),
    high: estimate.high && toNanoUp(estimate.high),
    unit: estimate.unit,
    quantity: estimate.quantity && plain(estimate.quantity),
    unitPrice: estimate.unitPrice && plain(estimate.unitPrice),
    basis: estimate.basis,
    source: estimate.source,
    asOf: estimate.asOf,
  };
}

/** Parameters that say how large a thing is, as a shape has them. */
const SIZE = /(?<= )(?:image_size|video_size|size|resolution)=(\S+)/g;

/** What was asked for, in a word or two: `1024x768, 2 × image`; `null` where neither size nor number is known. */
export function sizeOf({ shape, quantity, unit }: EstimateRecord): string | null {
  const sizes = [...(shape ?? "").matchAll(SIZE)].map(([, size]) => size);
  const count = quantity === null || unit === null ? [] : [`${quantity} × ${unit}`];
  return [...sizes, ...count].join(", ") || null;
}

interface Occurrence {
  call: Call;
  at: number;
  estimate: EstimateRecord;
  digest: string | null;
}

function occurred({ call, at, estimate, digest }: Occurrence) {
  return {
    id: call.id,
    endpointId: call.endpointId,
    transport: call.transport,
    tags: call.tags,
    at,
    settledAt: at,
    estimate,
    digest,
    discountPercent: 0,
    billableUnits: null,
    charges: [],
  };
}

/** A call answered with a job bought before (`hit`) or being bought now (`join`): it cost nothing and saved `saved`. */
export function sharedEntry(
  kind: "hit" | "join",
  about: { requestId: string | null; saved: Nano | null; basis: string },
  occurrence: Occurrence,
): Entry {
  return {
    ...occurred(occurrence),
    kind,
    outcome: kind === "hit" ? "hit" : "joined",
    requestId: about.requestId,
    actual: 0n,
    saved: about.saved,
    basis: about.basis,
    about: about.requestId,
    note: null,
  };
}

/** A call that a budget refused: nothing was sent. `saved` is what it asked for. */
export function refusalEntry(budget: string, requested: Nano | null, occurrence: Occurrence): Entry {
  return {
    ...occurred(occurrence),
    kind: "refusal",
    outcome: "refused",
    requestId: null,
    actual: 0n,
    saved: requested,
    basis: occurrence.estimate.basis,
    about: budget,
    note: null,
  };
}

/** A later truth about a purchase already in the ledger: `difference` is posted to the window it was sent in. */
export function correctionEntry(
  id: string,
  of: Entry | Hold,
  correction: { difference: Nano; at: number; basis: string; billableUnits: string | null; note: string },
): Entry {
  const purchase = "purchase" in of ? of.purchase : of;
  return {
    id,
    kind: "correction",
    outcome: "corrected",
    endpointId: purchase.endpointId,
    transport: purchase.transport,
    tags: purchase.tags,
    requestId: of.requestId,
    at: of.at,
    settledAt: correction.at,
    estimate: purchase.estimate,
    actual: correction.difference,
    saved: 0n,
    discountPercent: 0,
    basis: correction.basis,
    billableUnits: correction.billableUnits,
    charges: of.charges,
    about: of.id,
    digest: purchase.digest,
    note: correction.note,
  };
}
