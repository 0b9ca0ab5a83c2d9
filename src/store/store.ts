import type { EndpointId, Tags, Transport } from "../call.ts";
import type { Nano } from "../money.ts";

/**
 * The port to where money is written down. Types only.
 *
 * What every adapter promises:
 * - A verb is atomic: it happens whole or not at all, over all processes that share the store.
 * - Ids are the caller's, so a verb whose answer was lost may be sent again: `hold` with a known id answers as it did.
 * - A hold is resolved once. The second resolution answers `already`.
 * - Amounts are integer nano-dollars; `null` is "unknown" and never becomes zero.
 * - Nothing grows without bound.
 * - Failures are `StoreError`s.
 */
export interface Store {
  /** `"memory:"`, `"sqlite:/path"`, `"redis://host"`: never with a password. For messages. */
  readonly name: string;

  /** Holds `amount` under every charge, or under none. Also claims `purchase.key` for joins (see `JoinAnswer`). */
  hold(request: HoldRequest): Promise<HoldAnswer>;
  /** Ties fal's request id to an open hold. */
  bind(id: string, requestId: string): Promise<void>;
  /** Resolves an open hold: spent grows by the amount posted, held shrinks by the amount held, and an entry is written. */
  settle(id: string, settlement: Settlement): Promise<SettleAnswer>;
  /** Marks an open hold as of unknown fate; its money stays held. */
  doubt(id: string, why: string, at: number): Promise<void>;
  /** Writes an entry that holds no money: a hit, a join, a refusal, a correction. A correction's amount is posted under its charges. */
  record(entry: Entry): Promise<void>;

  /** The open hold with this id, request id, or cache key (bound ones only for a key, newest first). */
  findHold(by: { id: string } | { requestId: string } | { key: string }): Promise<Hold | undefined>;
  /** The purchase entry with this id or request id (the purchase itself, not the hits on it). */
  findEntry(by: { id: string } | { requestId: string }): Promise<Entry | undefined>;
  /** Open holds, oldest first. */
  openHolds(query: { before?: number; after?: string; limit: number }): Promise<Hold[]>;
  /** Entries in the order written; `after` is the `seq` of the last one seen. */
  entries(query: EntryQuery): Promise<Entry[]>;
  /** Sums over entries and open holds, grouped. From rollups where the bounds allow. */
  totals(query: TotalsQuery): Promise<TotalsRow[]>;
  /** Counters as they stand at `at` (rolling ones decayed). `prefix` selects by the start of the counter's id. */
  counters(query: { prefix: string; at: number }): Promise<CounterState[]>;

  /** One more caller shares the job of an open, bound hold. Answers how many do now; 0 when it is no longer open. */
  share(requestId: string): Promise<number>;
  /** One caller lets go. Answers how many remain; 0 means that the job is nobody's. */
  unshare(requestId: string): Promise<number>;

  /** Takes one permit under every pace, or none. Taken again with the same id it is taken once, and the ends given last hold. */
  take(request: PermitRequest): Promise<TakeAnswer>;
  /** Moves the ends of permits that still stand; 0 gives one back. Answers how many stood. */
  keep(permits: readonly Permit[], at: number): Promise<number>;

  putResult(result: StoredResult): Promise<void>;
  /** A result that has not expired at `at`. */
  getResult(by: { key: string } | { requestId: string }, at: number): Promise<StoredResult | undefined>;
  /** Answers how many went. */
  deleteResults(by: { endpoint?: string; tag?: { name: string; value: string }; key?: string }): Promise<number>;

  /** Small facts with an optional end: live prices, upload digests, learned bills, registered budgets. `value` is JSON text. */
  putNote(note: Note): Promise<void>;
  getNote(kind: string, key: string, at: number): Promise<Note | undefined>;
  listNotes(kind: string, at: number): Promise<Note[]>;
  deleteNote(kind: string, key: string): Promise<void>;

