import { StoreError } from "../errors.ts";
import { ordinalsMax, requireAmount, requirePage } from "./bounds.ts";
import type { Connection, Reply } from "./redis-connection.ts";
import {
  countersOf,
  detailText,
  entryOf,
  entryTexts,
  holdOf,
  limitsText,
  remarksText,
  stateOf,
  text,
  windowsText,
} from "./redis-records.ts";
import { scripts } from "./redis-scripts.ts";
import { readTotals } from "./redis-totals.ts";
import { tagsText } from "./rollup.ts";
import type { Charge, CounterState, Entry, Hold, HoldAnswer, HoldRequest, Settlement, Store } from "./store.ts";

export interface LedgerBounds {
  entriesMax: number;
  /** Holds open at a time: processes with more than this have lost track of them. */
  openHoldsMax: number;
  /** Amounts of one rolling window that are kept apart; beyond, the oldest two become one. */
  membersMax: number;
}

export type RedisLedger = Omit<
  Store,
  "name" | "close" | "take" | "keep" | `${"put" | "get" | "delete"}${"Result" | "Note"}` | "deleteResults" | "listNotes"
>;

const holdsPerPage = 500;
const entriesPerScript = 1_000;
const countersPerPage = 1_000;

/** Holds, counters and entries. `hold` and `settle` are one round trip each. */
export function createRedisLedger(name: string, connection: Connection, bounds: LedgerBounds): RedisLedger {
  const { run } = connection;

  function answerOf(request: HoldRequest, [outcome, ...rest]: Reply[]): HoldAnswer {
    const { charges } = request;
    if (outcome === "joined") return { outcome, hold: holdOf(rest[0] as Reply[]) };
    if (outcome === "refused") {
      const charge = copyOf(charges[Number(rest[0])]!);
      return { outcome, charge, counter: stateOf(charge.counter, rest[1] as Reply[]) };
    }
    if (outcome === "held") return { outcome, counters: statesOf(charges, rest[0] as Reply[][]) };
    throw new StoreError(name, "failed", `${bounds.openHoldsMax} holds are open and wait to be settled`);
  }

  async function hold(request: HoldRequest): Promise<HoldAnswer> {
    const { id, at, amount, charges, purchase, joinSince } = request;
    requireAmount(amount, "amount");
    const { key, endpointId, tags, estimate } = purchase;
    const kept = charges.map(copyOf);
    const rows = [`h:${id}`, ...(key === null ? [] : [`k:${key}`]), ...kept.flatMap(keysOfCharge)];
    const detail = detailText({ ...purchase, charges });
    const values = [id, at, amount, key, joinSince, windowsText(kept), limitsText(kept), endpointId, tagsText(tags)];
    const more = [estimate.basis, estimate.expected, detail, bounds.openHoldsMax, bounds.membersMax];
    const answer = await run(scripts.hold, rows, [...values, ...more].map(text));
    return answerOf({ ...request, charges: kept }, answer as Reply[]);
  }

  async function settle(id: string, settlement: Settlement): ReturnType<Store["settle"]> {
    const { at, outcome, requestId, post, basis } = settlement;
    const { amount, ordinal } = post;
    requireAmount(amount, "post.amount");
    for (const tier of ordinal?.tiers ?? []) requireAmount(tier.amount, "post.ordinal.tiers[].amount");
    const tiers = (ordinal?.tiers ?? []).map((tier) => [tier.from, text(tier.amount), text(tier.percent)]);
    const remarks = remarksText({ ...settlement, about: null });
    const values = [id, at, outcome, requestId, amount, ordinal?.counter, JSON.stringify(tiers), basis, remarks];
    const limits = [ordinalsMax, bounds.entriesMax, bounds.membersMax];
    const answer = (await run(scripts.settle, [`h:${id}`], [...values, ...limits].map(text))) as Reply[];
    const found = answer[1] as Reply[] | null;
    if (answer[0] !== "settled" || !found) return { outcome: "already", entry: found ? entryOf(found) : undefined };
    const entry = entryOf(found);
    return { outcome: "settled", entry, counters: statesOf(entry.charges, answer[2] as Reply[][]) };
  }

  async function record(entry: Entry): Promise<void> {
    const values = [...entryTexts(entry), windowsText(entry.charges), bounds.entriesMax, bounds.membersMax];
    await run(scripts.record, entry.charges.flatMap(keysOfCharge), values.map(text));
  }

  async function openHolds({ before, after, limit }: Parameters<Store["openHolds"]>[0]): Promise<Hold[]> {
    requirePage(limit);
    const holds: Hold[] = [];
    for (;;) {
      const wanted = Math.min(holdsPerPage, limit - holds.length);
      const last = holds.at(-1);
      const values = [before, last?.id ?? after, last?.at, wanted].map(text);
      const page = (await run(scripts.openHolds, [], values)) as Reply[][];
      holds.push(...page.map(holdOf));
      if (page.length < wanted || holds.length >= limit) return holds;
    }
  }

  async function entries(query: Parameters<Store["entries"]>[0]): Promise<Entry[]> {
    requirePage(query.limit);
    const { since, until, kinds, endpoint, requestId, limit, newest } = query;
    const globs = endpoint === undefined ? "" : JSON.stringify(endpoint.split("*"));
    const found: Entry[] = [];
    let after = text(query.after);
    do {
      const wanted = Math.min(entriesPerScript, limit - found.length);
      const chosen = [newest ? 1 : 0, since, until, kinds && JSON.stringify(kinds), globs, requestId];
      const values = [after, ...chosen, wanted, entriesPerScript].map(text);
      const [cursor, page] = (await run(scripts.entries, [], values)) as [string, Reply[][]];
      found.push(...page.map(entryOf));
      after = page.length === wanted && cursor === "" ? text(found.at(-1)?.seq) : cursor;
    } while (after !== "" && found.length < limit);
    return found;
  }

  async function counters({ prefix, at }: { prefix: string; at: number }): Promise<CounterState[]> {
    const states: CounterState[] = [];
    let after = "";
    do {
      const values = [prefix, after, at, countersPerPage].map(text);
      const [cursor, page] = (await run(scripts.counters, [], values)) as [string, Reply[][]];
      for (const [counter, ...state] of page) states.push(stateOf(counter as string, state));
      after = cursor;
    } while (after !== "");
    return states;
  }

  return {
    hold,
    settle,
    record,
    openHolds,
    entries,
    counters,
    async bind(id, requestId) {
      await run(scripts.bind, [`h:${id}`], [id, requestId]);
    },
    async doubt(id, why) {
      await run(scripts.doubt, [`h:${id}`], [id, why]);
    },
    async findHold(by) {
      const [[kind, value]] = Object.entries(by) as [[string, string]];
      const rows = kind === "id" ? [`h:${value}`] : kind === "key" ? [`k:${value}`] : [];
      const row = await run(scripts.findHold, rows, [kind, value]);
      return row === null ? undefined : holdOf(row as Reply[]);
    },
    async findEntry(by) {
      const [[kind, value]] = Object.entries(by) as [[string, string]];
      const row = await run(scripts.findEntry, [], [kind, value]);
      return row === null ? undefined : entryOf(row as Reply[]);
    },
    totals: (query) => readTotals(connection, query),
    share: async (requestId) => Number(await run(scripts.share, [], [requestId, "1"])),
    unshare: async (requestId) => Number(await run(scripts.share, [], [requestId, "-1"])),
  };
}

function statesOf(charges: readonly Charge[], states: Reply[][]): CounterState[] {
  return countersOf(charges).map((counter, i) => stateOf(counter, states[i]!));
}

function keysOfCharge({ counter, window }: Charge): string[] {
  return (window.kind === "rolling" ? ["c:", "m:", "a:"] : ["c:"]).map((kind) => kind + counter);
}

function copyOf(charge: Charge): Charge {
  return { ...charge, window: { ...charge.window } };
}
