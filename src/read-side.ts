/** What a meter says about its ledger. Part of the line: it carries budgets and prices to the reports. */
import { advicePrices } from "./advice-prices.ts";
import type { BudgetRule } from "./budget/budget.ts";
import { counterPrefix } from "./budget/counter.ts";
import { type BudgetStanding, standings } from "./budget/standing.ts";
import type { Windows } from "./budget/window.ts";
import { createZone, firstInstant } from "./budget/zone.ts";
import { type Clock, type Duration, milliseconds } from "./clock.ts";
import { OptionsError, onlyKeys } from "./errors.ts";
import { openReceipt, type Receipt, settledReceipt } from "./ledger/receipt.ts";
import { decimal } from "./money.ts";
import type { Credit as PrepaidCredit } from "./price/credits.ts";
import type { ResolvedDiscounts } from "./price/discount.ts";
import type { Pricer } from "./price/pricer.ts";
import type { Advice } from "./report/advice/advise.ts";
import { advice } from "./report/advice.ts";
import type { Covers } from "./report/burn.ts";
import type { Credit } from "./report/credits.ts";
import { periodAt } from "./report/period.ts";
import { type Reading, readRecent, readReport, readStatement, readTrend } from "./report/reading.ts";
import type { Report, ReportOptions } from "./report/report.ts";
import type { Statement } from "./report/statement.ts";
import {
  type Calendars,
  readBy,
  readInstant,
  type SpendQuery,
  type SpendSummary,
  summarise,
  totalsQuery,
} from "./report/summary.ts";
import type { Trend } from "./report/trend.ts";
import type { Store } from "./store/store.ts";

export interface StatementOptions {
  /** Prepaid credits to pay with, at most 1,000. @default those of the contract, less what earlier months have taken of them */
  credits?: readonly Credit[];
}

export interface AdviseOptions {
  /** How far to look back. @default "30d" */
  last?: Duration;
}

export interface ReadSideParts {
  clock: Clock;
  calendars: Calendars;
  windows: Windows;
  rules: readonly BudgetRule[];
  discounts: ResolvedDiscounts;
  pricer: Pricer;
  /** Prepaid under the contract. */
  credits: readonly PrepaidCredit[];
  /** How long the cache keeps an answer; `undefined` without one. */
  cacheTtlMs: number | undefined;
}

export interface ReadSide {
  spend(store: Store, query?: SpendQuery): Promise<SpendSummary>;
  receipt(store: Store, requestId: string): Promise<Receipt | undefined>;
  budgets(store: Store): Promise<BudgetStanding[]>;
  report(store: Store, options: ReportOptions): Promise<Report>;
  statement(store: Store, month?: string, options?: StatementOptions): Promise<Statement>;
  advise(store: Store, options?: AdviseOptions): Promise<Advice[]>;
  trend(store: Store): Promise<Trend>;
}

/** How many hits, joins and corrections one receipt adds up at most. */
const MOST_SHARES = 10_000;

