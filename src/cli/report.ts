import { Argument, Command, Option } from "commander";
import { MeterError } from "../errors.ts";
import { money } from "../money.ts";
import { focusCsv } from "../report/focus.ts";
import { readFocus } from "../report/reading.ts";
import { type RenderFormat, render } from "../report/render.ts";
import type { Report, ReportOptions } from "../report/report.ts";
import { reportDocument } from "../report/report-document.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { noLedgerYet, storeOption } from "./ledger.ts";
import { byFlag, instantFlag, type OpenReading, type ReadingFlags, TIMEZONE_HELP, withReading } from "./reading.ts";
import { documentLines } from "./report-lines.ts";
import { sparkline } from "./report-sparkline.ts";
import { readable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface ReportFlags extends ReadingFlags {
  by?: string;
  since?: string;
  until?: string;
  endpoint?: string;
  format: RenderFormat | "focus";
  json?: true;
}

const PERIODS = ["day", "week", "month"] as const;
const FORMATS = ["table", "json", "csv", "md", "html", "focus"] as const;

export function reportCommand(terminal: Terminal): Command {
  return new Command("report")
    .description("what was spent day by day, week by week or month by month, and against the period before")
    .addArgument(new Argument("<per>", "the length of a period").choices(PERIODS))
    .option("--by <parts>", "groups over the whole range, with commas: endpoint, basis, tag:<name>")
    .option("--since <when>", 'from the period that holds this on: a date, an ISO time, or how long ago, such as "30d"')
    .option("--until <when>", "up to here, not included; read as --since is (default: now)")
    .option("--endpoint <glob>", 'only endpoints that match, such as "fal-ai/flux*"')
    .addOption(
      new Option("--format <format>", "how to write it; focus is the FinOps FOCUS 1.2 table, a row for each charge")
        .choices(FORMATS)
        .default("table"),
    )
    .option("--timezone <zone>", TIMEZONE_HELP)
    .addOption(storeOption())
    .option("--json", "the same as --format json: one document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter report day --by endpoint,tag:customer\n\n${EXIT_CODES_HELP}`)
    .action((per: ReportOptions["per"], flags: ReportFlags) =>
      withReading(terminal, flags, (reading) => show(terminal, per, flags, reading)),
    );
}

async function show(terminal: Terminal, per: ReportOptions["per"], flags: ReportFlags, reading: OpenReading) {
  const { meter, ledger, timezone, calendars } = reading;
  const format = flags.json ? "json" : flags.format;
  const report = await meter.report(optionsOf(per, flags));
  if (ledger.kind === "missing" && format === "table") return terminal.print(...noLedgerYet(ledger));
  if (format === "focus") return showFocus(terminal, report, flags, reading);
  if (format === "json") {
    const exists = ledger.kind === "open";
    return terminal.printJson({ ledger: { store: ledger.name, exists }, timezone, ...report });
  }
  const document = reportDocument(report, calendars);
  if (format !== "table") return printWhole(terminal, render(document, format));
  const lead =
    report.periods.length > 1 ? ["", `  ${sparkline(report.periods.map(({ totals }) => totals.spent))}`] : [];
  terminal.print(...documentLines(terminal, document, `in ${ledger.name} (${timezone})`, lead));
  // What is to come is no part of a report on what was.
  const forecast = flags.until === undefined ? (await meter.trend()).forecast : null;
  if (forecast) {
    const [low, expected, high] = [forecast.low, forecast.expected, forecast.high].map((each) => money(readable(each)));
    terminal.print("", `${forecast.month} will come to about ${expected}: between ${low} and ${high}.`);
  }
}

function optionsOf(per: ReportOptions["per"], { by, since, until, endpoint }: ReportFlags): ReportOptions {
  return {
    per,
    ...(by !== undefined && { by: byFlag(by) }),
    ...(since !== undefined && { since: instantFlag(since, "--since") }),
    ...(until !== undefined && { until: instantFlag(until, "--until") }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/** Every charge of the range: its bill is whole or it is none, so a part of the endpoints is refused. */
async function showFocus(terminal: Terminal, { since, until }: Report, flags: ReportFlags, reading: OpenReading) {
  if (flags.endpoint !== undefined || flags.by !== undefined)
    throw new MeterError("A FOCUS file has a row for every charge: leave --by and --endpoint out, and choose in it.");
  const { rows, unknown } = await readFocus(reading, { since: since.getTime(), until: until.getTime() });
  printWhole(terminal, focusCsv(rows));
  if (unknown > 0) process.stderr.write(`fal-meter: ${unknown} purchases of unknown cost are not in the file.\n`);
}

/** A text that brings its own last line end. */
export function printWhole(terminal: Terminal, text: string): void {
  terminal.print(text.replace(/\n$/, ""));
}
