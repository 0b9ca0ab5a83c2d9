import { type EndpointGlob, endpointMatcher, type Tags } from "../call.ts";
import { OptionsError } from "../errors.ts";
import { type Decimal, fromNano } from "../money.ts";
import type { TotalsQuery, TotalsRow } from "../store/store.ts";

/** What totals can be split by: calendar parts are those of the meter's time zone. */
export type SpendBy = "endpoint" | "basis" | "hour" | "day" | "week" | "month" | `tag:${string}`;

export interface SpendQuery {
  /** From here on: a Date, milliseconds, an ISO time, or a date (`"2026-11-01"`: its first instant in the meter's zone). @default the first entry */
  since?: Date | number | string;
  /** Up to here, not included; read as `since` is. @default now */
  until?: Date | number | string;
  /** Splits the totals, in this order. @default not split */
  by?: readonly SpendBy[];
  /** Only endpoints that match this glob. */
  endpoint?: EndpointGlob;
  /** Only calls that carry all of these tags. */
  tags?: Tags;
}

export interface SpendTotals {
  /** Settled, corrections included, in US dollars. */
  spent: Decimal;
  /** Held by calls under way and by those of unknown fate. */
  held: Decimal;
  /** What cached and joined calls would have cost. */
  saved: Decimal;
  /** Settled purchases. Hits, joins and refusals are not purchases. */
  calls: number;
  cached: number;
  joined: number;
  refused: number;
  /** Purchases, settled or open, of which nobody knows the amount. They are in no sum. */
  unknown: number;
}

export interface SpendGroup extends SpendTotals {
  /** One value for each of `by`; `null` for a tag that the calls do not carry. Times are ISO instants. */
  key: Readonly<Record<string, string | null>>;
}

export interface SpendSummary extends SpendTotals {
  currency: "USD";
  since: Date | null;
  until: Date | null;
  /** Present when `by` was given; the largest spend first, calendar parts in time order. */
  groups?: SpendGroup[];
}

const CALENDAR = ["hour", "day", "week", "month"] as const;
type Calendar = (typeof CALENDAR)[number];

/** Time as the meter's zone reads it. */
export interface Calendars {
  /** First instant of the hour, day, week or month that `at` lies in. */
  startOf(per: Calendar, at: number): number;
  /** First instant of a date such as `2026-11-01`. */
  startOfDate(date: string): number;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** @throws OptionsError naming `option` */
export function readInstant(
  value: Date | number | string | undefined,
  option: string,
  calendars: Calendars,
): number | undefined {
  if (value === undefined) return undefined;
  const at =
    value instanceof Date
      ? value.getTime()
      : typeof value === "number"
        ? value
        : typeof value !== "string"
          ? Number.NaN
          : DATE.test(value)
            ? calendars.startOfDate(value)
            : Date.parse(value);
  if (!Number.isFinite(at))
    throw new OptionsError(option, 'a Date, an ISO time, milliseconds, or a date such as "2026-11-01"', value);
  return at;
}

/** @throws OptionsError for a part that totals cannot be split by */
export function readBy(by: readonly SpendBy[] | undefined): readonly SpendBy[] {
  const wanted = '"endpoint", "basis", "hour", "day", "week", "month" or "tag:<name>"';
  if (by !== undefined && !Array.isArray(by)) throw new OptionsError("spend.by", `a list of ${wanted}`, by);
  for (const part of by ?? []) {
    const known =
      part === "endpoint" || part === "basis" || isCalendar(part) || (typeof part === "string" && /^tag:./s.test(part));
    if (!known) throw new OptionsError("spend.by", wanted, part);
  }
  return by ?? [];
}

function isCalendar(part: string): part is Calendar {
  return (CALENDAR as readonly string[]).includes(part);
}

/** What the store has to tell apart so that the summary can be made. */
export function totalsQuery(
  query: SpendQuery,
  by: readonly SpendBy[],
  bounds: { since: number | undefined; until: number | undefined },
): TotalsQuery {
  const dimensions = new Set<TotalsQuery["by"][number]>();
  for (const part of by) {
    if (part === "endpoint" || part === "basis") dimensions.add(part);
    else dimensions.add(isCalendar(part) ? "bucket" : "tags");
  }
  if (query.endpoint !== undefined) dimensions.add("endpoint");
  if (query.tags !== undefined) dimensions.add("tags");
  return {
    by: [...dimensions],
    ...(bounds.since !== undefined && { since: bounds.since }),
    ...(bounds.until !== undefined && { until: bounds.until }),
  };
}

/** Adds the store's rows up into what was asked for. */
export function summarise(
  rows: readonly TotalsRow[],
  query: SpendQuery,
  by: readonly SpendBy[],
  bounds: { since: number | undefined; until: number | undefined },
  calendars: Calendars,
): SpendSummary {
  const matches = query.endpoint === undefined ? () => true : endpointMatcher(query.endpoint);
  const wantedTags = Object.entries(query.tags ?? {});
  const kept = rows.filter(
    (row) =>
      (row.endpointId === null || matches(row.endpointId)) &&
      wantedTags.every(([name, value]) => row.tags?.[name] === value),
  );
  const summary: SpendSummary = {
    currency: "USD",
    since: bounds.since === undefined ? null : new Date(bounds.since),
    until: bounds.until === undefined ? null : new Date(bounds.until),
    ...totalled(kept),
  };
  if (by.length > 0) summary.groups = grouped(kept, by, calendars);
  return summary;
}

function grouped(rows: readonly TotalsRow[], by: readonly SpendBy[], calendars: Calendars): SpendGroup[] {
  const groups = new Map<string, { key: SpendGroup["key"]; rows: TotalsRow[] }>();
  for (const row of rows) {
    const key = Object.fromEntries(by.map((part) => [part, keyPartOf(row, part, calendars)]));
    const id = JSON.stringify(Object.values(key));
    const group = groups.get(id) ?? { key, rows: [] };
    group.rows.push(row);
    groups.set(id, group);
  }
  const calendar = by.find(isCalendar);
  return [...groups.values()]
    .map((group) => ({ key: group.key, ...totalled(group.rows) }))
    .sort(
      (a, b) => (calendar ? (a.key[calendar] ?? "").localeCompare(b.key[calendar] ?? "") : 0) || b.spent.cmp(a.spent),
    );
}

function keyPartOf(row: TotalsRow, part: SpendBy, calendars: Calendars): string | null {
  if (part === "endpoint") return row.endpointId;
  if (part === "basis") return row.basis;
  if (isCalendar(part)) return new Date(calendars.startOf(part, row.bucket ?? 0)).toISOString();
  const name = part.slice("tag:".length);
  return row.tags && Object.hasOwn(row.tags, name) ? (row.tags[name] ?? null) : null;
}

function totalled(rows: readonly TotalsRow[]): SpendTotals {
  let [spent, held, saved] = [0n, 0n, 0n];
  let [calls, cached, joined, refused, unknown] = [0, 0, 0, 0, 0];
  for (const row of rows) {
    spent += row.spent;
    held += row.held;
    saved += row.saved;
    calls += row.calls;
    cached += row.cached;
    joined += row.joined;
    refused += row.refused;
    unknown += row.unknown;
  }
  return {
    spent: fromNano(spent),
    held: fromNano(held),
    saved: fromNano(saved),
    calls,
    cached,
    joined,
    refused,
    unknown,
  };
}
