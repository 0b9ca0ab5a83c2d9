import type { Tags } from "../call.ts";
import type { Nano } from "../money.ts";
import type { Entry, Hold, TotalsQuery, TotalsRow } from "./store.ts";

/** Sums are kept per quarter of an hour of UTC, which every time zone's hours and days are made of. */
const quarterMs = 900_000;

export function bucketOf(at: number): number {
  return Math.floor(at / quarterMs) * quarterMs;
}

/** What is added up. */
export type Sums = Omit<TotalsRow, "endpointId" | "tags" | "bucket" | "basis">;

/** What sums are kept by. `tags` is the text of `tagsText`. */
export interface SumsKey {
  bucket: number;
  endpointId: string;
  tags: string;
  basis: string;
}

/** Tags as one text, the same for the same tags in any order. */
export function tagsText(tags: Tags): string {
  const names = Object.keys(tags);
  return names.length < 2 ? JSON.stringify(tags) : JSON.stringify(tags, names.sort());
}

export function noSums(): Sums {
  return {
    spent: 0n,
    held: 0n,
    saved: 0n,
    calls: 0,
    charged: 0,
    cached: 0,
    joined: 0,
    refused: 0,
    unknown: 0,
    estimated: 0n,
  };
}

export type EntryAmounts = Pick<Entry, "kind" | "outcome" | "actual" | "saved"> & { expected: Nano | null };

/**
 * What one entry adds. A correction adds to `spent` and is no call. What a refusal would have cost was not saved:
 * the caller did not get it.
 */
export function sumsOfEntry({ kind, outcome, actual, saved, expected }: EntryAmounts): Sums {
  const sums = noSums();
  sums.spent = actual ?? 0n;
  if (kind === "purchase") {
    sums.calls = 1;
    if (actual === null) sums.unknown = 1;
    if (outcome === "charged") {
      sums.charged = 1;
      sums.estimated = expected ?? 0n;
    }
  } else if (kind === "hit") {
    sums.cached = 1;
    sums.saved = saved ?? 0n;
  } else if (kind === "join") {
    sums.joined = 1;
    sums.saved = saved ?? 0n;
  } else if (kind === "refusal") sums.refused = 1;
  return sums;
}

/** What one open hold adds. */
export function sumsOfHold(amount: Hold["amount"]): Sums {
  const sums = noSums();
  if (amount === null) sums.unknown = 1;
  else sums.held = amount;
  return sums;
}

export function addSums(into: Sums, more: Sums): void {
  into.spent += more.spent;
  into.held += more.held;
  into.saved += more.saved;
  into.calls += more.calls;
  into.charged += more.charged;
  into.cached += more.cached;
  into.joined += more.joined;
  into.refused += more.refused;
  into.unknown += more.unknown;
  into.estimated += more.estimated;
}

/** From inclusive, to exclusive. */
export interface Span {
  from: number;
  to: number;
}

/**
 * Cuts a range into the quarter hours it covers whole, which are answered from sums, and the pieces at its edges, which are
 * answered from entries. At most two pieces, each shorter than a quarter of an hour.
 */
export function cutRange({ since, until }: Pick<TotalsQuery, "since" | "until">): {
  whole: Span | null;
  edges: Span[];
} {
  const from = since ?? Number.MIN_SAFE_INTEGER;
  const to = until ?? Number.MAX_SAFE_INTEGER;
  if (!(from < to)) return { whole: null, edges: [] };
  const first = since === undefined ? from : Math.ceil(from / quarterMs) * quarterMs;
  const last = until === undefined ? to : bucketOf(to);
  if (first > last) return { whole: null, edges: [{ from, to }] };
  const edges = [
    { from, to: first },
    { from: last, to },
  ].filter((edge) => edge.from < edge.to);
  return { whole: first < last ? { from: first, to: last } : null, edges };
}

const dayMs = 86_400_000;

/** The day of UTC, for sums that are asked for over so long that nobody minds its hours. */
export function dayOf(at: number): number {
  return Math.floor(at / dayMs) * dayMs;
}

/** Cuts quarter hours into the days they cover whole, and the quarter hours before and after. */
export function cutDays({ from, to }: Span): { days: Span | null; quarters: Span[] } {
  const [first, last] = [Math.ceil(from / dayMs) * dayMs, dayOf(to)];
  if (first >= last) return { days: null, quarters: [{ from, to }] };
  const quarters = [
    { from, to: first },
    { from: last, to },
  ].filter((span) => span.from < span.to);
  return { days: { from: first, to: last }, quarters };
}

/** Collects sums into the groups that a query asks for. */
export interface Groups {
  add(key: SumsKey, sums: Sums): void;
  /** By bucket, endpoint, tags, basis. Ungrouped sums are always one row. */
  rows(): TotalsRow[];
}

export function createGroups(by: TotalsQuery["by"]): Groups {
  const asked = new Set(by);
  const groups = new Map<string, { key: Partial<SumsKey>; sums: Sums }>();
  function groupOf(key: Partial<SumsKey>): Sums {
    const name = JSON.stringify([key.bucket, key.endpointId, key.tags, key.basis]);
    let group = groups.get(name);
    if (!group) {
      group = { key, sums: noSums() };
      groups.set(name, group);
    }
    return group.sums;
  }
  if (asked.size === 0) groupOf({});
  return {
    add({ bucket, endpointId, tags, basis }, sums) {
      const key: Partial<SumsKey> = {};
      if (asked.has("bucket")) key.bucket = bucket;
      if (asked.has("endpoint")) key.endpointId = endpointId;
      if (asked.has("tags")) key.tags = tags;
      if (asked.has("basis")) key.basis = basis;
      addSums(groupOf(key), sums);
    },
    rows() {
      const sorted = [...groups.values()].sort(
        ({ key: a }, { key: b }) =>
          (a.bucket ?? 0) - (b.bucket ?? 0) ||
          compare(a.endpointId, b.endpointId) ||
          compare(a.tags, b.tags) ||
          compare(a.basis, b.basis),
      );
      return sorted.map(({ key, sums }) => ({
        endpointId: key.endpointId ?? null,
        tags: key.tags === undefined ? null : (JSON.parse(key.tags) as Tags),
        bucket: key.bucket ?? null,
        basis: key.basis ?? null,
        ...sums,
      }));
    },
  };
}

function compare(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
