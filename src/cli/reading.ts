/** A ledger opened to be read, for the commands that report on it. */

import { readRegistry, standingOf } from "../budget/registry.ts";
import { createWindows, type WeekStart } from "../budget/window.ts";
import { validZone } from "../budget/zone.ts";
import { milliseconds, systemClock } from "../clock.ts";
import { OptionsError } from "../errors.ts";
import { createMeter, type Meter } from "../meter.ts";
import type { MeterOptions } from "../options.ts";
import { calendarsOf, type Stood } from "../read-side.ts";
import type { Reading } from "../report/reading.ts";
import type { SpendBy } from "../report/summary.ts";
import type { Store } from "../store/store.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { Terminal } from "./terminal.ts";

/** What every command that reads a ledger takes. */
export interface ReadingFlags {
  store?: string;
  timezone?: string;
}

export interface OpenReading extends Reading {
  ledger: Ledger;
  timezone: string;
  weekStart: WeekStart;
  /** Over the ledger, or over an empty one where there is none yet. */
  meter: Meter;
}

export const TIMEZONE_HELP = "IANA zone of dates and days (default: that of the ledger's budgets, else UTC)";

/** Opens the ledger, and closes it once `use` is done. Days are cut where the ledger's budgets cut them. */
export async function withReading<Result>(
  terminal: Terminal,
  flags: ReadingFlags,
  use: (reading: OpenReading) => Promise<Result>,
  options: Pick<MeterOptions, "discounts" | "cache"> = {},
): Promise<Result> {
  const ledger = await openLedger(flags.store, process.env);
  const work = terminal.working("Reading the ledger");
  const now = systemClock.now();
  const calendar = await registeredCalendar(ledger, now);
  const timezone = validZone(flags.timezone ?? calendar.timezone ?? "UTC", "timezone");
  const weekStart = calendar.weekStart ?? "monday";
  const store = ledger.kind === "open" ? ledger.store : await emptyStore();
  const meter = createMeter({ store, timezone, weekStart, ...options });
  const calendars = calendarsOf(createWindows(timezone, weekStart), timezone);
  try {
    return await use({ store, calendars, now, ledger, timezone, weekStart, meter });
  } finally {
    work.done();
    await meter.close();
    // A meter that was asked nothing has not taken the store up, and leaves it open; a second close is none.
    await store.close();
  }
}

/** How the registered budgets stand. One for single requests has no pace, so it is left out. */
export async function registeredStandings(store: Store, at: number): Promise<Stood[]> {
  const stood: Stood[] = [];
  for (const budget of (await readRegistry(store, at)).budgets) {
    if (budget.rule.per === "request") continue;
    for (const standing of await standingOf(budget, store, at)) stood.push({ rule: budget.rule, standing });
  }
  return stood;
}

/** What all budgets of the ledger agree on. */
async function registeredCalendar(ledger: Ledger, at: number): Promise<{ timezone?: string; weekStart?: WeekStart }> {
  if (ledger.kind === "missing") return {};
  const { budgets } = await readRegistry(ledger.store, at);
  const timezone = agreed(budgets.map((budget) => budget.timezone));
  const weekStart = agreed(budgets.map((budget) => budget.weekStart));
  return { ...(timezone !== undefined && { timezone }), ...(weekStart !== undefined && { weekStart }) };
}

function agreed<Value>(values: readonly Value[]): Value | undefined {
  const different = new Set(values);
  return different.size === 1 ? values[0] : undefined;
}

async function emptyStore() {
  const { createMemoryStore } = await import("../store/memory.ts");
  return createMemoryStore();
}

const AGO = /^\d+(\.\d+)?(ms|s|m|h|d)$/;

/** `--since` and `--until`: a stretch of time is how long ago; dates and times are read by the meter, in its zone. @throws OptionsError naming `option` */
export function instantFlag(text: string, option: string): string | number {
  if (AGO.test(text)) return systemClock.now() - milliseconds(text as `${number}d`, option);
  if (!Number.isNaN(Date.parse(text))) return text;
  throw new OptionsError(option, 'a date such as "2026-11-01", an ISO time, or how long ago, such as "7d"', text);
}

const PART = /^(endpoint|basis|hour|day|week|month|tag:.+)$/s;

/** `--by`. @throws OptionsError naming `--by` */
export function byFlag(by: string): SpendBy[] {
  return by.split(",").map((text) => {
    const part = text.trim();
    if (PART.test(part)) return part as SpendBy;
    throw new OptionsError(
      "--by",
      "endpoint, basis, hour, day, week, month or tag:<name>, with commas between them",
      part,
    );
  });
}
