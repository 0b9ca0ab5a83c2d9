import { endpointMatcher } from "../call.ts";
import { MeterError } from "../errors.ts";
import type { Entry, EntryQuery, Hold, Store } from "../store/store.ts";
import type { Covers, Standing } from "./burn.ts";
import type { Credit } from "./credits.ts";
import { type FocusData, type FocusInput, focus } from "./focus.ts";
import { periodAt } from "./period.ts";
import { type Report, type ReportOptions, readReportOptions, report } from "./report.ts";
import { type Statement, statement } from "./statement.ts";
import type { Calendars } from "./summary.ts";
import { burnQuery, type Trend, trend, trendDays, trendQuery } from "./trend.ts";
import type { VolumeDiscounts } from "./volume-credit.ts";

/** What reading a ledger takes. */
export interface Reading {
  store: Store;
  calendars: Calendars;
  now: number;
}

const PAGE = 5_000;
/** Entries that advice and what-if are taken from, the newest ones. */
const MOST_RECENT = 50_000;
/** Entries that a report's percentiles and parts are taken from. Its sums come from all. */
const MOST_REPORTED = 10_000;
/** Where there are more, so many of them, a slice here and a slice there over the whole range. */
const SAMPLED = { slices: 25, each: 200 };
/** What was sent in a range is settled within it, or not much later. */
const SETTLED_WITHIN_MS = 3_600_000;
/** A range with more than this is a book of its own. */
const MOST_CHARGES = 2_000_000;
const MOST_HOLDS = 200_000;

/**
 * Entries of a range, oldest first, at most `most`; `sample` says that there were more. Read from the newest on, so that those are the
 * ones that came; or from the oldest, which is quicker where the range is known to be a small part of the ledger.
 */
export async function readEntries(
  store: Store,
  query: Omit<EntryQuery, "limit" | "after" | "newest">,
  most: number,
  from: "newest" | "oldest" = "newest",
): Promise<{ entries: Entry[]; taken: "all" | "sample" }> {
  const found: Entry[] = [];
  const inOrder = () => (from === "newest" ? found.reverse() : found);
  let after: number | undefined;
  for (;;) {
    const page = await store.entries({
      ...query,
      newest: from === "newest",
      limit: Math.min(PAGE, most + 1 - found.length),
      ...(after !== undefined && { after }),
    });
    found.push(...page);
    after = page.at(-1)?.seq;
    if (found.length > most) {
      found.length = most;
      return { entries: inOrder(), taken: "sample" };
    }
    if (page.length === 0 || after === undefined) return { entries: inOrder(), taken: "all" };
  }
}

/** @throws OptionsError naming `report.…` */
export async function readReport({ store, calendars, now }: Reading, options: ReportOptions): Promise<Report> {
  const question = readReportOptions(options, now, calendars);
  const { since, until, filter, ask } = question;
  // All at once, so that a store far away is waited for once.
  const [periods, inRange, before, { entries, taken }] = await Promise.all([
    Promise.all(ask.periods.map((query) => store.totals(query))),
    ask.groups && store.totals(ask.groups.now),
    ask.groups && store.totals(ask.groups.before),
    readSample(store, { since, until }),
  ]);
  const groups = inRange && before && { now: inRange, before };
  const matches = filter.endpoint === undefined ? () => true : endpointMatcher(filter.endpoint);
  const tags = Object.entries(filter.tags ?? {});
  const kept = entries.filter(
    (entry) => matches(entry.endpointId) && tags.every(([name, value]) => entry.tags[name] === value),
  );
  return report(question, { periods, groups }, { entries: kept, taken }, calendars);
}

/** Entries of a range: all, or as many from each part of it where there are more than a report reads. */
async function readSample(
  store: Store,
  { since, until }: { since: number; until: number },
): Promise<{ entries: Entry[]; taken: "all" | "sample" }> {
  const [begin, end, newest] = await Promise.all([
    seqAt(store, since),
    seqAt(store, until + SETTLED_WITHIN_MS),
    newestSeq(store),
  ]);
  const first = begin ?? 0;
  const last = end ?? (newest ?? 0) + 1;
  if (last - first <= MOST_REPORTED) return readEntries(store, { since, until }, MOST_REPORTED, "oldest");
  const { slices, each } = SAMPLED;
  const pages = await Promise.all(
    Array.from({ length: slices }, (_, slice) => {
      const after = first + Math.floor(((slice + 0.5) * (last - first)) / slices) - each / 2;
      return store.entries({ after, limit: each });
    }),
  );
  return { entries: pages.flat().filter(({ at }) => at >= since && at < until), taken: "sample" };
}

