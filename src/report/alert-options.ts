import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import { type AlertSinkOptions, validWebhook } from "./sinks.ts";

export interface AlertOptions {
  /** 1 to 20, no two alike. */
  sinks: readonly AlertSinkOptions[];
  rules?: {
    /**
     * Fractions of a limit to tell of, for budgets that set no `alertAt` of their own: 1 to 20, each above 0 and to 10.
     * @default [0.5, 0.8, 1]
     */
    thresholds?: readonly number[];
    /** Purchases of unknown fate are told of after this. @default "1h" */
    undecidedAfter?: Duration;
  };
  /** What is pending is delivered and budgets are looked at this often, besides at once when something happens: 1 second to a day. @default "1m" */
  every?: Duration;
}

export interface ResolvedAlerts {
  sinks: readonly AlertSinkOptions[];
  thresholds: readonly number[];
  undecidedAfterMs: number;
  everyMs: number;
}

const THRESHOLDS = [0.5, 0.8, 1];
const MOST_SINKS = 20;
const MOST_THRESHOLDS = 20;
const MOST_OFTEN_MS = 1_000;
const LEAST_OFTEN_MS = 86_400_000;

/** @throws OptionsError naming `alerts.…`, and no address */
export function resolveAlerts(options: AlertOptions): ResolvedAlerts {
  onlyKeys(options, "alerts", ["sinks", "rules", "every"]);
  const { rules = {}, every = "1m" } = options;
  onlyKeys(rules, "alerts.rules", ["thresholds", "undecidedAfter"]);
  const everyMs = milliseconds(every, "alerts.every");
  if (everyMs < MOST_OFTEN_MS || everyMs > LEAST_OFTEN_MS)
    throw new OptionsError("alerts.every", 'between "1s" and "24h"', every);
  return {
    sinks: validSinks(options.sinks),
    thresholds: validThresholds(rules.thresholds ?? THRESHOLDS),
    undecidedAfterMs: milliseconds(rules.undecidedAfter ?? "1h", "alerts.rules.undecidedAfter"),
    everyMs,
  };
}

function validSinks(sinks: readonly AlertSinkOptions[]): readonly AlertSinkOptions[] {
  if (!Array.isArray(sinks) || sinks.length < 1 || sinks.length > MOST_SINKS)
    throw new OptionsError("alerts.sinks", `1 to ${MOST_SINKS} sinks`, Array.isArray(sinks) ? sinks.length : sinks);
  const names = new Set(sinks.map((sink, index) => nameOf(sink, `alerts.sinks[${index}]`)));
  if (names.size !== sinks.length)
    throw new OptionsError("alerts.sinks", "sinks of different names and addresses", sinks.length);
  return sinks;
}

/** What tells a sink from the others. */
function nameOf(sink: AlertSinkOptions, option: string): string {
  if (sink === "console") return "console";
  if (typeof sink !== "object" || sink === null)
    throw new OptionsError(option, '"console", { url } or { name, send }', typeof sink);
  if (!("send" in sink)) return `webhook:${new URL(validWebhook(sink, option).url).href}`;
  if (typeof sink.send !== "function" || typeof sink.name !== "string" || !/^.{1,100}$/s.test(sink.name))
    throw new OptionsError(option, "{ name, send } with a name of 1 to 100 characters", typeof sink.send);
  return sink.name;
}

function validThresholds(thresholds: readonly number[]): readonly number[] {
  const wanted = `1 to ${MOST_THRESHOLDS} fractions, each above 0 and to 10`;
  const fit =
    Array.isArray(thresholds) &&
    thresholds.length >= 1 &&
    thresholds.length <= MOST_THRESHOLDS &&
    thresholds.every((each) => typeof each === "number" && each > 0 && each <= 10);
  if (!fit) throw new OptionsError("alerts.rules.thresholds", wanted, thresholds);
  return thresholds;
}
