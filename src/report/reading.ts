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
import { type Trend, trend, trendQuery } from "./trend.ts";
import type { VolumeDiscounts } from "./volume-credit.ts";

/** What reading a ledger takes. */
export interface Reading {
  store: Store;
  calendars: Calendars;
  now: number;
}

const PAGE = 5_000;
/** Entries that a report's percentiles and parts are taken from; the newest ones. Its sums come from all. */
const MOST_SAMPLED = 50_000;
/** A range with more than this is a book of its own. */
const MOST_CHARGES = 2_000_000;
const MOST_HOLDS = 200_000;

/** Entries of a range, oldest first, at most `most`; `sample` says that there were more and the newest of them came. */
export async function readEntries(
  store: Store,
  query: Omit<EntryQuery, "limit" | "after" | "newest">,
  most: number,
): Promise<{ entries: Entry[]; taken: "all" | "sample" }> {
  const found: Entry[] = [];
  let after: number | undefined;
  for (;;) {
    const page = await store.entries({
      ...query,
      newest: true,
      limit: Math.min(PAGE, most + 1 - found.length),
      ...(after !== undefined && { after }),
    });
    found.push(...page);
    after = page.at(-1)?.seq;
    if (found.length > most) return { entries: found.slice(0, most).reverse(), taken: "sample" };
    if (page.length === 0 || after === undefined) return { entries: found.reverse(), taken: "all" };
  }
}

/** @throws OptionsError naming `report.…` */
export async function readReport({ store, calendars, now }: Reading, options: ReportOptions): Promise<Report> {
  const question = readReportOptions(options, now, calendars);
  const { since, until, filter } = question;
  const rows = await store.totals(question.totals);
  const { entries, taken } = await readEntries(store, { since, until }, MOST_SAMPLED);
  const matches = filter.endpoint === undefined ? () => true : endpointMatcher(filter.endpoint);
  const tags = Object.entries(filter.tags ?? {});
  const kept = entries.filter(
    (entry) => matches(entry.endpointId) && tags.every(([name, value]) => entry.tags[name] === value),
  );
  return report(question, rows, { entries: kept, taken }, calendars);
}

/** `covers` tells which rows count under which budget. @default every row under each */
export async function readTrend(
  { store, calendars, now }: Reading,
  budgets: readonly Standing[],
  covers?: Covers,
): Promise<Trend> {
  const rows = await store.totals(trendQuery(now, calendars));
  return trend({ rows, budgets, at: now, calendars, ...(covers && { covers }) });
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
  return readEntries(store, { since: now - lastMs, until: now + 1 }, MOST_SAMPLED);
}
