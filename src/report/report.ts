import type { EndpointGlob, Tags } from "../call.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import { type Decimal, zero } from "../money.ts";
import type { Entry, TotalsQuery, TotalsRow } from "../store/store.ts";
import { type Period, periodAt, periodBefore, periodsBetween } from "./period.ts";
import { type PurchaseCost, purchaseCost } from "./purchases.ts";
import { type Refusals, refusalsOf, type Savings, savingsOf } from "./savings.ts";
import {
  type Calendars,
  readBy,
  readInstant,
  type SpendBy,
  type SpendGroup,
  type SpendQuery,
  type SpendTotals,
  summarise,
  totalsQuery,
} from "./summary.ts";

export interface ReportOptions {
  /** Calendar periods of the meter's zone. */
  per: "day" | "week" | "month";
  /** From the period that holds this on. @default the last 7 days, 8 weeks or 12 months, the current one included */
  since?: Date | number | string;
  /** Up to here, not included. @default now */
  until?: Date | number | string;
  /** Groups over the whole range, as `spend` takes them. @default none */
  by?: readonly SpendBy[];
  /** Only endpoints that match this glob. */
  endpoint?: EndpointGlob;
  /** Only calls that carry all of these tags. */
  tags?: Tags;
}

/** From an earlier amount to a later one. */
export interface Change {
  amount: Decimal;
  /** `50` for half as much again; `null` where the earlier amount is zero, for no percentage says that. */
  percent: Decimal | null;
}

export interface ReportPeriod {
  start: Date;
  end: Date;
  /** `open` while it has not ended, so that its totals may still grow. */
  state: "closed" | "open";
  totals: SpendTotals;
  /** The whole period before. */
  before: SpendTotals;
  /** Of what was spent. */
  change: Change;
}

export interface ReportGroup extends SpendGroup {
  /** Of all that was spent in the range, from 0 to 1; `null` where nothing was. */
  share: Decimal | null;
  /** What the same group spent in as many periods before the range. */
  before: Decimal;
  change: Change;
}

/** What no value of a tag accounts for. */
export interface Unallocated extends SpendTotals {
  tag: string;
  share: Decimal | null;
}

export interface Report {
  currency: "USD";
  per: ReportOptions["per"];
  since: Date;
  until: Date;
  totals: SpendTotals;
  periods: ReportPeriod[];
  groups?: ReportGroup[];
  /** For each tag that groups were asked for. */
  unallocated?: Unallocated[];
  cost: PurchaseCost;
  savings: Savings;
  refusals: Refusals;
}

/** A report's options read, and the range that rows and entries are needed of. */
export interface ReportQuestion {
  per: ReportOptions["per"];
  by: readonly SpendBy[];
  filter: SpendQuery;
  periods: readonly Period[];
  since: number;
  until: number;
  ask: {
    /** One for the period before the range, then one for each of its periods: what lies in it comes added up. */
    periods: TotalsQuery[];
    /** The groups of the range, and of as many periods before it; `null` where none are asked for. */
    groups: { now: TotalsQuery; before: TotalsQuery } | null;
  };
}

/** What a ledger answers a question with. */
export interface ReportRows {
  periods: readonly (readonly TotalsRow[])[];
  groups: { now: readonly TotalsRow[]; before: readonly TotalsRow[] } | null;
}

const MOST_PERIODS = 1_000;
const DEFAULT_PERIODS = { day: 7, week: 8, month: 12 } as const;

/** @throws OptionsError naming `report.…` */
export function readReportOptions(options: ReportOptions, now: number, calendars: Calendars): ReportQuestion {
  onlyKeys(options, "report", ["per", "since", "until", "by", "endpoint", "tags"]);
  const { per } = options;
  if (!Object.hasOwn(DEFAULT_PERIODS, per)) throw new OptionsError("report.per", '"day", "week" or "month"', per);
  const until = readInstant(options.until, "report.until", calendars) ?? now;
  const asked =
    readInstant(options.since, "report.since", calendars) ?? stepsBack(calendars, per, until, DEFAULT_PERIODS[per] - 1);
  if (asked >= until) throw new OptionsError("report.since", "earlier than report.until", options.since);
  const periods = periodsBetween(calendars, per, { since: asked, until }, MOST_PERIODS, "report.since");
  const since = periods[0]!.start;
  const by = readBy(options.by);
  const { endpoint, tags } = options;
  const filter = { ...(endpoint !== undefined && { endpoint }), ...(tags !== undefined && { tags }) };
  const groups = (bounds: { since: number; until: number }) => totalsQuery(filter, by, bounds);
  return {
    per,
    by,
    filter,
    periods,
    since,
    until,
    ask: {
      periods: [periodBefore(calendars, per, since), ...periods].map(({ start, end }) =>
        totalsQuery(filter, [], { since: start, until: Math.min(end, until) }),
      ),
      groups:
        by.length === 0
          ? null
          : {
              now: groups({ since, until }),
              before: groups({ since: stepsBack(calendars, per, since, periods.length), until: since }),
            },
    },
  };
}

