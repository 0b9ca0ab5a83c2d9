import { Command } from "commander";
import { type Decimal, money } from "../money.ts";
import { trendOf } from "../read-side.ts";
import { dateAt } from "../report/period.ts";
import { plainName, plainText } from "../report/plain-text.ts";
import type { Trend } from "../report/trend.ts";
import { shareBar } from "./bar.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { noLedgerYet, storeOption } from "./ledger.ts";
import { wrapped } from "./prose.ts";
import { type OpenReading, type ReadingFlags, registeredStandings, TIMEZONE_HELP, withReading } from "./reading.ts";
import { sparkline } from "./report-sparkline.ts";
import { moneyColumn, readable, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface TrendFlags extends ReadingFlags {
  json?: true;
}

export function trendCommand(terminal: Terminal): Command {
  return new Command("trend")
    .description(
      "where spending is going: its pattern, when budgets run out, what the month will come to, and odd days",
    )
    .option("--timezone <zone>", TIMEZONE_HELP)
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter trend --store sqlite:.fal-meter/ledger.db\n\n${EXIT_CODES_HELP}`)
    .action((flags: TrendFlags) => withReading(terminal, flags, (reading) => show(terminal, flags, reading)));
}

async function show(terminal: Terminal, flags: TrendFlags, reading: OpenReading) {
  const { ledger, timezone, store, now } = reading;
  const trend = await trendOf(reading, await registeredStandings(store, now));
  const exists = ledger.kind === "open";
  if (flags.json) terminal.printJson({ ledger: { store: ledger.name, exists }, timezone, ...trend });
  else if (!exists) terminal.print(...noLedgerYet(ledger));
  else terminal.print(...linesOf(terminal, trend, reading));
}

/** Days that fit on a line of the narrowest terminal. */
const DAYS_SHOWN = 56;
const MOST_BUDGETS = 50;
const MOST_ANOMALIES = 10;

function linesOf(terminal: Terminal, trend: Trend, reading: OpenReading): string[] {
  const { bold, dim } = terminal.paint;
  const title = `${bold("Trend")} ${dim(`in ${reading.ledger.name} (${reading.timezone})`)}`;
  if (trend.days.every(({ spent }) => spent.isZero())) return [title, "", "Nothing was spent in the last 91 days."];
  const days = trend.days.slice(-DAYS_SHOWN);
  const average = days.at(-1)?.average ?? null;
  return [
    title,
    "",
    `  ${sparkline(trend.hours.map(({ spent }) => spent))}  ${dim("the last 48 hours")}`,
    `  ${sparkline(days.map(({ spent }) => spent))}  ${dim(`the last ${days.length} days`)}`,
    "",
    `  ${shown(trend.perHour)} an hour over the last 24 hours${average === null ? "" : ` · ${shown(average)} a day over the last 7 days`}`,
    ...forecastLines(trend),
    ...weekdayLines(terminal, trend),
    ...budgetLines(terminal, trend),
    ...anomalyLines(terminal, trend, reading),
  ];
}

function forecastLines({ forecast }: Trend): string[] {
  if (!forecast) return [];
  const [low, expected, high] = [forecast.low, forecast.expected, forecast.high].map(shown);
  return [`  ${forecast.month} will come to about ${expected}: between ${low} and ${high}`];
}

const BAR_WIDTH = 20;

function weekdayLines(terminal: Terminal, { weekdays }: Trend): string[] {
  if (weekdays.length === 0) return [];
  const largest = weekdays.reduce((most, { average }) => (average.gt(most) ? average : most), weekdays[0]!.average);
  const amounts = moneyColumn(weekdays.map(({ average }) => average));
  const share = (average: Decimal) => (largest.isZero() ? 0 : average.div(largest).toNumber());
  const columns = [{ title: "weekday" }, { title: "mean", align: "right" as const }, { title: "" }];
  const rows = weekdays.map(({ weekday, average }, index) => [
    weekday,
    amounts[index] ?? "",
    terminal.paint.cyan(shareBar(share(average), BAR_WIDTH)),
  ]);
  return ["", ...table(terminal, columns, rows)];
}

function budgetLines(terminal: Terminal, { budgets }: Trend): string[] {
  if (budgets.length === 0) return [];
  const right = "right" as const;
  const columns = [
    { title: "budget" },
    { title: "left", align: right },
    { title: "an hour", align: right },
    { title: "runs out" },
  ];
  const few = budgets.slice(0, MOST_BUDGETS);
  const [left, perHour] = [
    moneyColumn(few.map(({ remaining }) => remaining)),
    moneyColumn(few.map(({ lastDay }) => lastDay)),
  ];
  const rows = few.map(({ name, split, runsOutAt, verdict }, index) => [
    split === undefined ? plainName(name) : `${plainName(name)} of ${plainName(split)}`,
    left[index] ?? "",
    perHour[index] ?? "",
    verdict === "runs-out" && runsOutAt
      ? terminal.paint.red(runsOutAt.toISOString().slice(0, 16).replace("T", " "))
      : verdict,
  ]);
  const more = budgets.length - few.length;
  return ["", ...table(terminal, columns, rows), ...(more > 0 ? ["", `and ${more} more; --json prints all`] : [])];
}

function anomalyLines({ paint, columns }: Terminal, { anomalies }: Trend, { calendars }: OpenReading): string[] {
  const lines = anomalies.slice(0, MOST_ANOMALIES).flatMap(({ day, endpointId, direction, spent, usual }) => {
    const what = endpointId === null ? "all spending" : plainText(endpointId);
    const sentence = `${dateAt(calendars, day.getTime())}  ${what} was far ${direction} its usual ${shown(usual)}: ${shown(spent)}`;
    return wrapped(sentence, columns, " ".repeat(12));
  });
  return lines.length === 0 ? [] : ["", paint.bold("Odd days"), ...lines];
}

function shown(amount: Decimal): string {
  return money(readable(amount));
}
