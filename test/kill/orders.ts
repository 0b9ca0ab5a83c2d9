import type { Budget } from "../../src/index.ts";

/** Where a ledger is, so that another process can open it. */
export type LedgerAddress = { kind: "sqlite"; path: string } | { kind: "redis"; url: string; prefix: string };

/** One thing that a program wants of fal. */
export interface Errand {
  way: "run" | "subscribe" | "submit" | "cancel" | "stream";
  endpointId: string;
  input: Record<string, unknown>;
  customer: string | null;
  /** Gives up so long after it began; `null` has patience. */
  abortAfterMs: number | null;
}

/** A job that a program was given the id of. */
export interface Ticket {
  endpointId: string;
  requestId: string;
}

/** What a process is told to do. Goes through the channel as JSON. */
export type Order =
  | {
      do: "open";
      ledger: LedgerAddress;
      emulatorUrl: string;
      budgets: Budget[];
      aheadMs: number;
      /** A planted bug: buys around the meter now and then. */
      unmetered: boolean;
    }
  /** How far its clock is ahead of the machine's. */
  | { do: "clock"; aheadMs: number }
  | { do: "buy"; errands: Errand[]; atOnce: number }
  | { do: "collect"; tickets: Ticket[] }
  | { do: "reconcile" }
  | { do: "close" };

/** What became of errands: how many were answered, and how many threw what. */
export type Outcomes = Record<string, number>;

/** What a process says: the answer to an order, by its number, or something that it must tell at once. */
export type Said =
  | { answers: number; result: unknown }
  | { answers: number; failure: string }
  | { learned: Ticket }
  /** The ledger failed, which no process's death excuses. */
  | { trouble: string };

/** The sums of a reconciliation. */
export interface Resolved {
  checked: number;
  settled: number;
  adopted: number;
  expired: number;
  corrected: number;
  failure: string | null;
}

/** A key that fal's billing answers to. */
export const ADMIN_KEY = "admin:kill";
