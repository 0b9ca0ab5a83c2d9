/** What a person should look at: alerts of now, where the month is going, and what could cost less. */
import { plain } from "../money.ts";
import { resolveDiscounts } from "../price/discount.ts";
import { trendOf } from "../read-side.ts";
import { type AdvicePrices, advice } from "../report/advice.ts";
import type { Alert } from "../report/alert.ts";
import { holdAlerts, standingAlerts, trendAlerts } from "../report/alerts.ts";
import type { Trend } from "../report/trend.ts";
import type { Entry, Store } from "../store/store.ts";
import { standingsIn } from "./budgets.ts";
import type { Ledger } from "./ledger.ts";

export interface ShownAdvice {
  kind: string;
  title: string;
  how: string;
  /** Dollars that would not have been spent; zero where the gain is not money yet. */
  saving: string;
  endpointId: string | null;
  purchases: number;
}

export interface Outlook {
  /** The worst first. */
  alerts: Alert[];
  /** What the month will have cost when it ends; `null` while not one day has closed. */
  forecast: { month: string; spent: string; low: string; expected: string; high: string } | null;
  advice: ShownAdvice[];
  /** `part` when the month has more entries than were read. */
  taken: "all" | "part";
}

const ALERTS_MOST = 50;
const ADVICE_MOST = 20;
/** Entries of the month that advice is taken from: enough for a habit to show, few enough to be read at once. */
const ENTRIES_MOST = 5_000;
const OPEN_MOST = 2_000;

/** `told` are alerts of things that happened, and `prices` those of what was not bought, which the ledger itself does not know. */
export async function outlookOf(ledger: Ledger, told: readonly Alert[], prices: AdvicePrices): Promise<Outlook> {
  const { store, at, calendars } = ledger;
  const stood = (await standingsIn(ledger)).flatMap(({ budget: { rule }, standing }) =>
    rule.per === "request" ? [] : [{ rule, standing }],
  );
  const going = await trendOf({ store, calendars, now: at }, stood);
  const holds = await store.openHolds({ limit: OPEN_MOST });
  const { entries, taken } = await entriesOf(store, calendars.startOf("month", at));
  const discounts = resolveDiscounts();
  const found = advice({
    entries,
    prices,
    at,
    calendars,
    // The tiers count every purchase of the month; of a part of them they would be told wrongly.
    discounts: taken === "all" ? discounts : { ...discounts, mode: "none" },
  });
  return {
    alerts: worstFirst([
      ...standingAlerts(
        stood.map(({ standing }) => standing),
        at,
        { thresholds: [0.8, 1] },
      ),
      ...trendAlerts(
        going,
        stood.filter(({ rule }) => rule.per !== "total").map(({ standing }) => standing),
      ),
      ...holdAlerts(holds, at),
      ...told,
    ]).slice(0, ALERTS_MOST),
    forecast: shownForecast(going),
    advice: found.slice(0, ADVICE_MOST).map(({ kind, title, how, saving, endpointId, evidence }) => ({
      ...{ kind, title, how, endpointId },
      saving: plain(saving),
      purchases: evidence.purchases,
    })),
    taken,
  };
}

async function entriesOf(store: Store, since: number): Promise<{ entries: Entry[]; taken: Outlook["taken"] }> {
  const newest = await store.entries({ limit: ENTRIES_MOST, newest: true });
  const entries = newest.filter(({ at }) => at >= since);
  return { entries, taken: newest.length === ENTRIES_MOST && entries.length === newest.length ? "part" : "all" };
}

function shownForecast({ forecast }: Trend): Outlook["forecast"] {
  if (!forecast) return null;
  const { month, spent, low, expected, high } = forecast;
  return { month, spent: plain(spent), low: plain(low), expected: plain(expected), high: plain(high) };
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

function worstFirst(alerts: readonly Alert[]): Alert[] {
  const once = new Map(alerts.map((alert) => [alert.id, alert]));
  return [...once.values()].sort((a, b) => RANK[a.severity] - RANK[b.severity] || b.at.getTime() - a.at.getTime());
}
