/** Sums for the tiles, the picture and the tables. All come from the store's own sums, a handful of rows at a time. */
import { endpointMatcher, type Tags } from "../call.ts";
import { type Decimal, fromNano, plain } from "../money.ts";
import type { PeriodLength } from "../report/period.ts";
import { periodsBetween } from "../report/period.ts";
import { type SpendBy, type SpendGroup, type SpendTotals, summarise, totalsQuery } from "../report/summary.ts";
import type { Hold, Store, TotalsRow } from "../store/store.ts";
import type { Filter } from "./filter.ts";
import type { Ledger } from "./ledger.ts";

/** Sums as they are sent: amounts as plain decimal strings. */
export type ShownTotals = { [Key in keyof SpendTotals]: SpendTotals[Key] extends Decimal ? string : number };

type Query = Filter["query"];
interface Bounds {
  since: number | undefined;
  until: number | undefined;
}

const EVER: Bounds = { since: undefined, until: undefined };

/** Open holds looked at for what is held now; more are counted as "at least". */
const OPEN_MOST = 2_000;

export interface Summary {
  currency: "USD";
  timezone: string;
  at: Date;
  today: ShownTotals;
  yesterday: ShownTotals;
  month: ShownTotals;
  /** Of the asked range. */
  range: ShownTotals & { since: Date | null; until: Date | null };
  /** Now, whenever it was sent. `part` when there are more open calls than were looked at. */
  held: { amount: string; calls: number; unknown: number; counted: "all" | "part" };
}

export async function summaryOf(ledger: Ledger, filter: Filter): Promise<Summary> {
  const { store, calendars, at, timezone } = ledger;
  const today = calendars.startOf("day", at);
  const sums = (bounds: Bounds) => totalsOf(ledger, filter.query, bounds);
  const { since, until } = boundsOf(filter);
  return {
    currency: "USD",
    timezone,
    at: new Date(at),
    today: shown(await sums({ since: today, until: undefined })),
    yesterday: shown(await sums({ since: calendars.startOf("day", today - 1), until: today })),
    month: shown(await sums({ since: calendars.startOf("month", at), until: undefined })),
    range: {
      ...shown(await sums({ since, until })),
      since: since === undefined ? null : new Date(since),
      until: until === undefined ? null : new Date(until),
    },
    held: heldNow(await store.openHolds({ limit: OPEN_MOST }), filter.query),
  };
}

function heldNow(holds: readonly Hold[], query: Query): Summary["held"] {
  const passes = passing(query);
  const open = holds.filter(({ purchase }) => passes(purchase));
  const amount = open.reduce((total, hold) => total + (hold.amount ?? 0n), 0n);
  return {
    amount: plain(fromNano(amount)),
    calls: open.length,
    unknown: open.filter((hold) => hold.amount === null).length,
    counted: holds.length < OPEN_MOST ? "all" : "part",
  };
}

/** The test whether a call, or a sum of them, is one that was asked for. Sums over all endpoints have none of their own. */
export function passing({ endpoint, tags }: Query): (call: { endpointId: string | null; tags: Tags }) => boolean {
  const matches = endpoint === undefined ? () => true : endpointMatcher(endpoint);
  const wanted = Object.entries(tags ?? {});
  return (call) =>
    (call.endpointId === null || matches(call.endpointId)) &&
    wanted.every(([name, value]) => Object.hasOwn(call.tags, name) && call.tags[name] === value);
}

/** What one endpoint spent in each period. */
export interface Line {
  /** `null` for all endpoints that have no line of their own. */
  endpointId: string | null;
  spent: string[];
}

export interface Series {
  timezone: string;
  per: PeriodLength;
  /** First instants of the periods, which lie end to end. */
  starts: Date[];
  end: Date;
  /** The largest first. */
  lines: Line[];
  total: string[];
  saved: string[];
  calls: number[];
}

const LINES_MOST = 6;
const PERIODS_MOST = 400;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * One question to the store for each period: it adds up what lies in it and answers a row for each endpoint, where one
 * question for all would answer a row for every quarter of an hour.
 * @throws OptionsError naming `per` for more than 400 periods.
 */
export async function seriesOf(ledger: Ledger, filter: Filter): Promise<Series> {
  const { store, calendars, at, timezone } = ledger;
  const since = filter.since ?? (await firstEntryAt(store)) ?? calendars.startOf("day", at);
  const until = filter.until ?? at + 1;
  const per = filter.per ?? lengthFor(until - since);
  const span = { since: Math.min(since, until - 1), until };
  const periods = periodsBetween(calendars, per, span, PERIODS_MOST, "per");
  const parts: SpendGroup[][] = [];
  for (const { start, end } of periods) {
    const bounds = { since: Math.max(start, since), until: filter.until === null ? end : Math.min(end, until) };
    parts.push(await groupsIn(ledger, filter.query, ["endpoint"], bounds));
  }
  return {
    timezone,
    per,
    starts: periods.map(({ start }) => new Date(start)),
    end: new Date(periods.at(-1)?.end ?? until),
    lines: linesOf(parts),
    total: parts.map((groups) => plain(added(groups, "spent"))),
    saved: parts.map((groups) => plain(added(groups, "saved"))),
    calls: parts.map((groups) => groups.reduce((count, { calls }) => count + calls, 0)),
  };
}

