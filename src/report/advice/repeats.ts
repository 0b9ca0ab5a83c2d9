import { fromNano } from "../../money.ts";
import { type Advice, byEndpoint, costOf, counted, evidenceOf, type Paid, shown } from "./advise.ts";

/**
 * Purchases that a cache would have answered: the same input to the same endpoint, sent within `ttlMs` of one that was bought. As in
 * the cache, a hit does not make the answer last longer.
 */
export function repeatsOf(paid: readonly Paid[], ttlMs: number): Paid[] {
  const boughtAt = new Map<string, number>();
  return paid.filter(({ entry }) => {
    if (entry.digest === null) return false;
    const key = JSON.stringify([entry.endpointId, entry.digest]);
    const bought = boughtAt.get(key);
    if (bought !== undefined && entry.at - bought < ttlMs) return true;
    boughtAt.set(key, entry.at);
    return false;
  });
}

export function repeatedRequests(paid: readonly Paid[], ttlMs: number): Advice[] {
  return [...byEndpoint(repeatsOf(paid, ttlMs))].map(([endpointId, repeats]) => {
    const cost = costOf(repeats);
    return {
      kind: "repeated-requests",
      title: `${endpointId} was asked for what it had just made: ${counted(repeats.length, "purchase")} for ${shown(cost)}`,
      saving: fromNano(cost),
      endpointId,
      evidence: evidenceOf(
        repeats.map(({ entry }) => entry),
        cost,
      ),
      how: `Set cache: { ttl: "${durationOf(ttlMs)}" }; with unseeded: true where the calls have no seed and the same answer would do.`,
    };
  });
}

/** As options take it, in hours where they are whole. */
function durationOf(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}
