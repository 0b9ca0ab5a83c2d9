import { Command } from "commander";
import { createZone } from "../budget/zone.ts";
import { milliseconds, systemClock } from "../clock.ts";
import { OptionsError } from "../errors.ts";
import { createMeter } from "../meter.ts";
import { type Decimal, money } from "../money.ts";
import type { SpendBy, SpendGroup, SpendQuery, SpendSummary, SpendTotals } from "../report/summary.ts";
import { percent, shareBar } from "./bar.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { type Ledger, noLedgerYet, openLedger, storeOption } from "./ledger.ts";
import { plainText } from "./plain-text.ts";
import { readRegistry } from "./registry.ts";
import { type Column, moneyColumn, readable, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface SpendFlags {
  by: string;
  since?: string;
  until?: string;
  endpoint?: string;
  timezone?: string;
  store?: string;
  json?: true;
}

export function spendCommand(terminal: Terminal): Command {
  return new Command("spend")
    .description("what was spent, by endpoint, time or tag")
    .option("--by <parts>", "split by, with commas: endpoint, basis, hour, day, week, month, tag:<name>", "endpoint")
    .option("--since <when>", 'from here on: a date, an ISO time, or how long ago, such as "7d" or "24h"')
    .option("--until <when>", "up to here, not included; read as --since is")
    .option("--endpoint <glob>", 'only endpoints that match, such as "fal-ai/flux*"')
    .option("--timezone <zone>", "IANA zone of dates and days (default: that of the ledger's budgets, else UTC)")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter spend --by endpoint,day --since 7d\n\n${EXIT_CODES_HELP}`)
    .action((flags: SpendFlags) => spend(terminal, flags));
}

async function spend(terminal: Terminal, flags: SpendFlags): Promise<void> {
  const ledger = await openLedger(flags.store, process.env);
  const timezone = flags.timezone ?? (await registeredZone(ledger)) ?? "UTC";
  const store = ledger.kind === "open" ? ledger.store : "memory:";
  const meter = createMeter({ store, timezone });
  try {
    const summary = await meter.spend(queryOf(flags));
    if (flags.json)
      terminal.printJson({ ledger: { store: ledger.name, exists: ledger.kind === "open" }, timezone, ...summary });
    else if (ledger.kind === "missing") terminal.print(...noLedgerYet(ledger));
    else terminal.print(...summaryLines(terminal, summary, { by: partsOf(flags.by), timezone, name: ledger.name }));
  } finally {
    await meter.close();
  }
}

/** The zone that all budgets of the ledger agree on: days are then split where the budgets split them. */
async function registeredZone(ledger: Ledger): Promise<string | null> {
  if (ledger.kind === "missing") return null;
  const { budgets } = await readRegistry(ledger.store, systemClock.now());
  const zones = new Set(budgets.map(({ timezone }) => timezone));
  const [zone] = zones;
  return zones.size === 1 && zone !== undefined ? zone : null;
}

const PART = /^(endpoint|basis|hour|day|week|month|tag:.+)$/s;

function partsOf(by: string): SpendBy[] {
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

function queryOf({ by, since, until, endpoint }: SpendFlags): SpendQuery {
  return {
    by: partsOf(by),
    ...(since !== undefined && { since: instant(since, "--since") }),
    ...(until !== undefined && { until: instant(until, "--until") }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

const AGO = /^\d+(\.\d+)?(ms|s|m|h|d)$/;

/** A stretch of time is how long ago; dates and times are read by the meter, in its zone. */
function instant(text: string, option: string): string | number {
  if (AGO.test(text)) return systemClock.now() - milliseconds(text as `${number}d`, option);
  if (!Number.isNaN(Date.parse(text))) return text;
  throw new OptionsError(option, 'a date such as "2026-11-01", an ISO time, or how long ago, such as "7d"', text);
}

interface Shown {
  by: readonly SpendBy[];
  timezone: string;
  name: string;
}

function summaryLines(terminal: Terminal, summary: SpendSummary, shown: Shown): string[] {
  const { bold, dim } = terminal.paint;
  const title = `${bold("Spending")} ${dim(`in ${shown.name}${rangeOf(summary, shown.timezone)}`)}`;
  const groups = summary.groups ?? [];
  if (groups.length === 0) return [title, "", "No calls are in the ledger for this."];
  const left = groups.length - MOST_ROWS;
  return [
    title,
    "",
    ...totalLines(terminal, summary),
    "",
    ...table(terminal, ...groupTable(terminal, groups.slice(0, MOST_ROWS), shown, summary.spent)),
    ...(left > 0 ? ["", dim(`and ${left} more; --json prints all`)] : []),
  ];
}

/** More rows than this nobody reads. */
const MOST_ROWS = 100;

function rangeOf({ since, until }: SpendSummary, timezone: string): string {
  const from = since === null ? "" : `, from ${localTime(since.toISOString(), timezone, "hour")}`;
  const to = until === null ? "" : ` until ${localTime(until.toISOString(), timezone, "hour")}`;
  return from === "" && to === "" ? "" : `${from}${to} (${timezone})`;
}

/** Two lines: the money, and how many calls it was. */
function totalLines({ paint }: Terminal, totals: SpendTotals): string[] {
  const amounts: [string, Decimal][] = [
    ["spent", totals.spent],
    ["held", totals.held],
    ["saved", totals.saved],
  ];
  const counts: [string, number][] = [
    [totals.calls === 1 ? "call" : "calls", totals.calls],
    ["cached", totals.cached],
    ["joined", totals.joined],
    ["refused", totals.refused],
    ["of unknown cost", totals.unknown],
  ];
  return [
    `  ${amounts.map(([word, amount]) => `${paint.bold(money(readable(amount)))} ${word}`).join(" · ")}`,
    `  ${counts.map(([word, count]) => `${count} ${word}`).join(" · ")}`,
  ];
}

/** Told in this order; a narrow terminal leaves the last ones out. */
const COUNTS = ["unknown", "refused", "cached", "joined"] as const;
const AMOUNTS = ["saved", "held"] as const;

function groupTable(
  terminal: Terminal,
  groups: readonly SpendGroup[],
  { by, timezone }: Shown,
  spent: Decimal,
): [Column[], string[][]] {
  const amounts = AMOUNTS.filter((name) => groups.some((group) => !group[name].isZero()));
  const counts = COUNTS.filter((name) => groups.some((group) => group[name] > 0));
  const written = amounts.map((name) =>
    moneyColumn(
      groups.map((group) => nonZero(group[name])),
      "–",
    ),
  );
  const spents = moneyColumn(groups.map((group) => group.spent));
  const columns: Column[] = [
    ...by.map((title) => ({ title })),
    { title: "spent", align: "right" },
    { title: "share" },
    { title: "calls", align: "right" },
    ...[...amounts, ...counts].map((title): Column => ({ title, align: "right", optional: true })),
  ];
  const rows = groups.map((group, index) => [
    ...by.map((part) => keyText(group.key[part] ?? null, part, timezone)),
    spents[index] ?? "",
    shareText(terminal, group.spent, spent),
    countText(group.calls),
    ...written.map((column) => column[index] ?? ""),
    ...counts.map((name) => countText(group[name])),
  ]);
  return [columns, rows];
}

function countText(count: number): string {
  return count === 0 ? "–" : String(count);
}

function nonZero(amount: Decimal): Decimal | null {
  return amount.isZero() ? null : amount;
}

const SHARE_WIDTH = 10;
/** Narrower terminals need the room for numbers. */
const WIDE_ENOUGH = 100;

function shareText({ live, columns, paint }: Terminal, part: Decimal, whole: Decimal): string {
  const share = whole.isZero() ? 0 : part.div(whole).toNumber();
  const bar = live && columns >= WIDE_ENOUGH ? `${paint.cyan(shareBar(share, SHARE_WIDTH))} ` : "";
  return `${bar}${percent(share).padStart(5)}`;
}

function keyText(value: string | null, part: SpendBy, timezone: string): string {
  if (value === null) return "(none)";
  if (part === "hour" || part === "day" || part === "week" || part === "month") return localTime(value, timezone, part);
  return plainText(value);
}

/** ISO's order in the zone's own time: `2026-11-23 14:00`. */
function localTime(instantText: string, timezone: string, per: "hour" | "day" | "week" | "month"): string {
  const at = Date.parse(instantText);
  const written = new Date(at + createZone(timezone).offsetAt(at)).toISOString();
  if (per === "hour") return written.slice(0, 16).replace("T", " ");
  return written.slice(0, per === "month" ? 7 : 10);
}
