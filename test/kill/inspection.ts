import { parseCounterId } from "../../src/budget/counter.ts";
import { inputDigest } from "../../src/cache/key.ts";
import type { Emulator } from "../../src/emulator/emulator.ts";
import { dollars, type Nano, toNano } from "../../src/money.ts";
import type { Charge, CounterState, Entry, Hold, Store } from "../../src/store/store.ts";
import { readAll } from "./ledger.ts";
import { ADMIN_KEY } from "./orders.ts";
import type { Plan } from "./plan.ts";

/** What cannot be decided, by the reason why. */
export interface Undecided {
  /** Its program died, or its connection broke, before fal had it: no request of fal's has this input. */
  neverBought: number;
  /** More purchases than requests have this input, and nobody can tell which of them it was. */
  ambiguous: number;
  /** fal refused the input and said nothing of a bill. */
  refused: number;
}

export interface Inspected {
  violations: string[];
  undecided: Undecided;
  /** Booked as assumed billed, so far: purchases that nobody could decide before their windows closed. */
  assumed: number;
  /** Entries by their kinds. */
  written: Record<string, number>;
}

/** A paid request that fal took. */
interface Accepted {
  requestId: string;
  digest: string;
  billed: Nano;
  /** Of its answer; `null` while there is none. */
  status: number | null;
}

interface Books {
  entries: Entry[];
  purchases: Entry[];
  /** By purchase id. */
  corrections: Map<string, Nano>;
  holds: Hold[];
  accepted: Accepted[];
  /** What fal billed, by request id. */
  bills: Map<string, Nano>;
}

const DAY_MS = 86_400_000;

/** By how much counters are above the plan's limits. What counted on another day was another plan's. */
export function overCap(counters: readonly CounterState[], { budgets }: Plan, at: number): Map<string, Nano> {
  const limits = new Map(budgets.map(({ name, limit }) => [JSON.stringify([name]), toNano(dollars(limit, "limit"))]));
  const over = new Map<string, Nano>();
  for (const { counter, spent, held } of counters) {
    const name = parseCounterId(counter);
    const limit = limits.get(name?.key ?? "");
    const past = name !== null && name.windowId !== "" && Date.parse(name.windowId) + DAY_MS <= at;
    if (limit !== undefined && !past && spent + held > limit) over.set(counter, spent + held - limit);
  }
  return over;
}

/** What must hold at any time at which no purchase is under way. `learned`: ids that callers were given. */
export async function inspect(store: Store, emulator: Emulator, at: number, learned: ReadonlySet<string>) {
  const books = await readBooks(store, emulator);
  return [
    ...bookedOnce(books),
    ...(await addedUp(store, books, at)),
    ...(await totalled(store, books)),
    ...remembered(books, learned),
  ];
}

/** What must hold once fal was asked about everything. */
export async function inspectReconciled(store: Store, emulator: Emulator): Promise<Inspected> {
  const books = await readBooks(store, emulator);
  const violations = agreed(books);
  const undecided: Undecided = { neverBought: 0, ambiguous: 0, refused: 0 };
  const unbooked = unbookedByDigest(books);
  const assumed = books.purchases.filter(({ outcome, requestId }) => outcome === "expired" && requestId === null);
  for (const [digest, requests] of unbooked) {
    const open = books.holds.filter((hold) => hold.requestId === null && hold.purchase.digest === digest).length;
    const closed = assumed.filter((entry) => entry.digest === digest).length;
    if (requests.length > open + closed)
      violations.push(`fal took ${names(requests)}, and no purchase of the ledger can be that`);
    else if (open > 0 && requests.length === open && closed === 0)
      violations.push(`fal took ${names(requests)}, and the ${open} open purchases that it must be were not adopted`);
  }
  const refused = new Set(books.accepted.filter(({ status }) => status === 422).map(({ requestId }) => requestId));
  for (const { id, requestId, purchase } of books.holds) {
    if (requestId === null) undecided[unbooked.has(purchase.digest ?? "") ? "ambiguous" : "neverBought"]++;
    else if (books.bills.has(requestId)) violations.push(`${id} is open, and fal billed ${requestId}`);
    else if (!refused.has(requestId)) violations.push(`${id} is open, and fal tells what became of ${requestId}`);
    else undecided.refused++;
  }
  violations.push(...balanced(books, unbooked));
  const written: Record<string, number> = {};
  for (const { kind } of books.entries) written[kind] = (written[kind] ?? 0) + 1;
  return { violations, undecided, assumed: assumed.length, written };
}

