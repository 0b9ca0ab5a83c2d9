import { type EndpointGlob, type EndpointId, endpointMatcher, type Tags } from "../call.ts";
import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import {
  type Decimal,
  decimal,
  dollars,
  fromNano,
  type MoneyInput,
  type Nano,
  plain,
  toNano,
  toNanoUp,
} from "../money.ts";
import type { WindowPer } from "./window.ts";

/** A cap on spending. A call must fit under every budget that matches it. */
export interface Budget {
  /**
   * What messages and reports call it, and what its spending is remembered under: renaming a budget starts it anew.
   * 1 to 100 characters, no two budgets alike. @default its window and limit, such as `day $5`
   */
  name?: string;
  /** The most that may be spent and held in one window, in US dollars. Counted in nano-dollars; a finer limit rounds down. */
  limit: MoneyInput;
  /**
   * What the limit is for: one request, a calendar window of the meter's time zone, all time (`"total"`), or the stretch
   * that ends now (`{ rolling: "24h" }`), in which an amount counts from the moment it was held.
   */
  per: "request" | WindowPer | { rolling: Duration };
  /** Which calls count: those of any of these endpoints (at most 100 globs) that carry all of these tags. @default every call */
  match?: { endpoints?: EndpointGlob | readonly EndpointGlob[]; tags?: Tags };
  /** Gives every endpoint, or every value of a tag, a limit of its own. Calls without the tag share one. @default one for all */
  splitBy?: "endpoint" | `tag:${string}`;
  /** `"refuse"` sends nothing that could cross the limit; `"warn"` counts, tells, and lets it through. @default "refuse" */
  onExceed?: "refuse" | "warn";
  /** Fractions of the limit to tell of when spent and held money reach them: at most 20, each above 0 and to 10. A budget that warns always tells at 1. */
  alertAt?: readonly number[];
}

/** What separates one counter of a budget from another within a window. */
export type Split = { by: "endpoint" } | { by: "tag"; tag: string };

/** A fraction of the limit worth telling of. */
export interface Alert {
  readonly fraction: number;
  /** Reached when spent and held money come to this. */
  readonly nano: Nano;
}

/** A budget, read once. */
export interface BudgetRule {
  readonly name: string;
  /** What its counters are known by. Free of the limit, so that raising a limit forgets nothing. */
  readonly key: string;
  readonly limit: Nano;
  /** The same, for people. */
  readonly limitDollars: Decimal;
  readonly per: "request" | WindowPer | { readonly rollingMs: number };
  readonly split: Split | null;
  readonly onExceed: "refuse" | "warn";
  /** Rising. */
  readonly alerts: readonly Alert[];
  matches(call: { endpointId: EndpointId; tags: Tags }): boolean;
}

const BUDGETS_MAX = 1_000;
const GLOBS_MAX = 100;
const ALERTS_MAX = 20;
const ALERT_MAX = 10;
const NAME_CHARACTERS_MAX = 100;
const PERIODS = ["request", "hour", "day", "week", "month", "total"] as const;
const KEYS = ["name", "limit", "per", "match", "splitBy", "onExceed", "alertAt"];

/**
 * Reads the budgets that a user wrote. `alertAt` is for those that set none of their own.
 * @throws OptionsError naming the field, such as `budgets[0].limit`.
 */
export function resolveBudgets(budgets: readonly Budget[] | undefined, alertAt: readonly number[] = []): BudgetRule[] {
  if (budgets === undefined) return [];
  if (!Array.isArray(budgets) || budgets.length > BUDGETS_MAX) {
    throw new OptionsError("budgets", `an array of at most ${BUDGETS_MAX} budgets`, budgets);
  }
  const given = new Set<string>();
  budgets.forEach((budget: Budget, index) => {
    onlyKeys(budget, `budgets[${index}]`, KEYS);
    if (budget.name === undefined) return;
    validName(budget.name, `budgets[${index}].name`);
    if (given.has(budget.name)) {
      throw new OptionsError(`budgets[${index}].name`, "a name that no other budget has", budget.name);
    }
    given.add(budget.name);
  });
  const names = new Set(given);
  const keys = new Set<string>();
  return budgets.map((budget: Budget, index) => {
    const rule = resolveBudget(budget, `budgets[${index}]`, alertAt);
    const name = budget.name ?? unused(names, rule.name);
    const key = unused(keys, rule.key);
    return { ...rule, name, key };
  });
}

