import { type EndpointGlob, endpointMatcher } from "../call.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import { type Decimal, dollars, fromNano, type MoneyInput, type Nano, toNano } from "../money.ts";
import type { Entry } from "../store/store.ts";
import { purchasesOf } from "./purchases.ts";
import type { Calendars } from "./summary.ts";

/** A budget to be tried on history. */
export interface TriedBudget {
  limit: MoneyInput;
  per: "request" | "hour" | "day" | "week" | "month" | "total";
  /** Only endpoints that match. @default all */
  endpoints?: EndpointGlob | readonly EndpointGlob[];
}

/** What to change. Left out is as it was. */
export interface WhatIf {
  /** In place of the budgets there were: refused calls are tried again, too. */
  budgets?: readonly TriedBudget[];
  /** Answers kept this many ms, by equal input and endpoint, in place of the cache there was. `0` keeps none. */
  cacheTtlMs?: number;
  /** What a call would have cost with another model or size, in dollars; `null` leaves its cost as it was. */
  price?: (entry: Entry) => Decimal | null;
}

export interface Replayed {
  spent: Decimal;
  /** Of cached and joined calls. */
  saved: Decimal;
  bought: number;
  shared: number;
  refused: number;
  /** Bought at an amount that nobody knows: in no sum, and under no budget. */
  unknown: number;
}

/** What was, what would have been, and the first less from the second. */
export interface WhatIfAnswer {
  was: Replayed;
  would: Replayed;
  difference: { spent: Decimal; saved: Decimal; bought: number; shared: number; refused: number };
  /** Our ids of the first 20 calls that would have been refused. */
  refusedIds: string[];
}

const IDS_SHOWN = 20;

/**
 * Replays a ledger call by call, in the order of sending and one at a time: a call that had been under way beside another is taken
 * to have settled before it. Free purchases stay free; a refused call costs what it asked for.
 * @throws OptionsError naming `whatIf.…`
 */
export function whatIf(entries: readonly Entry[], change: WhatIf, calendars: Calendars): WhatIfAnswer {
  onlyKeys(change, "whatIf", ["budgets", "cacheTtlMs", "price"]);
  const { cacheTtlMs } = change;
  if (cacheTtlMs !== undefined && !(cacheTtlMs >= 0))
    throw new OptionsError("whatIf.cacheTtlMs", "milliseconds of at least 0", cacheTtlMs);
  const calls = callsOf(entries);
  const refusedIds: string[] = [];
  const was = replay(calls, {}, [], []);
  const gates = (change.budgets ?? []).map((budget, index) => createGate(budget, index, calendars));
  const would = replay(calls, change, gates, refusedIds);
  return {
    was,
    would,
    difference: {
      spent: would.spent.sub(was.spent),
      saved: would.saved.sub(was.saved),
      bought: would.bought - was.bought,
      shared: would.shared - was.shared,
      refused: would.refused - was.refused,
    },
    refusedIds: refusedIds.slice(0, IDS_SHOWN),
  };
}

interface HistoricCall {
  entry: Entry;
  was: "bought" | "shared" | "refused";
  /** What it cost or would have; `null` is unknown. */
  cost: Nano | null;
}

function callsOf(entries: readonly Entry[]): HistoricCall[] {
  const bought = purchasesOf(entries).map(({ entry, cost }): HistoricCall => ({ entry, was: "bought", cost }));
  const others = entries.flatMap((entry): HistoricCall[] => {
    if (entry.kind === "hit" || entry.kind === "join") return [{ entry, was: "shared", cost: entry.saved }];
    return entry.kind === "refusal" ? [{ entry, was: "refused", cost: entry.saved }] : [];
  });
  return [...bought, ...others].sort((a, b) => a.entry.at - b.entry.at || (a.entry.seq ?? 0) - (b.entry.seq ?? 0));
}

function replay(
  calls: readonly HistoricCall[],
  change: WhatIf,
  gates: readonly Gate[],
  refusedIds: string[],
): Replayed {
  let [spent, saved] = [0n, 0n];
  let [bought, shared, refused, unknown] = [0, 0, 0, 0];
  const kept = new Map<string, number>();
  for (const { entry, was, cost: before } of calls) {
    const priced = entry.outcome === "free" ? null : (change.price?.(entry) ?? null);
    const cost = priced === null ? before : toNano(priced);
    const key = entry.digest === null ? null : JSON.stringify([entry.endpointId, entry.digest]);
    if (isShared(was, key, entry.at, change.cacheTtlMs, kept)) {
      shared += 1;
      saved += cost ?? 0n;
      continue;
    }
    if (was === "refused" && change.budgets === undefined) {
      refused += 1;
      continue;
    }
    const mine = gates.filter((gate) => gate.matches(entry.endpointId));
    if (cost !== null && mine.some((gate) => !gate.fits(cost, entry.at))) {
      refused += 1;
      refusedIds.push(entry.id);
      continue;
    }
    bought += 1;
    if (key !== null && entry.outcome !== "free") kept.set(key, entry.at);
    if (cost === null) unknown += 1;
    else {
      spent += cost;
      for (const gate of mine) gate.spend(cost, entry.at);
    }
  }
  return { spent: fromNano(spent), saved: fromNano(saved), bought, shared, refused, unknown };
}

/** An input without a digest cannot be recognised: such a call is shared where it was. */
function isShared(
  was: HistoricCall["was"],
  key: string | null,
  at: number,
  ttlMs: number | undefined,
  kept: ReadonlyMap<string, number>,
): boolean {
  if (ttlMs === undefined || (key === null && ttlMs > 0)) return was === "shared";
  const keptAt = key === null ? undefined : kept.get(key);
  return keptAt !== undefined && at - keptAt < ttlMs;
}

interface Gate {
  matches(endpointId: string): boolean;
  fits(cost: Nano, at: number): boolean;
  spend(cost: Nano, at: number): void;
}

function createGate({ limit, per, endpoints }: TriedBudget, index: number, calendars: Calendars): Gate {
  const most = toNano(dollars(limit, `whatIf.budgets[${index}].limit`));
  if (!["request", "hour", "day", "week", "month", "total"].includes(per)) {
    throw new OptionsError(`whatIf.budgets[${index}].per`, '"request", "hour", "day", "week", "month" or "total"', per);
  }
  let window = Number.NaN;
  let spent = 0n;
  const startOf = (at: number) => (per === "total" || per === "request" ? 0 : calendars.startOf(per, at));
  return {
    matches: endpoints === undefined ? () => true : endpointMatcher(endpoints),
    fits: (cost, at) => (per !== "request" && startOf(at) === window ? spent + cost : cost) <= most,
    spend(cost, at) {
      const start = startOf(at);
      if (start !== window) [window, spent] = [start, 0n];
      spent += cost;
    },
  };
}
