/** Which of fal's requests a lost purchase is, by its input and its time. Pure: nothing is asked here. */
import type { Hold } from "../store/store.ts";

/** A request that fal knows and the ledger does not. */
export interface Candidate {
  requestId: string;
  /** When fal got it. */
  at: number;
  /** Of its input, in the form that holds carry. */
  digest: string;
}

export interface Match<Found extends Candidate> {
  hold: Hold;
  found: Found;
}

/** fal's clock and ours may differ by so much. */
export const EARLY_MS = 2_000;
/** A call may wait for its turn between its hold and its sending. */
export const LATE_MS = 5 * 60_000;

/**
 * Pairs holds and candidates of one endpoint. `holds` must be all that are open without a request id, those whose callers still
 * wait included, for a candidate may be theirs. Where several could be each other's, there must be as many candidates as holds, and
 * they are paired in the order of time; otherwise nobody can tell, and none is paired.
 */
export function matched<Found extends Candidate>(holds: readonly Hold[], candidates: readonly Found[]): Match<Found>[] {
  const found = groupBy(candidates, ({ digest }) => digest);
  return [...groupBy(holds, ({ purchase }) => purchase.digest ?? "")].flatMap(([digest, lost]) =>
    pairs(lost.sort(byTime), (found.get(digest) ?? []).sort(byTime)),
  );
}

interface Cluster<Found> {
  first: number;
  last: number;
  found: Found[];
}

function pairs<Found extends Candidate>(holds: readonly Hold[], candidates: readonly Found[]): Match<Found>[] {
  return clusters(holds, candidates).flatMap(({ first, last, found }) => {
    const lost = holds.slice(first, last + 1);
    if (lost.length !== found.length) return [];
    const together = lost.map((hold, index) => ({ hold, found: found[index]! }));
    return together.every((pair) => canBe(pair.hold, pair.found)) ? together : [];
  });
}

/** Candidates in the order of time can be the same holds or later ones, so what belongs together lies side by side. */
function clusters<Found extends Candidate>(holds: readonly Hold[], candidates: readonly Found[]): Cluster<Found>[] {
  const made: Cluster<Found>[] = [];
  let first = 0;
  let next = 0;
  for (const candidate of candidates) {
    while (first < holds.length && candidate.at > holds[first]!.at + LATE_MS) first++;
    while (next < holds.length && candidate.at >= holds[next]!.at - EARLY_MS) next++;
    if (first >= next) continue;
    const before = made.at(-1);
    if (before && first <= before.last) {
      before.last = next - 1;
      before.found.push(candidate);
    } else made.push({ first, last: next - 1, found: [candidate] });
  }
  return made;
}

function canBe(hold: Hold, { at }: Candidate): boolean {
  return at >= hold.at - EARLY_MS && at <= hold.at + LATE_MS;
}

function byTime(a: { at: number }, b: { at: number }): number {
  return a.at - b.at;
}

function groupBy<Each>(all: readonly Each[], keyOf: (each: Each) => string): Map<string, Each[]> {
  const groups = new Map<string, Each[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group) group.push(each);
    else groups.set(keyOf(each), [each]);
  }
  return groups;
}

const CLUSTER_GAP_MS = 3_600_000;
const CLUSTER_SPAN_MS = 24 * 3_600_000;

/** One question's worth of lost purchases: of one endpoint, and not far from each other in time. */
export interface Span {
  endpointId: string;
  from: number;
  until: number;
}

/** A queued job may be listed under the time at which its work began. */
const QUEUED_MS = 3_600_000;

/** The spans of time to ask fal about, oldest first. */
export function spansOf(holds: readonly Hold[]): Span[] {
  const spans: Span[] = [];
  for (const [endpointId, lost] of groupBy(holds, ({ purchase }) => purchase.endpointId)) {
    let start = Number.NEGATIVE_INFINITY;
    let before = Number.NEGATIVE_INFINITY;
    for (const { at } of lost.sort(byTime)) {
      const from = at - EARLY_MS;
      const until = at + LATE_MS + QUEUED_MS;
      const apart = at - before > CLUSTER_GAP_MS || at - start > CLUSTER_SPAN_MS;
      const current = apart ? undefined : spans.at(-1);
      if (current) current.until = until;
      else {
        spans.push({ endpointId, from, until });
        start = at;
      }
      before = at;
    }
  }
  return spans.sort((a, b) => a.from - b.from);
}
