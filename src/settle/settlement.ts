import type { Bill, JobState, Transport } from "../call.ts";
import type { Decimal } from "../money.ts";

/** What was seen of a paid request, whichever way it travelled. */
export type Observation =
  /** The paid request itself was answered. `requestId` is the job's, when a submit named one. */
  | { kind: "answered"; transport: Transport; status: number; bill: Bill; requestId: string | null }
  /** An answer began and was cut short, so that its body is lost. */
  | { kind: "cut"; status: number; bill: Bill; why: string }
  /** It was not answered. */
  | { kind: "unanswered"; fate: "never-arrived" | "unknown"; why: string }
  /** It was given up while it still waited here. */
  | { kind: "never-sent"; why: string }
  /** The queue's result was fetched. `explained`: the body is the model's or runner's own error, not a gateway's. */
  | { kind: "collected"; status: number; bill: Bill; explained: boolean }
  /** A cancel was answered. `lastSeen` is the job's state as last reported to us. */
  | { kind: "cancelled"; status: number; lastSeen: JobState | null };

/** What it means for the hold. */
export type Verdict =
  /** Post it: fal's own units, or the estimate where fal sent none. */
  | { outcome: "charged"; by: "billed-units"; units: Decimal; text: string }
  | { outcome: "charged"; by: "estimate"; why: string }
  /** Give it back. */
  | { outcome: "free"; why: string }
  /** fal took the job; the bill comes with its result. */
  | { outcome: "pending"; requestId: string }
  /** Nobody knows; the money stays held. */
  | { outcome: "unknown"; why: string }
  /** Says nothing new: whatever was known before stands. */
  | { outcome: "undecided"; why: string };

/**
 * Promise 6: the settlement table, total over every observation.
 *
 * Server errors, refused connections and 429 are free (fal documentation, April 2026); a bill in the header holds at any
 * status, `"0"` included; what cannot be decided keeps its hold.
 */
export function verdictOn(seen: Observation): Verdict {
  switch (seen.kind) {
    case "never-sent":
      return { outcome: "free", why: seen.why };
    case "unanswered":
      return seen.fate === "never-arrived"
        ? { outcome: "free", why: `never arrived (${seen.why})` }
        : { outcome: "unknown", why: `answer lost (${seen.why})` };
    case "answered":
      return billed(seen.bill) ?? answered(seen);
    case "cut":
      return billed(seen.bill) ?? cut(seen);
    case "collected":
      return billed(seen.bill) ?? collected(seen);
    case "cancelled":
      return cancelled(seen);
  }
}

function billed(bill: Bill): Verdict | null {
  if (bill.kind !== "units") return null;
  if (bill.units.isZero()) return { outcome: "free", why: "fal billed 0 units" };
  return { outcome: "charged", by: "billed-units", units: bill.units, text: bill.text };
}

function answered({ transport, status, bill, requestId }: Extract<Observation, { kind: "answered" }>): Verdict {
  if (status >= 200 && status < 300) {
    if (transport !== "queue") return { outcome: "charged", by: "estimate", why: noBill(bill) };
    return requestId === null
      ? { outcome: "unknown", why: "the submit was answered without a request id" }
      : { outcome: "pending", requestId };
  }
  if (bill.kind === "malformed") return { outcome: "unknown", why: `status ${status} with a malformed bill` };
  if (status >= 500) return { outcome: "free", why: `server error ${status}` };
  if (status === 422) return { outcome: "unknown", why: "status 422 without a bill: charged when a runner spent time" };
  if (status >= 400) return { outcome: "free", why: `refused with ${status}` };
  return { outcome: "unknown", why: `status ${status}` };
}

function cut({ status, why }: Extract<Observation, { kind: "cut" }>): Verdict {
  if (status >= 500) return { outcome: "free", why: `server error ${status}` };
  return { outcome: "unknown", why: `answer ${status} cut short (${why})` };
}

function collected({ status, bill, explained }: Extract<Observation, { kind: "collected" }>): Verdict {
  if (status >= 200 && status < 300) return { outcome: "charged", by: "estimate", why: noBill(bill) };
  if (status >= 500 && explained && bill.kind === "absent")
    return { outcome: "free", why: `the job failed with ${status}` };
  return { outcome: "undecided", why: `result answered ${status} without a bill` };
}

function cancelled({ status, lastSeen }: Extract<Observation, { kind: "cancelled" }>): Verdict {
  if (status < 200 || status >= 300) return { outcome: "undecided", why: `cancel answered ${status}` };
  if (lastSeen === "IN_QUEUE") return { outcome: "free", why: "cancelled while queued" };
  return { outcome: "unknown", why: "cancelled while it may have been running" };
}

function noBill(bill: Bill): string {
  return bill.kind === "malformed" ? "malformed bill" : "no bill in the answer";
}
