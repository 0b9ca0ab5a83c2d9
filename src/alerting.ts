/** Has people hear of what a meter sees: alerts from its events, budgets and trends, delivered in the background. Part of the line. */
import type { BudgetRule } from "./budget/budget.ts";
import type { Windows } from "./budget/window.ts";
import type { Clock } from "./clock.ts";
import { describeFailure } from "./errors.ts";
import type { Events, MeterEvent } from "./events.ts";
import { type Stood, stoodIn, trendOf } from "./read-side.ts";
import type { Alert } from "./report/alert.ts";
import type { ResolvedAlerts } from "./report/alert-options.ts";
import { type AlertRules, eventAlert, holdAlerts, standingAlerts, trendAlerts } from "./report/alerts.ts";
import { createOutbox, type DeliveryHaste, type Outbox } from "./report/outbox.ts";
import { readHolds } from "./report/reading.ts";
import { openSinks } from "./report/sinks.ts";
import type { Calendars } from "./report/summary.ts";
import { runRounds } from "./settle/rounds.ts";
import type { Store } from "./store/store.ts";

export interface AlertingParts {
  clock: Clock;
  events: Events;
  /** Ends everything. */
  signal: AbortSignal;
  /** `null` where nobody is to hear. */
  alerts: ResolvedAlerts | null;
  rules: readonly BudgetRule[];
  windows: Windows;
  calendars: Calendars;
  /** Told why alerts could not be written down or delivered, once for each reason in a row. */
  warn(message: string): void;
}

/**
 * No call waits for an alert, and none fails because of one. An alert is told once, over all processes that share the store: it is
 * written into the store, and leaves it when every sink has it.
 */
export interface Alerting {
  /** Starts the background, where there is to be one. */
  begin(store: Store): void;
  /** Resolves once the background has ended, with one last try to deliver what is pending. */
  idle(): Promise<void>;
}

/** Alerts kept here until the ledger takes them; of more, the newest are dropped. */
const MOST_NOTED = 1_000;
const MOST_TOLD = 10_000;
/** Trends and old holds move slowly and are dear to look at. */
const LOOK_EVERY_MS = 900_000;

export function createAlerting({ alerts, ...parts }: AlertingParts): Alerting {
  return alerts ? createBackground(alerts, parts) : { begin() {}, async idle() {} };
}

function createBackground(options: ResolvedAlerts, parts: Omit<AlertingParts, "alerts">): Alerting {
  const { clock, events, signal, rules, windows, calendars } = parts;
  const rolling = rules.filter(({ per }) => typeof per === "object").map(({ name }) => name);
  const alertRules: AlertRules = { rolling, undecidedAfterMs: options.undecidedAfterMs };
  const split = new Set(rules.filter((rule) => rule.split !== null).map(({ name }) => name));
  const noted = new Map<string, Alert>();
  const told = new Set<string>();
  let ledger: { store: Store; outbox: Outbox } | undefined;
  let background: Promise<void> | undefined;
  let working: Promise<void> | undefined;
  let again = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let warned: string | null = null;

  function hear(event: MeterEvent) {
    // Whose part of a split budget it is stands in the counters, not in the event.
    const ofSplit = event.type === "budget-warned" && split.has(event.budget);
    const alert = ofSplit ? null : eventAlert(event, alertRules);
    if (alert && !told.has(alert.id) && noted.size < MOST_NOTED) noted.set(alert.id, alert);
    if (ofSplit || (alert && noted.has(alert.id))) kick();
  }

  /** Each threshold by itself, as the events tell of them. */
  function reached({ rule, standing }: Stood, at: number): Alert[] {
    if (rule.per === "request") return [];
    return rule.alerts.flatMap(({ fraction }) =>
      standingAlerts([standing], at, { ...alertRules, thresholds: [fraction] }),
    );
  }

  async function look(store: Store): Promise<Alert[]> {
    const at = clock.now();
    const stood = await stoodIn(store, rules, at, windows);
    const found = stood.flatMap((each) => reached(each, at));
    if (at - lookedAt < LOOK_EVERY_MS) return found;
    lookedAt = at;
    const trend = await trendOf({ store, calendars, now: at }, stood);
    const holds = await readHolds(store, at - options.undecidedAfterMs);
    // A budget for all time runs out some day, which is no news.
    const ending = stood.filter(({ rule }) => rule.per !== "total").map(({ standing }) => standing);
    return [...found, ...trendAlerts(trend, ending, alertRules), ...holdAlerts(holds, at, alertRules)];
  }

  async function round(haste: DeliveryHaste): Promise<void> {
    if (!ledger) return;
    const { store, outbox } = ledger;
    const found = [...noted.values(), ...(await look(store))].filter(({ id }) => !told.has(id));
    await outbox.add(found);
    if (told.size > MOST_TOLD) told.clear();
    for (const { id } of found) {
      noted.delete(id);
      told.add(id);
    }
    const done = await outbox.deliver(haste);
    const [failure] = done?.failures ?? [];
    warn(failure ? `${failure.sink} did not take an alert: ${failure.message}` : null);
  }

  function warn(why: string | null) {
    if (why !== null && why !== warned) parts.warn(why);
    warned = why;
  }

  async function work(): Promise<void> {
    while (again && !signal.aborted) {
      again = false;
      await round({ signal }).catch((error: unknown) => warn(describeFailure(error)));
    }
  }

  function kick(): Promise<void> {
    again = true;
    // What was kicked off while the ledger is not open waits for its first round.
    if (!ledger) return Promise.resolve();
    working ??= work().finally(() => {
      working = undefined;
    });
    return working;
  }

  events.on("*", hear);

  return {
    begin(store) {
      const open = async () => {
        const sinks = await openSinks(options.sinks, clock);
        ledger = { store, outbox: createOutbox({ store, clock, sinks }) };
        await runRounds({ clock, everyMs: options.everyMs, signal, round: kick, onFailure: () => {} });
      };
      background = open().catch((error: unknown) => warn(describeFailure(error)));
    },

    async idle() {
      await background;
      await working;
      await round({ tries: 1, waitMs: 0 }).catch((error: unknown) => warn(describeFailure(error)));
    },
  };
}
