import type { Tags, Transport } from "../call.ts";
import type { Nano } from "../money.ts";
import type { Reply } from "./redis-connection.ts";
import { tagsText } from "./rollup.ts";
import type {
  Charge,
  CounterState,
  Entry,
  EntryKind,
  EstimateRecord,
  Hold,
  HoldState,
  Note,
  StoredResult,
} from "./store.ts";

/** What a script keeps of a purchase without looking into it. */
interface Detail {
  transport: Transport;
  digest: string | null;
  estimate: EstimateRecord;
  charges: readonly Charge[];
}

/** What it keeps of the end of a purchase in the same way. */
type Remarks = Pick<Entry, "billableUnits" | "about" | "note">;

/** What it keeps of an answer. */
interface Head {
  transport: Transport;
  status: number;
  contentType: string;
  cost: string | null;
}

/** `''` is none or unknown, for no id and no amount is ever empty. */
export function text(value: string | number | bigint | null | undefined): string {
  return value === null || value === undefined ? "" : `${value}`;
}

function orNull(written: Reply | undefined): string | null {
  return written === "" || written === undefined || written === null ? null : `${written}`;
}

function nanoOrNull(written: Reply | undefined): Nano | null {
  const digits = orNull(written);
  return digits === null ? null : BigInt(digits);
}

/** Each counter once, as the scripts read it: `[counter, "fixed", end or ""]` or `[counter, "rolling", length]`. */
export function windowsText(charges: readonly Charge[]): string {
  const windows = new Map<string, string[]>();
  for (const { counter, window } of charges) {
    const length = window.kind === "rolling" ? `${window.lengthMs}` : text(window.endsAt);
    windows.set(counter, [counter, window.kind, length]);
  }
  return JSON.stringify([...windows.values()]);
}

/** Every charge's limit, with the place of its counter among the windows, from 1. */
export function limitsText(charges: readonly Charge[]): string {
  const counters = countersOf(charges);
  return JSON.stringify(charges.map(({ counter, limit }) => [counters.indexOf(counter) + 1, text(limit)]));
}

export function countersOf(charges: readonly Charge[]): string[] {
  return [...new Set(charges.map(({ counter }) => counter))];
}

export function stateOf(counter: string, [spent, held, nextReleaseAt]: Reply[]): CounterState {
  const leaves = orNull(nextReleaseAt);
  return {
    counter,
    spent: BigInt(spent as string),
    held: BigInt(held as string),
    nextReleaseAt: leaves === null ? null : Number(leaves),
  };
}

/** JSON has no bigint: amounts are written as digits. */
export function detailText({ transport, digest, estimate, charges }: Detail): string {
  const { low, expected, high } = estimate;
  const digits = (amount: Nano | null) => amount?.toString() ?? null;
  return JSON.stringify({
    transport,
    digest,
    estimate: { ...estimate, low: digits(low), expected: digits(expected), high: digits(high) },
    charges: charges.map((charge) => ({ ...charge, limit: digits(charge.limit) })),
  });
}

function detailOf(written: Reply | undefined): Detail {
  const detail = JSON.parse(written as string) as Detail;
  const { estimate } = detail;
  for (const bound of ["low", "expected", "high"] as const) estimate[bound] = nanoOrNull(estimate[bound] as never);
  for (const charge of detail.charges) charge.limit = nanoOrNull(charge.limit as never);
  return detail;
}

export function holdOf(row: Reply[]): Hold {
  const [id, at, amount, state, requestId, sharers, doubt, key, endpointId, tags, written] = row as string[];
  const { charges, ...rest } = detailOf(written);
  return {
    id: id!,
    at: Number(at),
    amount: nanoOrNull(amount),
    charges,
    purchase: { endpointId: endpointId!, tags: JSON.parse(tags!) as Tags, key: orNull(key), ...rest },
    state: state as HoldState,
    requestId: orNull(requestId),
    sharers: Number(sharers),
    doubt: state === "unknown" ? doubt! : null,
  };
}

export function remarksText({ billableUnits, about, note }: Remarks): string {
  return JSON.stringify({ billableUnits, about, note });
}

/** An entry as the scripts keep it. `entryOf` reads the same order, and its number after it. */
export function entryTexts(entry: Entry): string[] {
  return [
    entry.id,
    entry.kind,
    entry.endpointId,
    text(entry.requestId),
    text(entry.at),
    text(entry.settledAt),
    entry.outcome,
    text(entry.actual),
    text(entry.saved),
    text(entry.estimate.expected),
    entry.basis,
    tagsText(entry.tags),
    text(entry.discountPercent),
    detailText(entry),
    remarksText(entry),
  ];
}

export function entryOf(row: Reply[]): Entry {
  const [id, kind, endpointId, requestId, at, settledAt, outcome, actual, saved, , basis, tags, percent] =
    row as string[];
  const settled = orNull(settledAt);
  return {
    seq: Number(row[15]),
    id: id!,
    kind: kind as EntryKind,
    endpointId: endpointId!,
    requestId: orNull(requestId),
    at: Number(at),
    settledAt: settled === null ? null : Number(settled),
    outcome: outcome as Entry["outcome"],
    actual: nanoOrNull(actual),
    saved: nanoOrNull(saved),
    basis: basis!,
    tags: JSON.parse(tags!) as Tags,
    discountPercent: Number(percent),
    ...detailOf(row[13]),
    ...(JSON.parse(row[14] as string) as Remarks),
  };
}

export function headText({ transport, status, contentType, cost }: StoredResult): string {
  return JSON.stringify({ transport, status, contentType, cost: cost?.toString() ?? null } satisfies Head);
}

/** Clients hand on answers as text, so the body travels in base64. */
export function bodyText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64");
}

export function resultOf(row: Reply[]): StoredResult {
  const [key, requestId, endpointId, tags, storedAt, expiresAt, head, body] = row as string[];
  const { cost, ...rest } = JSON.parse(head!) as Head;
  return {
    key: key!,
    requestId: requestId!,
    endpointId: endpointId!,
    tags: JSON.parse(tags!) as Tags,
    ...rest,
    cost: nanoOrNull(cost),
    storedAt: Number(storedAt),
    expiresAt: Number(expiresAt),
    body: new Uint8Array(Buffer.from(body!, "base64")),
  };
}

export function noteOf(kind: string, key: string, row: Reply[]): Note {
  const [value, at, endsAt] = row as string[];
  const end = orNull(endsAt);
  return { kind, key, value: value!, at: Number(at), expiresAt: end === null ? null : Number(end) };
}