function lengthFor(ms: number): PeriodLength {
  if (ms <= 2 * DAY_MS) return "hour";
  if (ms <= 100 * DAY_MS) return "day";
  return ms <= 730 * DAY_MS ? "week" : "month";
}

async function firstEntryAt(store: Store): Promise<number | undefined> {
  return (await store.entries({ limit: 1 }))[0]?.at;
}

function linesOf(parts: readonly SpendGroup[][]): Line[] {
  const sums = new Map<string, Decimal>();
  for (const { key, spent } of parts.flat()) {
    const endpointId = key.endpoint ?? "";
    sums.set(endpointId, sums.get(endpointId)?.add(spent) ?? spent);
  }
  const largest = [...sums].filter(([, spent]) => !spent.isZero()).sort(([, a], [, b]) => b.cmp(a));
  // A line of its own says more than one for "the others" that stands for a single endpoint.
  const named = largest
    .slice(0, largest.length > LINES_MOST ? LINES_MOST - 1 : LINES_MOST)
    .map(([endpointId]) => endpointId);
  const lines: Line[] = named.map((endpointId) => ({
    endpointId,
    spent: parts.map((groups) =>
      plain(
        added(
          groups.filter(({ key }) => key.endpoint === endpointId),
          "spent",
        ),
      ),
    ),
  }));
  if (named.length === largest.length) return lines;
  const others = parts.map((groups) => groups.filter(({ key }) => !named.includes(key.endpoint ?? "")));
  return [...lines, { endpointId: null, spent: others.map((groups) => plain(added(groups, "spent"))) }];
}

function added(groups: readonly SpendGroup[], field: "spent" | "saved"): Decimal {
  return groups.reduce((total, group) => total.add(group[field]), fromNano(0n));
}

export interface Groups {
  by: "endpoint" | "tag";
  /** The tag's name; `null` where no call of the range carries one. */
  tag: string | null;
  /** Names of all tags in the range, the most spent first; for choosing. */
  tags: string[];
  groups: (ShownTotals & { value: string | null })[];
  /** Groups beyond the ones sent. */
  more: number;
}

const GROUPS_MOST = 100;
const TAG_NAMES_MOST = 100;

/** The largest groups of a range. `tag` names the one to split by; without it the one most was spent under. */
export async function groupsOf(
  { store, calendars }: Ledger,
  filter: Filter,
  by: "endpoint" | "tag",
  tag: string | null,
): Promise<Groups> {
  const bounds = boundsOf(filter);
  // Any tag will do: the rows tell all of them apart, and one question finds both the names and the groups.
  const rows = await store.totals(totalsQuery(filter.query, [by === "tag" ? "tag:" : "endpoint"], bounds));
  const tags = by === "tag" ? tagNames(rows, filter.query) : [];
  const name = by === "tag" ? (tag ?? tags[0] ?? null) : null;
  if (by === "tag" && name === null) return { by, tag: null, tags, groups: [], more: 0 };
  const part: SpendBy = name === null ? "endpoint" : `tag:${name}`;
  const groups = summarise(rows, filter.query, [part], bounds, calendars).groups ?? [];
  return {
    by,
    tag: name,
    tags,
    groups: groups.slice(0, GROUPS_MOST).map(({ key, ...totals }) => ({ value: key[part] ?? null, ...shown(totals) })),
    more: Math.max(0, groups.length - GROUPS_MOST),
  };
}

function tagNames(rows: readonly TotalsRow[], query: Query): string[] {
  const passes = passing(query);
  const spent = new Map<string, bigint>();
  for (const { endpointId, tags, spent: amount } of rows) {
    if (!passes({ endpointId, tags: tags ?? {} })) continue;
    for (const name of Object.keys(tags ?? {})) spent.set(name, (spent.get(name) ?? 0n) + amount);
  }
  const names = [...spent].sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1));
  return names.slice(0, TAG_NAMES_MOST).map(([name]) => name);
}

/** Sums of a range, for what passes. */
async function totalsOf({ store, calendars }: Ledger, query: Query, bounds: Bounds = EVER): Promise<SpendTotals> {
  return summarise(await store.totals(totalsQuery(query, [], bounds)), query, [], bounds, calendars);
}

/** The same in groups, the largest first. */
export async function groupsIn(
  { store, calendars }: Ledger,
  query: Query,
  by: readonly SpendBy[],
  bounds: Bounds = EVER,
): Promise<SpendGroup[]> {
  return summarise(await store.totals(totalsQuery(query, by, bounds)), query, by, bounds, calendars).groups ?? [];
}

function boundsOf({ since, until }: Filter): Bounds {
  return { since: since ?? undefined, until: until ?? undefined };
}

function shown({ spent, held, saved, calls, cached, joined, refused, unknown }: SpendTotals): ShownTotals {
  return { spent: plain(spent), held: plain(held), saved: plain(saved), calls, cached, joined, refused, unknown };
}
