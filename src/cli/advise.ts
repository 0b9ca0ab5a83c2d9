import { Command } from "commander";
import { type Duration, milliseconds } from "../clock.ts";
import { money } from "../money.ts";
import type { Advice } from "../report/advice/advise.ts";
import { plainText } from "../report/plain-text.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { noLedgerYet, storeOption } from "./ledger.ts";
import { wrapped } from "./prose.ts";
import { type OpenReading, type ReadingFlags, TIMEZONE_HELP, withReading } from "./reading.ts";
import { readable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface AdviseFlags extends ReadingFlags {
  last: string;
  json?: true;
}

export function adviseCommand(terminal: Terminal): Command {
  return new Command("advise")
    .description("what could have cost less, by the purchases that show it")
    .option("--last <duration>", "how far to look back, and at least to the start of the month", "30d")
    .option("--timezone <zone>", TIMEZONE_HELP)
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter advise --last 7d\n\n${EXIT_CODES_HELP}`)
    .action(async (flags: AdviseFlags) => {
      milliseconds(flags.last as Duration, "--last");
      await withReading(terminal, flags, (reading) => show(terminal, flags, reading));
    });
}

async function show(terminal: Terminal, flags: AdviseFlags, { meter, ledger }: OpenReading) {
  const found = await meter.advise({ last: flags.last as Duration });
  const exists = ledger.kind === "open";
  if (flags.json) terminal.printJson({ ledger: { store: ledger.name, exists }, currency: "USD", advice: found });
  else if (!exists) terminal.print(...noLedgerYet(ledger));
  else terminal.print(...linesOf(terminal, found, ledger.name));
}

const MOST_SHOWN = 20;

function linesOf(terminal: Terminal, found: readonly Advice[], name: string): string[] {
  const { bold, dim } = terminal.paint;
  const title = `${bold("Advice")} ${dim(`from ${name}`)}`;
  if (found.length === 0) return [title, "", "Nothing stands out: no waste shows in these purchases."];
  const shown = found.slice(0, MOST_SHOWN).flatMap((each) => ["", ...adviceLines(terminal, each)]);
  const left = found.length - MOST_SHOWN;
  return [title, ...shown, ...(left > 0 ? ["", dim(`and ${left} more; --json prints all`)] : [])];
}

function adviceLines({ paint, columns }: Terminal, { title, how, saving, evidence }: Advice): string[] {
  const worth = saving.isZero() ? "" : `${paint.green(money(readable(saving)))} · `;
  const count = `${evidence.purchases} ${evidence.purchases === 1 ? "purchase" : "purchases"}`;
  const [first, last] = [evidence.since, evidence.until].map((at) => at.toISOString().slice(0, 10));
  return [
    ...wrapped(`${plainText(title)}.`, columns, ""),
    ...wrapped(`  ${plainText(how)}`, columns, "  "),
    `  ${worth}${paint.dim(`${count}, ${first === last ? first : `${first} to ${last}`}`)}`,
  ];
}
