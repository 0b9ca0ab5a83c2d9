import type { Nano } from "../money.ts";
import { requireAmount } from "./bounds.ts";
import type {
  Charge,
  CounterState,
  Entry,
  EntryKind,
  Hold,
  HoldAnswer,
  HoldRequest,
  SettleAnswer,
  Settlement,
} from "./store.ts";

/**
 * The bookkeeping of holds, once for every store that can run it inside one transaction of its own process.
 * The tables below are how a store keeps things; what may happen to them is decided here.
 *
 * - A hold takes all its charges or none: every limit is tested before anything is written.
 * - A hold is resolved once: resolving removes it, and the entry in its place answers from then on.
 * - A purchase counts once in a counter, even when two budgets share it.
 */
export interface Tables {
  holds: HoldTable;
  entries: EntryTable;
  counters: CounterTable;
  ordinals: OrdinalTable;
}

type HoldProgress = Pick<Hold, "state" | "requestId" | "sharers" | "doubt">;

export interface HoldTable {
  has(id: string): boolean;
  find(by: { id: string } | { requestId: string }): Hold | undefined;
  /** The newest open hold of this key made at or after `since` whose job is still somebody's; a bound one before others. */
  joinable(key: string, since: number): Hold | undefined;
  insert(hold: Hold): void;
  update(id: string, progress: HoldProgress): void;
  remove(id: string): void;
}

export interface EntryTable {
  has(id: string, kind: EntryKind): boolean;
  find(by: { id: string } | { requestId: string }): Entry | undefined;
  /** Writes an entry and its share of the sums; answers it with its `seq`. */
  append(entry: Entry): Entry;
}

/** What one purchase or correction does to a counter: `held` leaves it and `spent` comes to it. */
interface Posting {
  /** Of the purchase or correction. */
  id: string;
  /** When the purchase was sent. */
  at: number;
  held: Nano;
  spent: Nano;
  /** When it is posted: an amount that has left a rolling window by then adds nothing. */
  now: number;
}

export interface CounterTable {
  /** As the counter stands at `at`; zero when it does not exist. */
  state(charge: Charge, at: number): CounterState;
  hold(charge: Charge, id: string, at: number, amount: Nano): void;
  /** Reaches a counter that exists, makes one whose window is still open, and passes over one that is gone. */
  post(charge: Charge, posting: Posting): CounterState;
  /** Drops a batch of counters that ended long before `at`. */
  sweep(at: number): void;
}

export interface OrdinalTable {
  /** Counts one more and answers which it was, from 1. */
  next(counter: string, at: number): number;
}

export interface Booking {
  hold(request: HoldRequest): HoldAnswer;
  bind(id: string, requestId: string): void;
  settle(id: string, settlement: Settlement): SettleAnswer;
  doubt(id: string, why: string): void;
  record(entry: Entry): void;
  share(requestId: string): number;
  unshare(requestId: string): number;
}