function stepsBack(calendars: Calendars, per: ReportOptions["per"], at: number, count: number): number {
  let start = periodAt(calendars, per, at).start;
  for (let step = 0; step < count; step += 1) start = periodBefore(calendars, per, start).start;
  return start;
}

/**
 * What was spent in each period and against the one before. `rows` answer `question.ask`; `entries` are those of the range
 * that the filter lets through, all of them or a sample.
 */
export function report(
  question: ReportQuestion,
  rows: ReportRows,
  sample: { entries: readonly Entry[]; taken: PurchaseCost["taken"] },
  calendars: Calendars,
): Report {
  const { per, by, filter, since, until } = question;
  const add = (some: readonly TotalsRow[]) => totalsOf(some, filter, calendars);
  const sums = rows.periods.map(add);
  const totals = add(rows.periods.slice(1).flat());
  const made: Report = {
    currency: "USD",
    per,
    since: new Date(since),
    until: new Date(until),
    totals,
    periods: question.periods.map(({ start, end }, index) => ({
      start: new Date(start),
      end: new Date(end),
      state: end <= until ? "closed" : "open",
      totals: sums[index + 1]!,
      before: sums[index]!,
      change: changeOf(sums[index]!.spent, sums[index + 1]!.spent),
    })),
    cost: purchaseCost(sample.entries, sample.taken),
    savings: savingsOf(totals, sample),
    refusals: refusalsOf(totals, sample),
  };
  if (!rows.groups) return made;
  const { now, before } = rows.groups;
  made.groups = groupsOf(now, before, question, calendars);
  made.unallocated = by.flatMap((part) =>
    part.startsWith("tag:") ? [unallocated(part.slice(4), now, totals.spent, add)] : [],
  );
  return made;
}

function totalsOf(rows: readonly TotalsRow[], filter: SpendQuery, calendars: Calendars): SpendTotals {
  const { spent, held, saved, calls, cached, joined, refused, unknown } = summarise(
    rows,
    filter,
    [],
    NO_BOUNDS,
    calendars,
  );
  return { spent, held, saved, calls, cached, joined, refused, unknown };
}

const NO_BOUNDS = { since: undefined, until: undefined };

function groupsOf(
  rows: readonly TotalsRow[],
  before: readonly TotalsRow[],
  { by, filter }: ReportQuestion,
  calendars: Calendars,
): ReportGroup[] {
  const grouped = (some: readonly TotalsRow[]) => summarise(some, filter, by, NO_BOUNDS, calendars);
  const now = grouped(rows);
  const then = new Map((grouped(before).groups ?? []).map((group) => [JSON.stringify(group.key), group.spent]));
  return (now.groups ?? []).map((group) => {
    const earlier = then.get(JSON.stringify(group.key)) ?? zero;
    return {
      ...group,
      share: shareOf(group.spent, now.spent),
      before: earlier,
      change: changeOf(earlier, group.spent),
    };
  });
}

function unallocated(
  tag: string,
  rows: readonly TotalsRow[],
  whole: Decimal,
  add: (rows: readonly TotalsRow[]) => SpendTotals,
): Unallocated {
  const totals = add(rows.filter(({ tags }) => !Object.hasOwn(tags ?? {}, tag)));
  return { tag, ...totals, share: shareOf(totals.spent, whole) };
}

/** A part of a whole, from 0 to 1; `null` of nothing. */
function shareOf(part: Decimal, whole: Decimal): Decimal | null {
  return whole.isZero() ? null : part.div(whole);
}

function changeOf(before: Decimal, after: Decimal): Change {
  const amount = after.sub(before);
  return { amount, percent: before.isZero() ? null : amount.div(before).mul(100) };
}
