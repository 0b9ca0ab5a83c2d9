import { type Decimal, fromNano, money, type Nano } from "../../money.ts";
import type { Entry } from "../../store/store.ts";

export type AdviceKind =
  | "repeated-requests"
  | "draft-first"
  | "smaller-size"
  | "cheaper-model"
  | "silent-video"
  | "whole-minutes"
  | "merge-requests"
  | "next-volume-tier"
  | "estimate-drift"
  | "assumed-billed"
  | "unknown-bills";

/** What the ledger says could cost less, with the money and the purchases that show it. */
export interface Advice {
  kind: AdviceKind;
  title: string;
  /** Dollars of the range that would not have been spent. Zero where the gain is not money yet. Two advices may save the same dollar. */
  saving: Decimal;
  endpointId: string | null;
  evidence: Evidence;
  /** The one thing to do. */
  how: string;
}

export interface Evidence {
  purchases: number;
  /** What they cost, or for `estimate-drift` how far they were off. */
  amount: Decimal;
  /** Our ids of the first 20 purchases. */
  ids: string[];
  since: Date;
  until: Date;
}

/** A purchase that was charged, and what for. */
export interface Paid {
  entry: Entry;
  cost: Nano;
}

const IDS_SHOWN = 20;

/** The evidence that purchases are, in order of sending. `amount` is what they cost where it is not given. */
export function evidenceOf(entries: readonly Entry[], amount: Nano): Evidence {
  const times = entries.map(({ at }) => at);
  return {
    purchases: entries.length,
    amount: fromNano(amount),
    ids: entries.slice(0, IDS_SHOWN).map(({ id }) => id),
    since: new Date(times.reduce((a, b) => Math.min(a, b))),
    until: new Date(times.reduce((a, b) => Math.max(a, b))),
  };
}

export function costOf(paid: readonly Paid[]): Nano {
  return paid.reduce((total, { cost }) => total + cost, 0n);
}

/** Paid purchases by endpoint, in order of sending. */
export function byEndpoint(paid: readonly Paid[]): Map<string, Paid[]> {
  const groups = new Map<string, Paid[]>();
  for (const each of paid) {
    const its = groups.get(each.entry.endpointId);
    if (its) its.push(each);
    else groups.set(each.entry.endpointId, [each]);
  }
  return groups;
}

/** `3 purchases`, `1 purchase`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** Money to read: six decimals are plenty. */
export function shown(amount: Nano): string {
  return money(fromNano(amount).toDecimalPlaces(6));
}