export function createBooking({ holds, entries, counters, ordinals }: Tables): Booking {
  function hold(request: HoldRequest): HoldAnswer {
    const { id, at, amount, charges, purchase, joinSince } = request;
    requireAmount(amount, "amount");
    counters.sweep(at);
    const states = new Map<string, CounterState>();
    for (const charge of charges) {
      if (!states.has(charge.counter)) states.set(charge.counter, counters.state(charge, at));
    }
    if (holds.has(id) || entries.has(id, "purchase")) return { outcome: "held", counters: [...states.values()] };

    if (joinSince !== undefined && purchase.key !== null) {
      const leader = holds.joinable(purchase.key, joinSince);
      if (leader) {
        const joined = { ...leader, sharers: leader.sharers + 1 };
        holds.update(leader.id, joined);
        return { outcome: "joined", hold: joined };
      }
    }

    const over = amount === null ? undefined : charges.find((charge) => !fits(charge, states, amount));
    if (over) return { outcome: "refused", charge: over, counter: states.get(over.counter)! };

    holds.insert({ id, at, amount, charges, purchase, state: "held", requestId: null, sharers: 1, doubt: null });
    if (amount === null || amount === 0n) return { outcome: "held", counters: [...states.values()] };
    const after = onePerCounter(charges).map((charge) => {
      counters.hold(charge, id, at, amount);
      return grown(charge, states.get(charge.counter)!, at, amount);
    });
    return { outcome: "held", counters: after };
  }

  function settle(id: string, settlement: Settlement): SettleAnswer {
    const { post, outcome, at: now } = settlement;
    requireAmount(post.amount, "post.amount");
    for (const tier of post.ordinal?.tiers ?? []) requireAmount(tier.amount, "post.ordinal.tiers[].amount");
    const open = holds.find({ id });
    if (!open) return { outcome: "already", entry: entries.find({ id }) };

    let actual = outcome === "free" ? 0n : post.amount;
    let discountPercent = 0;
    if (outcome === "charged" && post.ordinal) {
      const count = ordinals.next(post.ordinal.counter, now);
      const tier = post.ordinal.tiers.findLast(({ from }) => from <= count);
      if (tier) {
        actual = tier.amount;
        discountPercent = tier.percent;
      }
    }
    holds.remove(id);
    const posting = { id, at: open.at, held: open.amount ?? 0n, spent: actual ?? 0n, now };
    const states = onePerCounter(open.charges).map((charge) => counters.post(charge, posting));
    const entry = entries.append({
      id,
      kind: "purchase",
      endpointId: open.purchase.endpointId,
      transport: open.purchase.transport,
      tags: open.purchase.tags,
      requestId: settlement.requestId ?? open.requestId,
      at: open.at,
      settledAt: now,
      outcome,
      estimate: open.purchase.estimate,
      actual,
      saved: 0n,
      discountPercent,
      basis: settlement.basis,
      billableUnits: settlement.billableUnits,
      charges: open.charges,
      about: null,
      digest: open.purchase.digest,
      note: settlement.note,
    });
    return { outcome: "settled", entry, counters: states };
  }

  function record(entry: Entry): void {
    if (entries.has(entry.id, entry.kind)) return;
    entries.append(entry);
    if (entry.kind !== "correction" || entry.actual === null) return;
    const { id, at, actual: spent, settledAt } = entry;
    for (const charge of onePerCounter(entry.charges)) {
      counters.post(charge, { id, at, held: 0n, spent, now: settledAt ?? at });
    }
  }

  function advance(open: Hold | undefined, progress: Partial<HoldProgress>): void {
    if (open) holds.update(open.id, { ...open, ...progress });
  }

  return {
    hold,
    settle,
    record,
    bind: (id, requestId) => advance(holds.find({ id }), { requestId, state: "pending", doubt: null }),
    doubt: (id, why) => advance(holds.find({ id }), { state: "unknown", doubt: why }),
    share(requestId) {
      const open = holds.find({ requestId });
      // A job that its last caller let go of is being cancelled: whoever shared it now would share the cancellation.
      if (!open || open.sharers === 0) return 0;
      advance(open, { sharers: open.sharers + 1 });
      return open.sharers + 1;
    },
    unshare(requestId) {
      const open = holds.find({ requestId });
      if (!open || open.sharers === 0) return 0;
      advance(open, { sharers: open.sharers - 1 });
      return open.sharers - 1;
    },
  };
}

function fits(charge: Charge, states: ReadonlyMap<string, CounterState>, amount: Nano): boolean {
  const { spent, held } = states.get(charge.counter)!;
  return charge.limit === null || spent + held + amount <= charge.limit;
}

/** A counter after a hold, without reading it again. */
function grown(charge: Charge, before: CounterState, at: number, amount: Nano): CounterState {
  const leaves = charge.window.kind === "rolling" ? at + charge.window.lengthMs : null;
  const nextReleaseAt = leaves === null ? null : Math.min(leaves, before.nextReleaseAt ?? leaves);
  return { counter: before.counter, spent: before.spent, held: before.held + amount, nextReleaseAt };
}

function onePerCounter(charges: readonly Charge[]): readonly Charge[] {
  if (charges.length < 2) return charges;
  return [...new Map(charges.map((charge) => [charge.counter, charge])).values()];
}
