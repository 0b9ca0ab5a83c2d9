import type { MeterEvent } from "../events.ts";
import { type Decimal, decimal, fromNano, money, plain, sum } from "../money.ts";
import type { Hold } from "../store/store.ts";
import { type Alert, alertId } from "./alert.ts";
import type { Anomaly } from "./anomaly.ts";
import type { BudgetBurn, Standing } from "./burn.ts";
import type { Trend } from "./trend.ts";

export interface AlertRules {
  /** Shares of a limit, above 0. @default [0.5, 0.8, 1] */
  thresholds?: readonly number[];
  /** Names of rolling budgets: their window moves with every call, so they are told of once a day. @default none */
  rolling?: readonly string[];
  /** Holds of unknown fate older than this are told of, in milliseconds. @default an hour */
  undecidedAfterMs?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const THRESHOLDS = [0.5, 0.8, 1];

type Windowed = Pick<Standing, "name" | "resetsAt">;

/** The window an alert is told once in. Its end names it, for that is what standings and events both know. */
function windowOf({ name, resetsAt }: Windowed, { rolling = [] }: AlertRules, at: number): string {
  if (rolling.includes(name)) return dayOf(at);
  return resetsAt?.toISOString() ?? "total";
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function hourOf(at: number): string {
  return new Date(Math.floor(at / HOUR_MS) * HOUR_MS).toISOString();
}

/** The highest threshold that each budget has reached. A limit of zero is reached by the first nano-dollar. */
export function standingAlerts(standings: readonly Standing[], at: number, rules: AlertRules = {}): Alert[] {
  const thresholds = [...(rules.thresholds ?? THRESHOLDS)].sort((a, b) => b - a);
  return standings.flatMap((standing) => {
    const used = standing.spent.add(standing.held);
    const reached = thresholds.find((threshold) => !used.isZero() && used.gte(standing.limit.mul(threshold)));
    return reached === undefined ? [] : [usageAlert(standing, reached, at, rules)];
  });
}

type Used = Windowed & Pick<Standing, "limit" | "spent" | "held" | "split">;

function usageAlert(standing: Used, threshold: number, at: number, rules: AlertRules): Alert {
  const { name, split, limit, spent, held, resetsAt } = standing;
  const kind = threshold >= 1 ? "budget-exhausted" : "usage-threshold";
  const whose = split === undefined ? `"${name}"` : `"${name}" of "${split}"`;
  const percent = decimal(threshold).mul(100).toFixed();
  return {
    id: alertId(kind, name, split ?? "", String(threshold), windowOf(standing, rules, at)),
    kind,
    severity: threshold >= 1 ? "critical" : "warning",
    title: `Budget ${whose} has reached ${percent} %: ${money(spent)} spent and ${money(held)} held of ${money(limit)}`,
    facts: {
      budget: name,
      split: split ?? null,
      threshold: String(threshold),
      limit: plain(limit),
      spent: plain(spent),
      held: plain(held),
      resetsAt: resetsAt?.toISOString() ?? null,
    },
    at: new Date(at),
  };
}

/** Budgets that run out before they begin anew, and days that left their pattern. */
export function trendAlerts(trend: Trend, standings: readonly Standing[], rules: AlertRules = {}): Alert[] {
  const at = trend.at.getTime();
  const running = trend.budgets.filter(({ verdict }) => verdict === "runs-out");
  return [
    ...running.flatMap((burn) => {
      const standing = standings.find(({ name, split }) => name === burn.name && split === burn.split);
      return standing ? [forecastAlert(burn, standing, at, rules)] : [];
    }),
    // A day's alert is for that day: yesterday's was told yesterday, or comes once now.
    ...trend.anomalies.filter(({ day }) => at - day.getTime() < 2 * DAY_MS).map((anomaly) => anomalyAlert(anomaly, at)),
  ];
}

function forecastAlert(
  { name, split, runsOutAt, remaining }: BudgetBurn,
  standing: Standing,
  at: number,
  rules: AlertRules,
): Alert {
  const when = runsOutAt?.toISOString() ?? "";
  return {
    id: alertId("forecast-exceeds", name, split ?? "", windowOf(standing, rules, at)),
    kind: "forecast-exceeds",
    severity: "warning",
    title: `Budget "${name}"${split === undefined ? "" : ` of "${split}"`} runs out at ${when} at this rate, with ${money(remaining)} left`,
    facts: {
      budget: name,
      split: split ?? null,
      runsOutAt: when,
      remaining: plain(remaining),
      resetsAt: standing.resetsAt?.toISOString() ?? null,
    },
    at: new Date(at),
  };
}

function anomalyAlert({ day, endpointId, direction, spent, usual, allowed }: Anomaly, at: number): Alert {
  return {
    id: alertId("anomaly", endpointId ?? "", direction, day.toISOString()),
    kind: "anomaly",
    severity: direction === "above" ? "warning" : "info",
    title: `${endpointId ?? "Spending"} is far ${direction} its usual ${rounded(usual)} a day: ${rounded(spent)}`,
    facts: {
      endpoint: endpointId,
      day: day.toISOString(),
      direction,
      spent: plain(spent),
      usual: plain(usual),
      allowed: plain(allowed),
    },
    at: new Date(at),
  };
}

/** Holds whose answer was lost and that nobody has decided since: one alert for an endpoint and the day they were sent on, not a flood of them. */
export function holdAlerts(
  holds: readonly Hold[],
  at: number,
  { undecidedAfterMs = HOUR_MS }: AlertRules = {},
): Alert[] {
  const groups = new Map<string, Hold[]>();
  for (const hold of holds) {
    if (hold.state !== "unknown" || at - hold.at < undecidedAfterMs) continue;
    const id = alertId("hold-undecided", hold.purchase.endpointId, dayOf(hold.at));
    const its = groups.get(id);
    if (its) its.push(hold);
    else groups.set(id, [hold]);
  }
  return [...groups].map(([id, its]) => undecidedAlert(id, its, at));
}

function undecidedAlert(id: string, holds: readonly Hold[], at: number): Alert {
  const [
    {
      id: purchase,
      at: sentAt,
      requestId,
      purchase: { endpointId },
    },
  ] = holds as [Hold];
  const known = holds.flatMap(({ amount }) => (amount === null ? [] : [fromNano(amount)]));
  const held = known.length === 0 ? null : sum(known);
  const calls = holds.length === 1 ? "a call" : `${holds.length} calls`;
  const amount = held === null ? "an unknown amount" : money(held);
  return {
    id,
    kind: "hold-undecided",
    severity: "warning",
    title: `Nobody knows what became of ${calls} to ${endpointId} of ${dayOf(sentAt)}: ${amount} stays held`,
    facts: {
      endpoint: endpointId,
      calls: String(holds.length),
      held: held && plain(held),
      firstPurchase: purchase,
      firstRequest: requestId,
      firstSentAt: new Date(sentAt).toISOString(),
    },
    at: new Date(at),
  };
}

/** What one event of a meter has a person hear of; `null` for the everyday ones. */
export function eventAlert(event: MeterEvent, rules: AlertRules = {}): Alert | null {
  const { at } = event;
  const told = (alert: Omit<Alert, "at">): Alert => ({ ...alert, at: new Date(at) });
  switch (event.type) {
    case "budget-warned":
      return usageAlert(
        { name: event.budget, limit: event.limit, spent: event.spent, held: event.held, resetsAt: event.resetsAt },
        event.fraction,
        at,
        rules,
      );
    case "budget-refused": {
      const { budget, endpointId, requested, limit, spent, held, resetsAt } = event;
      return told({
        id: alertId("budget-refused", budget, windowOf({ name: budget, resetsAt }, rules, at)),
        kind: "budget-refused",
        severity: "critical",
        title: `Budget "${budget}" refuses calls: ${endpointId} asked for ${money(requested)}`,
        facts: {
          budget,
          endpoint: endpointId,
          requested: plain(requested),
          limit: plain(limit),
          spent: plain(spent),
          held: plain(held),
          resetsAt: resetsAt?.toISOString() ?? null,
        },
      });
    }
    case "rate-limited":
      return told({
        id: alertId("rate-limited", event.endpointId, hourOf(at)),
        kind: "rate-limited",
        severity: "warning",
        title: `${event.endpointId} answers 429: too many calls at once`,
        facts: {
          endpoint: event.endpointId,
          retryAfterMs: event.retryAfterMs === null ? null : String(event.retryAfterMs),
        },
      });
    case "price-changed":
      return told({
        id: alertId("price-changed", event.endpointId, event.after, event.effectiveFrom.toISOString()),
        kind: "price-changed",
        severity: "warning",
        title: `${event.endpointId} changes its price from ${event.before} to ${event.after}`,
        facts: {
          endpoint: event.endpointId,
          before: event.before,
          after: event.after,
          effectiveFrom: event.effectiveFrom.toISOString(),
        },
      });
    case "price-drift":
      return told({
        id: alertId("price-drift", event.endpointId, dayOf(at)),
        kind: "price-drift",
        severity: "warning",
        title: `${event.endpointId} was billed ${money(event.actual)}, estimated ${money(event.estimated)}`,
        facts: {
          endpoint: event.endpointId,
          estimated: plain(event.estimated),
          actual: plain(event.actual),
          basis: event.basis,
        },
      });
    case "hold-expired":
      return told({
        id: alertId("hold-expired", event.endpointId, dayOf(at)),
        kind: "hold-expired",
        severity: "warning",
        title: `A call to ${event.endpointId} never settled: ${event.amount === null ? "an unknown amount" : money(event.amount)} is taken as billed`,
        facts: { purchase: event.purchaseId, endpoint: event.endpointId, amount: event.amount && plain(event.amount) },
      });
    case "store-failed":
      return told({
        id: alertId("store-failed", event.store, event.verb, hourOf(at)),
        kind: "store-failed",
        severity: "critical",
        title: `The ledger fails to ${event.verb}: ${event.message}`,
        facts: { store: event.store, verb: event.verb, message: event.message },
      });
    default:
      return null;
  }
}

function rounded(amount: Decimal): string {
  return money(amount.toDecimalPlaces(6));
}
