/** The ledger as Prometheus scrapes it: text exposition format, version 0.0.4. */
import { type Decimal, plain } from "../money.ts";
import type { SpendGroup } from "../report/summary.ts";
import { periodOf, type Stood, standingsIn } from "./budgets.ts";
import { groupsIn } from "./figures.ts";
import type { Ledger } from "./ledger.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;

interface Family {
  name: string;
  /** A correction may lower an amount, and a counter that falls would be read as one that began anew: amounts are gauges. */
  type: "gauge" | "counter";
  help: string;
  samples: { labels: Labels; value: string }[];
}

const ENDPOINTS_MOST = 1_000;
const BUDGETS_MOST = 1_000;

/** The last known state and the sums of the whole ledger, at most 1,000 endpoints and as many budgets. */
export async function metricsOf(ledger: Ledger | null): Promise<string> {
  const groups = ledger ? byName(await groupsIn(ledger, {}, ["endpoint"])) : [];
  const stood = ledger ? await standingsIn(ledger) : [];
  const endpoints = groups.slice(0, ENDPOINTS_MOST);
  const families: Family[] = [
    gauge("fal_meter_up", "Whether there is a ledger to read.", [{ labels: {}, value: ledger ? "1" : "0" }]),
    ...endpointFamilies(endpoints),
    ...budgetFamilies(stood.slice(0, BUDGETS_MOST)),
    gauge("fal_meter_left_out", "Series beyond the most that are shown.", [
      { labels: { of: "endpoints" }, value: String(groups.length - endpoints.length) },
      { labels: { of: "budgets" }, value: String(Math.max(0, stood.length - BUDGETS_MOST)) },
    ]),
  ];
  return `${families
    .filter(({ samples }) => samples.length > 0)
    .map(written)
    .join("\n")}\n`;
}

/** By name and not by amount, so that the ones shown stay the ones shown. */
function byName(groups: readonly SpendGroup[]): SpendGroup[] {
  return [...groups].sort((a, b) => ((a.key.endpoint ?? "") < (b.key.endpoint ?? "") ? -1 : 1));
}

function endpointFamilies(groups: readonly SpendGroup[]): Family[] {
  const of = (value: (group: SpendGroup) => Decimal | number) =>
    groups.map((group) => ({ labels: { endpoint: group.key.endpoint ?? "" }, value: number(value(group)) }));
  return [
    gauge(
      "fal_meter_spent_usd",
      "US dollars settled, corrections included.",
      of(({ spent }) => spent),
    ),
    gauge(
      "fal_meter_held_usd",
      "US dollars held by calls under way.",
      of(({ held }) => held),
    ),
    gauge(
      "fal_meter_saved_usd",
      "US dollars that cached and joined calls would have cost.",
      of(({ saved }) => saved),
    ),
    gauge(
      "fal_meter_unknown_cost_calls",
      "Purchases of which nobody knows the amount.",
      of(({ unknown }) => unknown),
    ),
    counter(
      "fal_meter_calls_total",
      "Purchases settled.",
      of(({ calls }) => calls),
    ),
    counter(
      "fal_meter_cached_total",
      "Calls answered from the cache.",
      of(({ cached }) => cached),
    ),
    counter(
      "fal_meter_joined_total",
      "Calls that joined one under way.",
      of(({ joined }) => joined),
    ),
    counter(
      "fal_meter_refused_total",
      "Calls refused by a budget.",
      of(({ refused }) => refused),
    ),
  ];
}

function budgetFamilies(stood: readonly Stood[]): Family[] {
  const labelled = distinct(stood);
  const of = (value: (standing: Stood["standing"]) => Decimal) =>
    labelled.map(({ labels, standing }) => ({ labels, value: number(value(standing)) }));
  return [
    gauge(
      "fal_meter_budget_limit_usd",
      "The budget's limit in US dollars.",
      of(({ limit }) => limit),
    ),
    gauge(
      "fal_meter_budget_spent_usd",
      "US dollars settled in the budget's current window.",
      of(({ spent }) => spent),
    ),
    gauge(
      "fal_meter_budget_held_usd",
      "US dollars held in the budget's current window.",
      of(({ held }) => held),
    ),
    gauge(
      "fal_meter_budget_remaining_usd",
      "US dollars left in the budget's current window.",
      of(({ remaining }) => remaining),
    ),
  ];
}

/** Two meters may have a budget of one name each, and Prometheus refuses a page that says one series twice. */
function distinct(stood: readonly Stood[]): { labels: Labels; standing: Stood["standing"] }[] {
  const times = new Map<string, number>();
  return stood.map(({ budget, standing }) => {
    const { name, split } = standing;
    const labels = { per: periodOf(budget.rule.per), ...(split !== undefined && { split }) };
    const series = JSON.stringify([name, labels]);
    const count = (times.get(series) ?? 0) + 1;
    times.set(series, count);
    return { labels: { budget: count === 1 ? name : `${name} (${count})`, ...labels }, standing };
  });
}

function gauge(name: string, help: string, samples: Family["samples"]): Family {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Family["samples"]): Family {
  return { name, type: "counter", help, samples };
}

function number(value: Decimal | number): string {
  return typeof value === "number" ? String(value) : plain(value);
}

function written({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ labels, value }) => `${name}${writtenLabels(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join("\n");
}

function writtenLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** The format knows three escapes; a half character or a carriage return would break what reads it. */
function escaped(value: string): string {
  return value
    .replace(/[\p{Cs}\r]/gu, "\ufffd")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}