function resolveBudget(budget: Budget, at: string, alertAtDefault: readonly number[]): BudgetRule {
  const limit = nanoDown(dollars(budget.limit, `${at}.limit`));
  const limitDollars = fromNano(limit);
  const per = resolvePer(budget.per, `${at}.per`);
  const { globs, tags } = resolveMatch(budget.match, `${at}.match`);
  const onExceed = budget.onExceed ?? "refuse";
  if (onExceed !== "refuse" && onExceed !== "warn") {
    throw new OptionsError(`${at}.onExceed`, '"refuse" or "warn"', onExceed);
  }
  const matchesEndpoint = endpointMatcher(globs ?? "*");
  return {
    name: `${typeof per === "string" ? per : `rolling ${shortDuration(per.rollingMs)}`} $${plain(limitDollars)}`,
    key: budget.name === undefined ? JSON.stringify(["unnamed", globs, tags]) : JSON.stringify([budget.name]),
    limit,
    limitDollars,
    per,
    split: resolveSplit(budget.splitBy, `${at}.splitBy`),
    onExceed,
    alerts: resolveAlerts(budget.alertAt ?? alertAtDefault, onExceed, limit, `${at}.alertAt`),
    matches: (call) =>
      matchesEndpoint(call.endpointId) &&
      tags.every(([tag, value]) => Object.hasOwn(call.tags, tag) && call.tags[tag] === value),
  };
}

function resolvePer(per: Budget["per"], option: string): BudgetRule["per"] {
  if (typeof per === "object" && per !== null) {
    onlyKeys(per, option, ["rolling"]);
    return { rollingMs: milliseconds(per.rolling, `${option}.rolling`) };
  }
  if (!PERIODS.includes(per)) {
    const wanted = `one of ${PERIODS.map((period) => `"${period}"`).join(", ")}, or { rolling: "24h" }`;
    throw new OptionsError(option, wanted, per);
  }
  return per;
}

function resolveMatch(match: Budget["match"], option: string) {
  if (match === undefined) return { globs: null, tags: [] };
  onlyKeys(match, option, ["endpoints", "tags"]);
  return {
    globs: resolveGlobs(match.endpoints, `${option}.endpoints`),
    tags: resolveTags(match.tags, `${option}.tags`),
  };
}

function resolveGlobs(endpoints: EndpointGlob | readonly EndpointGlob[] | undefined, option: string) {
  if (endpoints === undefined) return null;
  const globs = typeof endpoints === "string" ? [endpoints] : endpoints;
  const readable = Array.isArray(globs) && globs.length >= 1 && globs.length <= GLOBS_MAX;
  if (!readable || globs.some((glob) => typeof glob !== "string" || glob === "")) {
    throw new OptionsError(option, `an endpoint glob such as "fal-ai/flux*", or 1 to ${GLOBS_MAX} of them`, endpoints);
  }
  return [...globs].sort();
}

function resolveTags(tags: Tags | undefined, option: string): [tag: string, value: string][] {
  if (tags === undefined) return [];
  if (typeof tags !== "object" || tags === null || Object.values(tags).some((value) => typeof value !== "string")) {
    throw new OptionsError(option, 'an object of strings such as { customer: "acme" }', tags);
  }
  return Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
}

function resolveSplit(splitBy: Budget["splitBy"], option: string): Split | null {
  if (splitBy === undefined) return null;
  if (splitBy === "endpoint") return { by: "endpoint" };
  if (typeof splitBy === "string" && /^tag:./s.test(splitBy)) return { by: "tag", tag: splitBy.slice("tag:".length) };
  throw new OptionsError(option, '"endpoint" or "tag:<name>"', splitBy);
}

function resolveAlerts(
  fractions: readonly number[],
  onExceed: "refuse" | "warn",
  limit: Nano,
  option: string,
): Alert[] {
  const wanted = `at most ${ALERTS_MAX} fractions of the limit, each above 0 and to ${ALERT_MAX}, such as [0.5, 0.8, 1]`;
  if (!Array.isArray(fractions) || fractions.length > ALERTS_MAX) throw new OptionsError(option, wanted, fractions);
  if (fractions.some((fraction) => !(typeof fraction === "number" && fraction > 0 && fraction <= ALERT_MAX))) {
    throw new OptionsError(option, wanted, fractions);
  }
  const rising = new Set<number>([...fractions, ...(onExceed === "warn" ? [1] : [])].sort((a, b) => a - b));
  return [...rising].map((fraction) => {
    const nano = toNanoUp(fromNano(limit).mul(decimal(fraction)));
    // A limit of zero is reached by the first money, not by none.
    return { fraction, nano: nano > 0n ? nano : 1n };
  });
}

/** Down, for a limit may be kept a hair too strictly and never too loosely. */
function nanoDown(limit: Decimal): Nano {
  const nearest = toNano(limit);
  return fromNano(nearest).gt(limit) ? nearest - 1n : nearest;
}

function validName(name: string, option: string): void {
  if (typeof name !== "string" || name.trim() === "" || name.length > NAME_CHARACTERS_MAX) {
    throw new OptionsError(option, `a name of 1 to ${NAME_CHARACTERS_MAX} characters`, name);
  }
}

/** The wish, or the wish with the first number that makes it unlike all before. */
function unused(taken: Set<string>, wish: string): string {
  let name = wish;
  for (let count = 2; taken.has(name); count++) name = `${wish} (${count})`;
  taken.add(name);
  return name;
}

function shortDuration(ms: number): string {
  for (const [unit, length] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}