async function readBooks(store: Store, emulator: Emulator): Promise<Books> {
  const { entries, holds } = await readAll(store);
  const corrections = new Map<string, Nano>();
  for (const { kind, about, actual } of entries)
    if (kind === "correction") corrections.set(about!, (corrections.get(about!) ?? 0n) + (actual ?? 0n));
  const bills = new Map<string, Nano>();
  for (const { requestId, amount } of emulator.book.lines)
    bills.set(requestId, (bills.get(requestId) ?? 0n) + toNano(amount));
  const purchases = entries.filter(({ kind }) => kind === "purchase");
  return { entries, purchases, corrections, holds, bills, accepted: await acceptedBy(emulator, bills) };
}

/** fal's own list of what it took, with the inputs. */
async function acceptedBy(emulator: Emulator, bills: ReadonlyMap<string, Nano>): Promise<Accepted[]> {
  const taken = emulator.requests.filter(({ paid }) => paid);
  const accepted: Accepted[] = [];
  for (const endpointId of new Set(taken.map((request) => request.endpointId!))) {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = new URLSearchParams({ endpoint_id: endpointId, expand: "payloads", ...(cursor && { cursor }) });
      const address = `https://api.fal.ai/v1/models/requests/by-endpoint?${query}`;
      const answer = await emulator.fetch(address, { headers: { authorization: `Key ${ADMIN_KEY}` } });
      const page = (await answer.json()) as {
        items: { request_id: string; json_input: unknown; status_code: number | null }[];
        next_cursor: string | null;
      };
      for (const { request_id: requestId, json_input: input, status_code: status } of page.items)
        accepted.push({ requestId, digest: inputDigest(input), billed: bills.get(requestId) ?? 0n, status });
      cursor = page.next_cursor;
    }
  }
  if (accepted.length !== emulator.paidPosts()) throw new Error("fal's list of requests is not whole.");
  return accepted;
}

/** A purchase is open or closed, and closed once; a request of fal's is one purchase. */
function bookedOnce({ purchases, holds }: Books): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const once = (name: string, what: string) => {
    if (seen.has(name)) found.push(`${what} ${name} stands in the ledger twice`);
    seen.add(name);
  };
  for (const { id, requestId } of [...purchases, ...holds]) {
    once(id, "purchase");
    if (requestId !== null) once(requestId, "request");
  }
  return found;
}

/** Every counter says what the entries and holds that it was charged with come to. */
async function addedUp(store: Store, { purchases, corrections, holds }: Books, at: number): Promise<string[]> {
  const sums = new Map<string, { spent: Nano; held: Nano }>();
  const add = (charges: readonly Charge[], sentAt: number, spent: Nano, held: Nano) => {
    for (const { counter, window } of charges) {
      if (window.kind === "rolling" && sentAt + window.lengthMs <= at) continue;
      const sum = sums.get(counter) ?? { spent: 0n, held: 0n };
      sums.set(counter, { spent: sum.spent + spent, held: sum.held + held });
    }
  };
  for (const { id, at: sentAt, charges, actual } of purchases)
    add(charges, sentAt, (actual ?? 0n) + (corrections.get(id) ?? 0n), 0n);
  for (const { at: sentAt, charges, amount } of holds) add(charges, sentAt, 0n, amount ?? 0n);
  return (await store.counters({ prefix: "", at })).flatMap(({ counter, spent, held }) => {
    const sum = sums.get(counter) ?? { spent: 0n, held: 0n };
    if (sum.spent === spent && sum.held === held) return [];
    return [`${counter} says spent ${spent} and held ${held}; its purchases come to ${sum.spent} and ${sum.held}`];
  });
}