  close(): Promise<void>;
}

/** A counter that a hold counts under: one budget in one window (and one split value). */
export interface Charge {
  /** Unique over budgets, split values and windows, e.g. `day|b1|customer=acme|2026-11-23T00:00:00.000Z`. */
  counter: string;
  /** The budget's name, for messages. */
  budget: string;
  /** `spent + held + amount ≤ limit` is tested; `null` counts and lets through (a budget that only warns). */
  limit: Nano | null;
  window:
    | {
        kind: "fixed" /** First instant after the window; `null` never ends. The counter may be dropped a while later. */;
        endsAt: number | null;
      }
    | {
        kind: "rolling" /** An amount counts from the moment it was held until this many ms later. */;
        lengthMs: number;
      };
}

/** What the ledger knows of a purchase from the moment it is held. */
export interface Purchase {
  endpointId: EndpointId;
  transport: Transport;
  tags: Tags;
  /** Cache key, where the call may be shared. */
  key: string | null;
  /** SHA-256 of the canonical input, to recognise a lost job by. */
  digest: string | null;
  estimate: EstimateRecord;
}

/** An estimate as it is written down. Amounts in nano-dollars; quantities and unit prices as plain decimal strings. */
export interface EstimateRecord {
  low: Nano | null;
  expected: Nano | null;
  high: Nano | null;
  unit: string | null;
  quantity: string | null;
  unitPrice: string | null;
  basis: string;
  source: string;
  asOf: string | null;
  /** The parameters that bear on the price, so that whoever settles the purchase can learn what such requests cost. */
  shape?: string;
}

export interface HoldRequest {
  id: string;
  /** When the call is sent, by the meter's clock: decides every window. */
  at: number;
  /** The most it may cost. `null` (unknown) is counted under no charge. */
  amount: Nano | null;
  charges: readonly Charge[];
  purchase: Purchase;
  /** When set and an open hold with the same `purchase.key` was made at or after this time, nothing is held and its answer is `joined`. */
  joinSince?: number;
}

export type HoldAnswer =
  | { outcome: "held" /** Each charge's counter after the hold. */; counters: CounterState[] }
  | { outcome: "refused" /** The first charge that would not fit. */; charge: Charge; counter: CounterState }
  | { outcome: "joined"; hold: Hold };

export interface CounterState {
  counter: string;
  spent: Nano;
  held: Nano;
  /** For a rolling counter: when the oldest amount in it leaves; else `null`. */
  nextReleaseAt: number | null;
}

/** `held`: under way. `pending`: fal took it and its request id is known. `unknown`: its answer was lost. */
export type HoldState = "held" | "pending" | "unknown";

export interface Hold {
  id: string;
  at: number;
  amount: Nano | null;
  charges: readonly Charge[];
  purchase: Purchase;
  state: HoldState;
  requestId: string | null;
  /** Callers that share the job, the buyer included. */
  sharers: number;
  /** Why its fate is unknown, where it is. */
  doubt: string | null;
}

/** How a purchase ended. `expired`: nobody could tell; assumed billed. */
export type Outcome = "charged" | "free" | "expired";

export interface Settlement {
  at: number;
  outcome: Outcome;
  requestId: string | null;
  /**
   * What to post. With `ordinal`, the store counts this purchase under `ordinal.counter` and posts the amount of the last
   * tier whose `from` is ≤ the new count, so that the n-th purchase of a month gets its own tier whoever settles it.
   * `null` amounts are unknown: nothing is added to spent, the entry says unknown.
   */
  post: {
    amount: Nano | null;
    ordinal?: { counter: string; tiers: readonly { from: number; amount: Nano; percent: number }[] };
  };
  /** How the amount is known: `billed-units`, `rate-card`, `estimate`, `free`, …. */
  basis: string;
  /** fal's `x-fal-billable-units`, as it came. */
  billableUnits: string | null;
  note: string | null;
}

