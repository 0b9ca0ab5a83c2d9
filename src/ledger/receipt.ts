import type { Tags } from "../call.ts";
import { type Decimal, decimal, fromNano, type Nano } from "../money.ts";
import type { Entry, EstimateRecord, Hold } from "../store/store.ts";

/** What was expected, as the receipt repeats it. */
export interface ReceiptEstimate {
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

/** One purchase: what was expected of it and what it cost. */
export interface Receipt {
  /** fal's id of the job or request; `null` where fal never gave one. */
  requestId: string | null;
  /** Ours. */
  purchaseId: string;
  endpointId: string;
  estimate: ReceiptEstimate;
  /** What it cost, corrections included; `null` while it is open and where nobody knows. */
  actual: Decimal | null;
  /** What the calls answered from this purchase would have cost. */
  saved: Decimal;
  /** How `actual` is known: `billed-units`, `compute-time`, `rate-card`, `list-price`, …; `pending` while open. */
  basis: string;
  outcome: "held" | "pending" | "unknown" | "charged" | "free" | "expired";
  /** True once a later call was answered from it. */
  cached: boolean;
  /** True once another call shared it while it was under way. */
  joined: boolean;
  tags: Tags;
  sentAt: Date;
  settledAt: Date | null;
  /** `x-fal-billable-units`, as fal sent it. */
  billableUnits: string | null;
  /** Percent taken off by the volume discount. */
  discountPercent: number;
  /** One line on how the outcome is known. */
  note: string | null;
}

/** Writes the receipt of an open hold. */
export function openReceipt(hold: Hold, shares: readonly Entry[]): Receipt {
  return {
    requestId: hold.requestId,
    purchaseId: hold.id,
    endpointId: hold.purchase.endpointId,
    estimate: receiptEstimate(hold.purchase.estimate),
    actual: null,
    ...shared(shares),
    basis: "pending",
    outcome: hold.state,
    tags: hold.purchase.tags,
    sentAt: new Date(hold.at),
    settledAt: null,
    billableUnits: null,
    discountPercent: 0,
    note: hold.doubt,
  };
}

/** Writes the receipt of a settled purchase from its entry and the hits, joins and corrections that name it. */
export function settledReceipt(entry: Entry, later: readonly Entry[]): Receipt {
  const corrections = later.filter((each) => each.kind === "correction" && each.about === entry.id);
  const last = corrections.at(-1);
  return {
    requestId: entry.requestId,
    purchaseId: entry.id,
    endpointId: entry.endpointId,
    estimate: receiptEstimate(entry.estimate),
    actual: corrected(entry.actual, corrections),
    ...shared(later),
    basis: last?.basis ?? entry.basis,
    outcome: entry.outcome as Receipt["outcome"],
    tags: entry.tags,
    sentAt: new Date(entry.at),
    settledAt: entry.settledAt === null ? null : new Date(entry.settledAt),
    billableUnits: last?.billableUnits ?? entry.billableUnits,
    discountPercent: entry.discountPercent,
    note: last?.note ?? entry.note,
  };
}

function corrected(actual: Nano | null, corrections: readonly Entry[]): Decimal | null {
  if (actual === null && corrections.length === 0) return null;
  return fromNano(corrections.reduce((total, { actual: difference }) => total + (difference ?? 0n), actual ?? 0n));
}

function shared(entries: readonly Entry[]) {
  return {
    saved: fromNano(entries.reduce((total, { kind, saved }) => (isShare(kind) ? total + (saved ?? 0n) : total), 0n)),
    cached: entries.some(({ kind }) => kind === "hit"),
    joined: entries.some(({ kind }) => kind === "join"),
  };
}

function isShare(kind: Entry["kind"]): boolean {
  return kind === "hit" || kind === "join";
}

function receiptEstimate(record: EstimateRecord): ReceiptEstimate {
  return {
    low: amountOf(record.low),
    expected: amountOf(record.expected),
    high: amountOf(record.high),
    unit: record.unit,
    quantity: record.quantity === null ? null : decimal(record.quantity),
    unitPrice: record.unitPrice === null ? null : decimal(record.unitPrice),
    basis: record.basis,
    source: record.source,
    asOf: record.asOf,
  };
}

function amountOf(nano: Nano | null): Decimal | null {
  return nano === null ? null : fromNano(nano);
}
