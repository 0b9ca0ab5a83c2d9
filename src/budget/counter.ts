import type { EndpointId, Tags } from "../call.ts";
import type { BudgetRule, Split } from "./budget.ts";
import type { Windows } from "./window.ts";

/** What a counter's id says. */
export interface CounterName {
  /** Of the budget rule. */
  readonly key: string;
  /** `day`, or `rolling:86400000`: a budget that changes its length counts anew. */
  readonly per: string;
  /** Of the window; empty for a rolling one. */
  readonly windowId: string;
  readonly split: SplitValue;
}

/** Whose counter it is: everybody's, one endpoint's, or that of one value of a tag (`null`: of the calls without it). */
export type SplitValue =
  | { by: "all" }
  | { by: "endpoint"; value: EndpointId }
  | { by: "tag"; tag: string; value: string | null };

/**
 * A counter's id: `key|per|window|split`. Any text may stand in a key, a tag or a value, a separator or half a surrogate
 * included, and no two names share an id.
 */
export function counterId({ key, per, windowId, split }: CounterName): string {
  return [written(key), per, windowId, writtenSplit(split)].join("|");
}

/** What a counter's id says, or `null` for an id that `counterId` never made. */
export function parseCounterId(id: string): CounterName | null {
  const parts = id.split("|");
  if (parts.length !== 4) return null;
  const [key, per, windowId, split] = parts as [string, string, string, string];
  try {
    return { key: read(key), per, windowId, split: readSplit(split) };
  } catch {
    return null;
  }
}

function writtenSplit(split: SplitValue): string {
  if (split.by === "all") return "all";
  if (split.by === "endpoint") return `endpoint=${written(split.value)}`;
  return `tag:${written(split.tag)}${split.value === null ? "" : `=${written(split.value)}`}`;
}

function readSplit(text: string): SplitValue {
  if (text === "all") return { by: "all" };
  const endpoint = /^endpoint=(.*)$/.exec(text)?.[1];
  if (endpoint !== undefined) return { by: "endpoint", value: read(endpoint) };
  const tagged = /^tag:([^=]*)(?:=(.*))?$/.exec(text);
  if (!tagged) throw new SyntaxError("a split that was never written");
  const [, tag = "", value] = tagged;
  return { by: "tag", tag: read(tag), value: value === undefined ? null : read(value) };
}

/** How the ids of all of a budget's counters in the window of `at` begin. */
export function counterPrefix(rule: BudgetRule, at: number, windows: Windows): string {
  return `${written(rule.key)}|${periodOf(rule)}|${windowIdOf(rule, at, windows)}|`;
}

/** The counter that a call counts under. */
export function counterOf(
  rule: BudgetRule,
  call: { endpointId: EndpointId; tags: Tags },
  at: number,
  windows: Windows,
): string {
  const split = splitOf(rule.split, call);
  return counterId({ key: rule.key, per: periodOf(rule), windowId: windowIdOf(rule, at, windows), split });
}

function periodOf({ per }: BudgetRule): string {
  return typeof per === "string" ? per : `rolling:${per.rollingMs}`;
}

function windowIdOf({ per }: BudgetRule, at: number, windows: Windows): string {
  return typeof per === "string" && per !== "request" ? windows.at(per, at).id : "";
}

function splitOf(split: Split | null, call: { endpointId: EndpointId; tags: Tags }): SplitValue {
  if (split === null) return { by: "all" };
  if (split.by === "endpoint") return { by: "endpoint", value: call.endpointId };
  const { tag } = split;
  return { by: "tag", tag, value: Object.hasOwn(call.tags, tag) ? (call.tags[tag] ?? null) : null };
}

/** JSON first, because it can write half a surrogate and `encodeURIComponent` throws on one. */
function written(text: string): string {
  return encodeURIComponent(JSON.stringify(text).slice(1, -1));
}

function read(text: string): string {
  return JSON.parse(`"${decodeURIComponent(text)}"`) as string;
}
