import { Command } from "commander";
import { createZone } from "../budget/zone.ts";
import { milliseconds, systemClock } from "../clock.ts";
import { type Decimal, money } from "../money.ts";
import { plainName } from "../report/plain-text.ts";
import type { SpendBy, SpendGroup, SpendQuery, SpendSummary, SpendTotals } from "../report/summary.ts";
import { percent, shareBar } from "./bar.ts";
import { EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit.ts";
import { interrupted } from "./interrupt.ts";
import { type Ledger, noLedgerYet, storeOption } from "./ledger.ts";
import { byFlag, instantFlag, type OpenReading, type ReadingFlags, TIMEZONE_HELP, withReading } from "./reading.ts";
import { type Column, moneyColumn, readable, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface SpendFlags extends ReadingFlags {
  by: string;
  since?: string;
  until?: string;
  endpoint?: string;
  watch?: string | true;
  json?: true;
}

export function spendCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("spend")
    .description("what was spent, by endpoint, time or tag")
    .option("--by <parts>", "split by, with commas: endpoint, basis, hour, day, week, month, tag:<name>", "endpoint")
    .option("--since <when>", 'from here on: a date, an ISO time, or how long ago, such as "7d" or "24h"')
    .option("--until <when>", "up to here, not included; read as --since is")
    .option("--endpoint <glob>", 'only endpoints that match, such as "fal-ai/flux*"')
    .option("--timezone <zone>", TIMEZONE_HELP)
    .option("--watch [every]", 'show it again whenever it changes, looking every "2s" unless told; Ctrl-C stops it')
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter spend --by endpoint,day --since 7d\n\n${EXIT_CODES_HELP}`)
    .action((flags: SpendFlags) => spend(terminal, flags, end));
}

async function spend(terminal: Terminal, flags: SpendFlags, end: (code: ExitCode) => void): Promise<void> {
  if (flags.watch === undefined) return withReading(terminal, flags, (reading) => showOnce(terminal, flags, reading));
  const stop = interrupted();
  await watch(terminal, flags, stop);
  // What was asked for is done: Ctrl-C is how it ends.
  end(EXIT.ok);
}

async function showOnce(terminal: Terminal, flags: SpendFlags, { meter, ledger, timezone }: OpenReading) {
  const summary = await meter.spend(queryOf(flags));
  if (flags.json) terminal.printJson(documentOf(summary, ledger, timezone));
  else terminal.print(...linesOf(terminal, flags, summary, { ledger, timezone }));
}

/** Shows the sums again whenever they have changed: over the last ones where somebody watches, else below them. */
async function watch(terminal: Terminal, flags: SpendFlags, stop: AbortSignal): Promise<void> {
  const everyMs = milliseconds(flags.watch === true ? "2s" : (flags.watch as `${number}s`), "--watch");
  let last = "";
  while (!stop.aborted) {
    await withReading(terminal, flags, async ({ meter, ledger, timezone }) => {
      const summary = await meter.spend(queryOf(flags));
      const { since: _moving, ...document } = documentOf(summary, ledger, timezone);
      const shown = JSON.stringify(document);
      if (shown === last) return;
      last = shown;
      if (flags.json) return terminal.printJsonLine(documentOf(summary, ledger, timezone));
      const lines = linesOf(terminal, flags, summary, { ledger, timezone });
      if (terminal.live) terminal.stream.write(CLEARED);
      terminal.print(...lines, "", terminal.paint.dim("Watching. Ctrl-C stops it."));
    });
    await systemClock.sleep(everyMs, stop).catch(() => {});
  }
}

/** The screen emptied, and the cursor in its corner. */
const CLEARED = "\u001b[2J\u001b[H";

function documentOf(summary: SpendSummary, ledger: Ledger, timezone: string) {
  return { ledger: { store: ledger.name, exists: ledger.kind === "open" }, timezone, ...summary };
}

function linesOf(
  terminal: Terminal,
  { by }: SpendFlags,
  summary: SpendSummary,
  { ledger, timezone }: { ledger: Ledger; timezone: string },
): string[] {
  if (ledger.kind === "missing") return noLedgerYet(ledger);
  return summaryLines(terminal, summary, { by: byFlag(by), timezone, name: ledger.name });
}

function queryOf({ by, since, until, endpoint }: SpendFlags): SpendQuery {
  return {
    by: byFlag(by),
    ...(since !== undefined && { since: instantFlag(since, "--since") }),
    ...(until !== undefined && { until: instantFlag(until, "--until") }),
    ...(endpoint !== undefined && { endpoint }),
  };
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
  return plainName(value);
}

/** ISO's order in the zone's own time: `2026-11-23 14:00`. */
function localTime(instantText: string, timezone: string, per: "hour" | "day" | "week" | "month"): string {
  const at = Date.parse(instantText);
  const written = new Date(at + createZone(timezone).offsetAt(at)).toISOString();
  if (per === "hour") return written.slice(0, 16).replace("T", " ");
  return written.slice(0, per === "month" ? 7 : 10);
}