async function totalled(store: Store, books: Books): Promise<string[]> {
  const [totals] = await store.totals({ by: [] });
  const spent = spentIn(books);
  const held = books.holds.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n);
  if ((totals?.spent ?? 0n) === spent && (totals?.held ?? 0n) === held) return [];
  return [`the totals say spent ${totals?.spent} and held ${totals?.held}; the entries come to ${spent} and ${held}`];
}

/**
 * Every paid request that fal took is a purchase of the ledger, and every id that a caller was given stands in it; as a hit's alone
 * where the buyer died between keeping its answer and settling it.
 */
function remembered({ entries, purchases, holds, accepted }: Books, learned: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const left = new Map<string, number>();
  const count = (digest: string | null) => left.set(digest ?? "", (left.get(digest ?? "") ?? 0) + 1);
  for (const { digest } of purchases) count(digest);
  for (const { purchase } of holds) count(purchase.digest);
  for (const { requestId, digest } of accepted) {
    const some = left.get(digest) ?? 0;
    if (some === 0) found.push(`fal took ${requestId}, and the ledger has no purchase for it`);
    left.set(digest, Math.max(0, some - 1));
  }
  const known = new Set([...entries, ...holds].map(({ requestId }) => requestId));
  for (const requestId of learned)
    if (!known.has(requestId)) found.push(`a caller was given ${requestId}, and the ledger does not know it`);
  return found;
}

/** What the ledger has booked for a request is what fal billed for it. */
function agreed({ purchases, corrections, bills }: Books): string[] {
  return purchases.flatMap(({ id, requestId, actual, outcome, note }) => {
    if (requestId === null) return [];
    // A cancel and the start of the work may cross: the settlement table gives the money back, and the bill corrects it.
    if (outcome === "free" && corrections.has(id) && !note?.startsWith("cancelled while queued"))
      return [`${requestId} was given back (${note}), and fal billed it`];
    const booked = actual === null ? null : actual + (corrections.get(id) ?? 0n);
    const billed = bills.get(requestId) ?? 0n;
    // What fal refused without a word of a bill is assumed billed in the end.
    if (booked === billed || (outcome === "expired" && billed === 0n)) return [];
    return [`${requestId} is booked at ${booked}, and fal billed ${billed}`];
  });
}

/** Requests of fal's that no purchase has the id of, by their inputs. */
function unbookedByDigest({ purchases, holds, accepted }: Books): Map<string, Accepted[]> {
  const known = new Set([...purchases, ...holds].map(({ requestId }) => requestId));
  const unbooked = new Map<string, Accepted[]>();
  for (const request of accepted)
    if (!known.has(request.requestId)) unbooked.set(request.digest, [...(unbooked.get(request.digest) ?? []), request]);
  return unbooked;
}

/** To the nano-dollar: the ledger is fal's book, without what nobody could tell, and with what was assumed instead. */
function balanced(books: Books, unbooked: ReadonlyMap<string, readonly Accepted[]>): string[] {
  const billed = [...books.bills.values()].reduce((sum, amount) => sum + amount, 0n);
  const untold = [...unbooked.values()].flat().reduce((sum, request) => sum + request.billed, 0n);
  const assumed = books.purchases.reduce(
    (sum, { outcome, actual, requestId }) =>
      outcome === "expired" && !books.bills.has(requestId ?? "") ? sum + (actual ?? 0n) : sum,
    0n,
  );
  const spent = spentIn(books);
  if (spent === billed - untold + assumed) return [];
  return [`the ledger spent ${spent}; fal billed ${billed}, of which ${untold} is nobody's; ${assumed} is assumed`];
}

function spentIn({ purchases, corrections }: Books): Nano {
  const booked = purchases.reduce((sum, { actual }) => sum + (actual ?? 0n), 0n);
  return [...corrections.values()].reduce((sum, amount) => sum + amount, booked);
}

function names(requests: readonly Accepted[]): string {
  return requests.map(({ requestId }) => requestId).join(" and ");
}