export type SettleAnswer =
  | { outcome: "settled"; entry: Entry; counters: CounterState[] }
  | { outcome: "already"; entry: Entry | undefined };

export type EntryKind = "purchase" | "hit" | "join" | "refusal" | "correction";

/** One line of the ledger. Never changed once written; a later truth is a `correction`. */
export interface Entry {
  /** Given by the store on writing, growing. */
  seq?: number;
  id: string;
  kind: EntryKind;
  endpointId: EndpointId;
  transport: Transport;
  tags: Tags;
  requestId: string | null;
  /** When it was sent (or hit, joined, refused). Decides every window. */
  at: number;
  settledAt: number | null;
  outcome: Outcome | "hit" | "joined" | "refused" | "corrected";
  estimate: EstimateRecord;
  /** What was spent; `null` is unknown. Zero for hits, joins and refusals, which cost nothing. */
  actual: Nano | null;
  /** What this call would have cost, for hits and joins; for a refusal what was requested; else 0. `null` is unknown. */
  saved: Nano | null;
  /** Percent taken off by the volume discount. */
  discountPercent: number;
  basis: string;
  billableUnits: string | null;
  /** Counters it was charged under, so that a correction reaches the same windows. */
  charges: readonly Charge[];
  /** For a correction: the id of the purchase corrected. For a refusal: the budget's name. */
  about: string | null;
  digest: string | null;
  note: string | null;
}

export interface EntryQuery {
  since?: number;
  until?: number;
  after?: number;
  endpoint?: string;
  requestId?: string;
  kinds?: readonly EntryKind[];
  limit: number;
  /** Newest first. @default false */
  newest?: boolean;
}

export interface TotalsQuery {
  /** Inclusive. */
  since?: number;
  /** Exclusive. */
  until?: number;
  /** Endpoint glob is the caller's business: rows come per endpoint. */
  by: readonly ("endpoint" | "tags" | "bucket" | "basis")[];
}

/** One group. Buckets are a quarter of an hour of UTC, which every time zone's hours and days are made of. */
export interface TotalsRow {
  endpointId: string | null;
  tags: Tags | null;
  /** Start of the quarter hour. */
  bucket: number | null;
  basis: string | null;
  spent: Nano;
  /** By open holds sent in the range. */
  held: Nano;
  saved: Nano;
  /** Paid purchases, settled ones of every outcome. */
  calls: number;
  charged: number;
  cached: number;
  joined: number;
  refused: number;
  /** Settled purchases and open holds whose amount is unknown. */
  unknown: number;
  /** Sum of the expected amounts of charged purchases, for comparing estimate with bill. */
  estimated: Nano;
}

/**
 * Asks to be one of so many at work, or that were sent, over all processes that share the store. A permit ends by itself, so a
 * holder that dies gives it back.
 */
export interface PermitRequest {
  id: string;
  /** By the taker's clock. A store on a server goes by the server's, for machines differ in theirs. */
  at: number;
  /** At most `count` permits stand under one pace. */
  paces: readonly { pace: string; count: number; endsInMs: number }[];
}

export interface Permit {
  id: string;
  pace: string;
  /** From now. */
  endsInMs: number;
}

export type TakeAnswer =
  | { outcome: "taken" }
  | { outcome: "full"; pace: string /** Until the first permit under it ends by itself. */; freeInMs: number };

/** The answer of a job bought, kept to be given again. */
export interface StoredResult {
  key: string;
  requestId: string;
  endpointId: EndpointId;
  tags: Tags;
  transport: Transport;
  status: number;
  contentType: string;
  body: Uint8Array;
  /** What it cost, so that a hit can say what it saved. */
  cost: Nano | null;
  storedAt: number;
  expiresAt: number;
}

export interface Note {
  kind: string;
  key: string;
  value: string;
  at: number;
  /** `null` keeps it until replaced. */
  expiresAt: number | null;
}