async function newestSeq(store: Store): Promise<number | undefined> {
  return (await store.entries({ limit: 1, newest: true }))[0]?.seq;
}

/**
 * The first `seq` that was settled at `time` or later, found by halving, for entries are written in the order in which calls
 * settle; `null` when there is none.
 */
export async function seqAt(store: Store, time: number): Promise<number | null> {
  const newest = await newestSeq(store);
  let [low, high] = [0, (newest ?? 0) + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await store.entries({ limit: 1, after: middle - 1 });
    if (entry === undefined || (entry.settledAt ?? entry.at) >= time) high = middle;
    else low = middle;
  }
  return newest === undefined || high > newest ? null : high;
}

/** `covers` tells which rows count under which budget. @default every row under each */
export async function readTrend(
  { store, calendars, now }: Reading,
  budgets: readonly Standing[],
  covers?: Covers,
): Promise<Trend> {
  const rows = await store.totals(trendQuery(now, calendars));
  // A question a day: what an endpoint spent in it comes added up.
  const days = trendDays(rows, now, calendars).map(async ({ start, end }) => {
    const spent = await store.totals({ since: start, until: Math.min(end, now), by: ["endpoint"] });
    return spent.map((row) => ({ ...row, bucket: start }));
  });
  const endpoints = (await Promise.all(days)).flat();
  const lastDay = budgets.length === 0 ? [] : await store.totals(burnQuery(now));
  return trend({ rows, endpoints, lastDay, budgets, at: now, calendars, ...(covers && { covers }) });
}

/**
 * The statement of the month that `at` lies in.
 * @throws OptionsError naming `statement.credits[n].…`; MeterError for more than two million, for a bill must be whole.
 */
export async function readStatement(
  { store, calendars, now }: Reading,
  options: { at: number; discounts: VolumeDiscounts; credits?: readonly Credit[] },
): Promise<Statement> {
  const { start, end } = periodAt(calendars, "month", options.at);
  const entries = await readCharges(store, { since: start, until: end });
  const holds = await readHolds(store, end);
  return statement({ ...options, now, entries, holds, calendars });
}

/**
 * The purchases and corrections of a range as rows of FOCUS.
 * @throws MeterError for more than two million, for a bill must be whole.
 */
export async function readFocus(
  { store, calendars }: Reading,
  { since, until, account }: { since: number; until: number } & Pick<FocusInput, "account">,
): Promise<FocusData> {
  const entries = await readCharges(store, { since, until });
  return focus({ entries, calendars, ...(account && { account }) });
}

/** All that a bill is made of. */
async function readCharges(store: Store, span: { since: number; until: number }): Promise<Entry[]> {
  const { entries, taken } = await readEntries(store, { ...span, kinds: ["purchase", "correction"] }, MOST_CHARGES);
  if (taken === "all") return entries;
  throw new MeterError(`There are more than ${MOST_CHARGES} entries in this range: bill them in shorter ones.`);
}

/** Open holds sent before `before`, oldest first, at most 200,000. */
export async function readHolds(store: Store, before: number): Promise<Hold[]> {
  const found: Hold[] = [];
  while (found.length < MOST_HOLDS) {
    const after = found.at(-1)?.id;
    const page = await store.openHolds({ before, limit: PAGE, ...(after !== undefined && { after }) });
    found.push(...page);
    if (page.length < PAGE) break;
  }
  return found;
}

/** The entries of the last so many ms before now, the newest 50,000: what advice and what-if are taken from. */
export async function readRecent(
  { store, now }: Reading,
  lastMs: number,
): Promise<{ entries: Entry[]; taken: "all" | "sample" }> {
  return readEntries(store, { since: now - lastMs, until: now + 1 }, MOST_RECENT);
}