export function createReadSide(parts: ReadSideParts): ReadSide {
  const { clock, calendars, windows, rules, discounts, pricer, cacheTtlMs } = parts;
  const reading = (store: Store): Reading => ({ store, calendars, now: clock.now() });

  /** The contract's credits as the month of `at` finds them: every month before it has taken what it had to pay. */
  async function creditsAt(ledger: Reading, at: number): Promise<Credit[]> {
    let credits = parts.credits.map(
      ({ amount, boughtAt, cycleEnds }, index): Credit & { name: string; used: string } => ({
        name: `credit ${index + 1}`,
        amount: amount.toFixed(),
        boughtAt,
        expiresAt: cycleEnds,
        used: "0",
      }),
    );
    const thisMonth = calendars.startOf("month", at);
    const first = Math.min(thisMonth, ...parts.credits.map(({ boughtAt }) => boughtAt));
    for (
      let month = periodAt(calendars, "month", first);
      month.start < thisMonth;
      month = periodAt(calendars, "month", month.end)
    ) {
      const { credits: lines } = await readStatement(ledger, { at: month.start, discounts, credits });
      const applied = new Map(lines.map((line) => [line.name, line.applied]));
      credits = credits.map((credit) => ({
        ...credit,
        used: decimal(credit.used)
          .add(applied.get(credit.name) ?? 0)
          .toFixed(),
      }));
    }
    return credits;
  }

  return {
    async spend(store, query = {}) {
      const by = readBy(query.by);
      const bounds = {
        since: readInstant(query.since, "spend.since", calendars),
        until: readInstant(query.until, "spend.until", calendars),
      };
      return summarise(await store.totals(totalsQuery(query, by, bounds)), query, by, bounds, calendars);
    },

    async receipt(store, requestId) {
      const later = await store.entries({ requestId, kinds: ["hit", "join", "correction"], limit: MOST_SHARES });
      const hold = (await store.findHold({ requestId })) ?? (await store.findHold({ id: requestId }));
      if (hold) return openReceipt(hold, later);
      const entry = (await store.findEntry({ requestId })) ?? (await store.findEntry({ id: requestId }));
      return entry && settledReceipt(entry, later);
    },

    budgets: async (store) => (await stoodIn(store, rules, clock.now(), windows)).map(({ standing }) => standing),

    report: (store, options) => readReport(reading(store), options),

    async statement(store, month, options = {}) {
      onlyKeys(options, "statement", ["credits"]);
      const at = month === undefined ? clock.now() : monthStart(month, calendars);
      const credits = options.credits ?? (await creditsAt(reading(store), at));
      return readStatement(reading(store), { at, discounts, credits });
    },

    async advise(store, options = {}) {
      onlyKeys(options, "advise", ["last"]);
      const at = clock.now();
      const lastMs = milliseconds(options.last ?? "30d", "advise.last");
      // The month's tiers count every purchase of it; of a part of them they would be told wrongly.
      const wantedMs = Math.max(lastMs, at - calendars.startOf("month", at));
      const { entries, taken } = await readRecent({ store, calendars, now: at }, wantedMs);
      return advice({
        entries,
        at,
        calendars,
        discounts: taken === "all" ? discounts : { ...discounts, mode: "none" },
        ...(cacheTtlMs !== undefined && { cacheTtlMs }),
        prices: advicePrices(pricer),
      });
    },

    async trend(store) {
      const now = clock.now();
      return trendOf({ store, calendars, now }, await stoodIn(store, rules, now, windows));
    },
  };
}

/** A budget and how it stands, or one of its split values. */
export interface Stood {
  rule: BudgetRule;
  standing: BudgetStanding;
}

/** Every budget as it stands at `at`. */
export async function stoodIn(
  store: Store,
  rules: readonly BudgetRule[],
  at: number,
  windows: Windows,
): Promise<Stood[]> {
  const prefixes = new Set(rules.map((rule) => counterPrefix(rule, at, windows)));
  const counters = (await Promise.all([...prefixes].map((prefix) => store.counters({ prefix, at })))).flat();
  return rules.flatMap((rule) => standings([rule], counters, at, windows).map((standing) => ({ rule, standing })));
}

/** Where spending is going. A budget for single requests has no pace, so none is told of it. */
export async function trendOf(reading: Reading, stood: readonly Stood[]): Promise<Trend> {
  const paced = stood.filter(({ rule }) => rule.per !== "request");
  const rules = new Map(paced.map(({ rule, standing }) => [standing as object, rule]));
  const covers: Covers = (standing, { endpointId, tags }) => {
    const rule = rules.get(standing);
    const call = { endpointId: endpointId ?? "", tags: tags ?? {} };
    if (!rule?.matches(call)) return false;
    if (rule.split === null || standing.split === undefined) return true;
    const value = rule.split.by === "endpoint" ? call.endpointId : (call.tags[rule.split.tag] ?? "(none)");
    return value === standing.split;
  };
  return readTrend(
    reading,
    paced.map(({ standing }) => standing),
    covers,
  );
}

export function calendarsOf(windows: Windows, timezone: string): Calendars {
  const zone = createZone(timezone);
  return {
    startOf: (per, at) => windows.at(per, at).start,
    startOfDate: (date) => firstInstant(zone, Date.parse(`${date}T00:00:00Z`)),
  };
}

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

function monthStart(month: string, calendars: Calendars): number {
  if (typeof month === "string" && MONTH.test(month)) return calendars.startOfDate(`${month}-01`);
  throw new OptionsError("statement.month", 'a month such as "2026-11"', month);
}
