import type { Tags, Transport } from "../call.ts";
import type { Nano } from "../money.ts";
import type { Row, Value } from "./sqlite-driver.ts";
import type { Charge, Entry, EntryKind, EstimateRecord, Hold, HoldState, StoredResult } from "./store.ts";

/** The parts of a hold that nobody searches for, as they are written in `detail`. */
interface HoldDetail {
  transport: Transport;
  digest: string | null;
  estimate: EstimateRecord;
  charges: readonly Charge[];
}

type EntryDetail = HoldDetail & Pick<Entry, "discountPercent" | "billableUnits" | "about" | "note">;

export function holdDetail({ purchase: { transport, digest, estimate }, charges }: Hold): string {
  return write({ transport, digest, estimate, charges } satisfies HoldDetail);
}

export function entryDetail(entry: Entry): string {
  const { transport, digest, estimate, charges, discountPercent, billableUnits, about, note } = entry;
  return write({
    transport,
    digest,
    estimate,
    charges,
    discountPercent,
    billableUnits,
    about,
    note,
  } satisfies EntryDetail);
}

export function holdOf(row: Row): Hold {
  const { transport, digest, estimate, charges } = read<HoldDetail>(row.detail);
  return {
    id: row.id as string,
    at: Number(row.at),
    amount: amountOf(row.amount),
    charges,
    purchase: {
      endpointId: row.endpoint_id as string,
      transport,
      tags: JSON.parse(row.tags as string) as Tags,
      key: row.key as string | null,
      digest,
      estimate,
    },
    state: row.state as HoldState,
    requestId: row.request_id as string | null,
    sharers: Number(row.sharers),
    doubt: row.doubt as string | null,
  };
}

export function entryOf(row: Row): Entry {
  return {
    seq: Number(row.seq),
    id: row.id as string,
    kind: row.kind as EntryKind,
    endpointId: row.endpoint_id as string,
    tags: JSON.parse(row.tags as string) as Tags,
    requestId: row.request_id as string | null,
    at: Number(row.at),
    settledAt: row.settled_at === null ? null : Number(row.settled_at),
    outcome: row.outcome as Entry["outcome"],
    actual: amountOf(row.actual),
    saved: amountOf(row.saved),
    basis: row.basis as string,
    ...read<EntryDetail>(row.detail),
  };
}

export function resultOf(row: Row): StoredResult {
  return {
    key: row.key as string,
    requestId: row.request_id as string,
    endpointId: row.endpoint_id as string,
    tags: JSON.parse(row.tags as string) as Tags,
    transport: row.transport as Transport,
    status: Number(row.status),
    contentType: row.content_type as string,
    body: row.body as Uint8Array,
    cost: amountOf(row.cost),
    storedAt: Number(row.stored_at),
    expiresAt: Number(row.expires_at),
  };
}

/** @throws TypeError for what no amount was written as; the file is damaged then. */
function amountOf(value: unknown): Nano | null {
  if (value === null || typeof value === "bigint") return value;
  throw new TypeError("an amount is no whole number");
}

/** JSON has no bigint: amounts are written as digits. */
function write<T extends HoldDetail>(detail: T): string {
  const { low, expected, high } = detail.estimate;
  return JSON.stringify({
    ...detail,
    estimate: { ...detail.estimate, low: digits(low), expected: digits(expected), high: digits(high) },
    charges: detail.charges.map((charge) => ({ ...charge, limit: digits(charge.limit) })),
  });
}

function read<T extends HoldDetail>(text: Value | undefined): T {
  const detail = JSON.parse(text as string) as T;
  const { estimate } = detail;
  for (const bound of ["low", "expected", "high"] as const) estimate[bound] = amount(estimate[bound]);
  for (const charge of detail.charges) charge.limit = amount(charge.limit);
  return detail;
}

function digits(amount: Nano | null): string | null {
  return amount === null ? null : amount.toString();
}

function amount(written: unknown): Nano | null {
  return written === null ? null : BigInt(written as string);
}
