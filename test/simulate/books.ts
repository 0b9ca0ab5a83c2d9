import type {
  Charge,
  CounterState,
  Entry,
  HoldAnswer,
  HoldRequest,
  SettleAnswer,
  Settlement,
  StoredResult,
} from "../../src/store/store.ts";
import type { World } from "./world.ts";

/** A purchase as the simulator wrote it down while the meter asked for it. */
export interface Kept {
  readonly owner: string;
  readonly request: HoldRequest;
  requestId: string | null;
  sharers: number;
  settled: { at: number; outcome: string; actual: bigint | null; basis: string } | null;
  corrections: bigint;
}

/** What moved money, in the order in which the store did it. */
type Move =
  | { kind: "hold"; request: HoldRequest }
  | { kind: "post"; id: string; at: number; charges: readonly Charge[]; held: bigint; spent: bigint; now: number };

interface Part {
  id: string;
  at: number;
  held: bigint;
  spent: bigint;
}

interface Account {
  charge: Charge;
  parts: Part[];
  /** What bills above their holds, and corrections, added beyond any limit. */
  overrun: bigint;
}

export interface Sum {
  counter: string;
  limit: bigint | null;
  spent: bigint;
  held: bigint;
  overrun: bigint;
}

/** The simulator's own books: every verb that the store did, added up anew for every question. */
export interface Books {
  readonly kept: ReadonlyMap<string, Kept>;
  /** Answers that the store was given, by their keys. */
  readonly answers: ReadonlyMap<string, { step: number; expiresAt: number }>;
  held(owner: string, request: HoldRequest, answer: HoldAnswer): string | null;
  settled(id: string, settlement: Settlement, answer: SettleAnswer): string | null;
  recorded(entry: Entry): string | null;
  bound(id: string, requestId: string): void;
  shared(requestId: string, sharers: number): void;
  answered(result: StoredResult): void;
  /** Every counter as it should stand at `at`. */
  sums(at: number): Sum[];
}

export function createBooks(world: World): Books {
  const kept = new Map<string, Kept>();
  const answers = new Map<string, { step: number; expiresAt: number }>();
  const recorded = new Set<string>();
  const moves: Move[] = [];

  let added = { moves: 0, accounts: new Map<string, Account>() };

  /** Added up anew whenever money moved. */
  function accounts(): ReadonlyMap<string, Account> {
    if (added.moves !== moves.length) added = { moves: moves.length, accounts: replay(moves) };
    return added.accounts;
  }

  /** Why this hold should have been answered otherwise, if it should. */
  function misjudged(request: HoldRequest, answer: HoldAnswer): string | null {
    const { id, at, amount, charges, joinSince, purchase } = request;
    if (kept.has(id))
      return answer.outcome === "held" ? null : `hold ${id} was sent again and answered ${answer.outcome}`;
    const open = [...kept.values()].filter(({ settled, sharers }) => settled === null && sharers > 0);
    const leader = open.some((one) => one.request.purchase.key === purchase.key && one.request.at >= (joinSince ?? 0));
    const mayJoin = joinSince !== undefined && purchase.key !== null && leader;
    if (answer.outcome === "joined") return mayJoin ? null : `hold ${id} joined nobody's job`;
    if (mayJoin) return `hold ${id} was ${answer.outcome} though an equal call is under way`;
    const standing = accounts();
    const over = charges.find(({ counter, limit }) => {
      const { spent, held } = standingAt(standing.get(counter), at);
      return amount !== null && limit !== null && spent + held + amount > limit;
    });
    if (answer.outcome === "held" && over) return `hold ${id} was let through over ${over.budget}`;
    if (answer.outcome === "refused" && !over)
      return `hold ${id} was refused by ${answer.charge.budget}, which had room`;
    return null;
  }

  return {
    kept,
    answers,
    held(owner, request, answer) {
      const wrong = misjudged(request, answer);
      if (answer.outcome === "joined") {
        const leader = kept.get(answer.hold.id);
        if (leader) leader.sharers++;
      } else if (answer.outcome === "held" && !kept.has(request.id)) {
        kept.set(request.id, { owner, request, requestId: null, sharers: 1, settled: null, corrections: 0n });
        moves.push({ kind: "hold", request });
      }
      return wrong;
    },
    settled(id, { at, outcome, post, basis }, answer) {
      const one = kept.get(id);
      // A hold whose answer was lost may never have been made; giving it back then finds nothing.
      if (!one) return answer.outcome === "already" && outcome === "free" ? null : `${id} was settled and never held`;
      if (answer.outcome === "already")
        return one.settled ? null : `${id} is open and the store says it was settled already`;
      if (one.settled) return `${id} was settled twice`;
      const actual = outcome === "free" ? 0n : post.amount;
      one.settled = { at, outcome, actual, basis };
      const { request } = one;
      const { charges, amount } = request;
      moves.push({ kind: "post", id, at: request.at, charges, held: amount ?? 0n, spent: actual ?? 0n, now: at });
      const { entry } = answer;
      if (entry.at !== request.at || entry.settledAt !== at)
        return `the entry of ${id} has other times than its purchase`;
      if (entry.actual !== actual) return `the entry of ${id} says ${entry.actual} where ${actual} was posted`;
      return null;
    },
    recorded({ id, kind, about, actual, at, settledAt, charges }) {
      if (kind !== "correction" || recorded.has(id)) return null;
      recorded.add(id);
      const one = kept.get(about ?? "");
      if (!one?.settled) return `correction ${id} is about no settled purchase`;
      one.corrections += actual ?? 0n;
      moves.push({ kind: "post", id, at, charges, held: 0n, spent: actual ?? 0n, now: settledAt ?? at });
      return null;
    },
    bound(id, requestId) {
      const one = kept.get(id);
      if (one && !one.settled) one.requestId = requestId;
    },
    shared(requestId, sharers) {
      for (const one of kept.values()) if (one.requestId === requestId && !one.settled) one.sharers = sharers;
    },
    answered({ key, expiresAt }) {
      answers.set(key, { step: world.steps, expiresAt });
    },
    sums(at) {
      return [...accounts().values()].map((account) => {
        const { charge, overrun } = account;
        return { counter: charge.counter, limit: charge.limit, overrun, ...standingAt(account, at) };
      });
    },
  };
}

