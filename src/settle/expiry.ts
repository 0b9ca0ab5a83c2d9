import type { Duration } from "../clock.ts";
import type { Hold, Settlement } from "../store/store.ts";

/**
 * What is known of an open purchase. `under-way`: fal says that its job has not ended. `unanswered`: fal could not be asked, or
 * its caller may still wait. `lost`: fal was asked and nobody can tell.
 */
export type Standing = "under-way" | "unanswered" | "lost";

/** Younger purchases are left to their callers, who still wait for them, unless another age is asked for. */
export const OLDER_THAN: Duration = "10m";

const DAY_MS = 86_400_000;
/** fal keeps results for about 30 days (fal documentation, April 2026): nothing is learned after that. */
const KEPT_MS = 30 * DAY_MS;

/** A call waits for its turn at most so long, well below the day after which its hold expires: nothing is ever sent without one. */
export const WAIT_MS_MAX = DAY_MS / 2;

/**
 * From when on an open purchase is booked as if it had been billed: once every window that it counts in has closed, so that no
 * budget gets money back that was spent; after 30 days where a window never closes or there is none.
 */
export function expiresAt({ at, charges, state }: Pick<Hold, "at" | "charges" | "state">, standing: Standing): number {
  const ends = charges.map(({ window }) =>
    window.kind === "rolling" ? at + window.lengthMs : (window.endsAt ?? at + KEPT_MS),
  );
  const closed = Math.max(...(ends.length > 0 ? ends : [at + KEPT_MS]));
  // One whose answer nobody waits for yet may not have been sent: its caller may be in a queue.
  if (standing === "lost" && state !== "held") return closed;
  return Math.max(closed, at + (standing === "under-way" ? KEPT_MS : DAY_MS));
}

/** What is written of a purchase whose fate nobody knows: its hold, as if it had been billed. */
export function expiryOf({ amount, doubt }: Pick<Hold, "amount" | "doubt">): ExpiredVerdict {
  return { outcome: "expired", amount, why: `unknown, assumed billed${doubt === null ? "" : `; ${doubt}`}` };
}

/** Nobody could tell in time. An unknown amount stays unknown. */
export interface ExpiredVerdict {
  outcome: "expired";
  amount: Hold["amount"];
  why: string;
}

export function expiredPosting({ amount, why }: ExpiredVerdict): Omit<Settlement, "at" | "requestId"> {
  return { outcome: "expired", post: { amount }, basis: "assumed-billed", billableUnits: null, note: why };
}
