import { type EndpointId, endpointMatcher } from "../call.ts";
import type { EntryTable } from "./booking.ts";
import {
  addSums,
  bucketOf,
  cutRange,
  type Groups,
  noSums,
  type Sums,
  type SumsKey,
  sumsOfEntry,
  tagsText,
} from "./rollup.ts";
import type { Entry, EntryKind, EntryQuery, Hold, TotalsQuery } from "./store.ts";

interface Rollup extends SumsKey {
  /** How much time the row stands for. The oldest rows of a long-lived process are folded into coarser ones. */
  grain: "quarter-hour" | "day" | "all";
  sums: Sums;
}

export interface MemoryEntries extends EntryTable {
  list(query: EntryQuery): Entry[];
  /** Adds the sums of a range. An edge inside a quarter hour counts the entries that are still kept. */
  addTotals(groups: Groups, range: TotalsQuery): void;
}

/** Keeps the last `entriesMax` entries, and as many rows of sums; sums outlive the entries they were made of. */
export function createMemoryEntries(entriesMax: number): MemoryEntries {
  /** Those before `head` are dropped and leave nothing behind but their places, which are given up by and by. */
  let kept: (Entry | null)[] = [];
  let head = 0;
  let seq = 0;
  const byKind: Record<EntryKind, Map<string, Entry>> = {
    purchase: new Map(),
    hit: new Map(),
    join: new Map(),
    refusal: new Map(),
    correction: new Map(),
  };
  const byRequest = new Map<string, Entry>();
  const byBucket = new Map<number, Set<Entry>>();
  const rollups = new Map<string, Rollup>();

  function dropOldest(): void {
    const oldest = kept[head]!;
    kept[head] = null;
    head += 1;
    if (head >= 1_024 && head * 2 >= kept.length) {
      kept = kept.slice(head);
      head = 0;
    }
    byKind[oldest.kind].delete(oldest.id);
    if (oldest.requestId !== null && byRequest.get(oldest.requestId) === oldest) byRequest.delete(oldest.requestId);
    const bucket = byBucket.get(bucketOf(oldest.at));
    bucket?.delete(oldest);
    if (bucket?.size === 0) byBucket.delete(bucketOf(oldest.at));
  }

  function addRollup(key: SumsKey, grain: Rollup["grain"], sums: Sums): void {
    const name = `${grain}\n${key.bucket}\n${key.endpointId}\n${key.basis}\n${key.tags}`;
    let row = rollups.get(name);
    if (!row) {
      row = { ...key, grain, sums: noSums() };
      rollups.set(name, row);
    }
    addSums(row.sums, sums);
  }

  /** A tenth at a time: the quarter hours of the oldest rows become days without tags, and such days one row per endpoint. */
  function foldOldest(): void {
    let left = Math.ceil(entriesMax / 10);
    for (const [name, row] of rollups) {
      if (left === 0) return;
      if (row.grain === "all") continue;
      left -= 1;
      rollups.delete(name);
      const grain = row.grain === "quarter-hour" ? "day" : "all";
      const bucket = grain === "day" ? Math.floor(row.bucket / 86_400_000) * 86_400_000 : 0;
      addRollup({ bucket, endpointId: row.endpointId, tags: "{}", basis: row.basis }, grain, row.sums);
    }
  }

  return {
    has: (id, kind) => byKind[kind].has(id),
    find: (by) => ("id" in by ? byKind.purchase.get(by.id) : byRequest.get(by.requestId)),
    append(unnumbered) {
      seq += 1;
      const entry = { ...unnumbered, seq };
      kept.push(entry);
      byKind[entry.kind].set(entry.id, entry);
      if (entry.kind === "purchase" && entry.requestId !== null) byRequest.set(entry.requestId, entry);
      const bucket = bucketOf(entry.at);
      const sameTime = byBucket.get(bucket) ?? new Set();
      byBucket.set(bucket, sameTime.add(entry));
      addRollup(keyOf(entry), "quarter-hour", sumsOf(entry));
      if (kept.length - head > entriesMax) dropOldest();
      if (rollups.size > entriesMax) foldOldest();
      return entry;
    },
    list({ since, until, after, endpoint, requestId, kinds, limit, newest = false }) {
      const matches = endpoint === undefined ? () => true : endpointMatcher(endpoint);
      const wanted = (entry: Entry) =>
        (since === undefined || entry.at >= since) &&
        (until === undefined || entry.at < until) &&
        (kinds === undefined || kinds.includes(entry.kind)) &&
        (requestId === undefined || entry.requestId === requestId) &&
        matches(entry.endpointId);
      const page: Entry[] = [];
      const step = newest ? -1 : 1;
      const firstSeq = kept[head]?.seq ?? 1;
      const seen = after === undefined ? undefined : head + after - firstSeq;
      let i = newest ? Math.min(seen ?? kept.length, kept.length) - 1 : Math.max((seen ?? head - 1) + 1, head);
      for (; i >= head && i < kept.length && page.length < limit; i += step) {
        const entry = kept[i]!;
        if (wanted(entry)) page.push(entry);
      }
      return page;
    },
    addTotals(groups, range) {
      const { whole, edges } = cutRange(range);
      if (whole) {
        for (const row of rollups.values()) {
          if (row.bucket >= whole.from && row.bucket < whole.to) groups.add(row, row.sums);
        }
      }
      for (const { from, to } of edges) {
        for (const entry of byBucket.get(bucketOf(from)) ?? []) {
          if (entry.at >= from && entry.at < to) groups.add(keyOf(entry), sumsOf(entry));
        }
      }
    },
  };
}

function keyOf(entry: Entry): SumsKey {
  return {
    bucket: bucketOf(entry.at),
    endpointId: entry.endpointId,
    tags: tagsText(entry.tags),
    basis: entry.basis,
  };
}

function sumsOf(entry: Entry): Sums {
  return sumsOfEntry({ ...entry, expected: entry.estimate.expected });
}

/** What an open hold is summed under: nothing is known of its bill, so its basis is the estimate's. */
export function keyOfHold(hold: Hold): SumsKey & { endpointId: EndpointId } {
  return {
    bucket: bucketOf(hold.at),
    endpointId: hold.purchase.endpointId,
    tags: tagsText(hold.purchase.tags),
    basis: hold.purchase.estimate.basis,
  };
}