/** Adds up everything that ever happened. */
function replay(moves: readonly Move[]): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const move of moves) {
    const charges = move.kind === "hold" ? move.request.charges : move.charges;
    for (const charge of charges) {
      if (move.kind === "hold") hold(accounts, charge, move.request);
      else post(accounts, charge, move);
    }
  }
  return accounts;
}

function hold(accounts: Map<string, Account>, charge: Charge, { id, at, amount }: HoldRequest): void {
  if (amount === null || amount === 0n) return;
  const account = accountOf(accounts, charge);
  expire(account, at);
  account.parts.push({ id, at, held: amount, spent: 0n });
}

function post(accounts: Map<string, Account>, charge: Charge, move: Move & { kind: "post" }): void {
  const { id, at, held, spent, now } = move;
  const leavesAt = charge.window.kind === "rolling" ? at + charge.window.lengthMs : charge.window.endsAt;
  const isOpen = leavesAt === null || leavesAt > now;
  // A window that has ended and that nothing was ever counted in stays as it is: nobody will ask for it.
  if ((held === 0n && spent === 0n) || (!accounts.has(charge.counter) && !isOpen)) return;
  const account = accountOf(accounts, charge);
  expire(account, now);
  const part = account.parts.find((one) => one.id === id);
  if (part) {
    part.held -= held;
    part.spent += spent;
  } else if (held === 0n && (charge.window.kind === "fixed" || isOpen)) account.parts.push({ id, at, held: 0n, spent });
  if (spent > held) account.overrun += spent - held;
}

function accountOf(accounts: Map<string, Account>, charge: Charge): Account {
  const account = accounts.get(charge.counter) ?? { charge, parts: [], overrun: 0n };
  accounts.set(charge.counter, account);
  return account;
}

/** What has left a rolling window stays away, whatever an earlier clock says afterwards. */
function expire(account: Account, at: number): void {
  const { window } = account.charge;
  if (window.kind === "rolling") account.parts = account.parts.filter((part) => part.at + window.lengthMs > at);
}

function standingAt(account: Account | undefined, at: number): { spent: bigint; held: bigint } {
  let [spent, held] = [0n, 0n];
  const window = account?.charge.window;
  for (const part of account?.parts ?? []) {
    if (window?.kind === "rolling" && part.at + window.lengthMs <= at) continue;
    spent += part.spent;
    held += part.held;
  }
  return { spent, held };
}

/** Where the store's counters differ from the sums. */
export function differences(sums: readonly Sum[], counters: readonly CounterState[]): string[] {
  const stored = new Map(counters.map((state) => [state.counter, state]));
  const found = sums.flatMap(({ counter, spent, held }) => {
    const state = stored.get(counter) ?? { spent: 0n, held: 0n };
    stored.delete(counter);
    if (state.spent === spent && state.held === held) return [];
    return [`${counter} says ${state.spent} spent and ${state.held} held; its purchases say ${spent} and ${held}`];
  });
  for (const { counter, spent, held } of stored.values()) {
    if (spent !== 0n || held !== 0n) found.push(`${counter} counts ${spent} and ${held} that no purchase explains`);
  }
  return found;
}
