import { Command, Option } from "commander";
import type { DiscountMode } from "../price/discount.ts";
import { type RenderFormat, render } from "../report/render.ts";
import { statementDocument } from "../report/statement-document.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { noLedgerYet, storeOption } from "./ledger.ts";
import { type OpenReading, type ReadingFlags, TIMEZONE_HELP, withReading } from "./reading.ts";
import { printWhole } from "./report.ts";
import { documentLines } from "./report-lines.ts";
import type { Terminal } from "./terminal.ts";

interface StatementFlags extends ReadingFlags {
  format: RenderFormat;
  discounts: DiscountMode;
  json?: true;
}

const FORMATS = ["table", "json", "csv", "md", "html"] as const;

export function statementCommand(terminal: Terminal): Command {
  return new Command("statement")
    .description("the bill of a month: every price that was paid, discounts, corrections, and what is due")
    .argument("[month]", 'such as "2026-10" (default: the current one)')
    .addOption(new Option("--format <format>", "how to write it").choices(FORMATS).default("table"))
    .addOption(
      new Option("--discounts <mode>", "how the volume discount is given, as the meter was told")
        .choices(["purchase", "volume", "none"])
        .default("purchase"),
    )
    .option("--timezone <zone>", TIMEZONE_HELP)
    .addOption(storeOption())
    .option("--json", "the same as --format json: one document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter statement 2026-10\n\n${EXIT_CODES_HELP}`)
    .action((month: string | undefined, flags: StatementFlags) =>
      withReading(terminal, flags, (reading) => show(terminal, month, flags, reading), {
        discounts: { mode: flags.discounts },
      }),
    );
}

async function show(terminal: Terminal, month: string | undefined, flags: StatementFlags, reading: OpenReading) {
  const { meter, ledger, timezone, calendars } = reading;
  const format = flags.json ? "json" : flags.format;
  const statement = await meter.statement(month);
  if (format === "json") {
    const exists = ledger.kind === "open";
    return terminal.printJson({ ledger: { store: ledger.name, exists }, timezone, ...statement });
  }
  if (ledger.kind === "missing" && format === "table") return terminal.print(...noLedgerYet(ledger));
  const document = statementDocument(statement, calendars);
  if (format !== "table") return printWhole(terminal, render(document, format));
  terminal.print(...documentLines(terminal, document, `in ${ledger.name} (${timezone})`));
}
