/** The program's commands. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { adviseCommand } from "./advise.ts";
import { alertsCommand } from "./alerts.ts";
import { budgetCommand } from "./budget.ts";
import { completionCommand } from "./completion.ts";
import { dashboardCommand } from "./dashboard.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { emulatorCommand } from "./emulator.ts";
import { estimateCommand } from "./estimate.ts";
import { EXIT_CODES_HELP, type ExitCode } from "./exit.ts";
import { pricesCommand } from "./prices.ts";
import { reconcileCommand } from "./reconcile.ts";
import { reportCommand } from "./report.ts";
import { spendCommand } from "./spend.ts";
import { statementCommand } from "./statement.ts";
import type { Terminal } from "./terminal.ts";
import { trendCommand } from "./trend.ts";
import { whatIfCommand } from "./what-if.ts";

/** `end` is told how a command ended, where that is not well. */
export function createProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const root: Command = new Command("fal-meter")
    .description("What calls to fal cost: before they are sent, while they run, and afterwards.")
    .version(version(), "--version", "print the version")
    .helpCommand(false)
    .addHelpText(
      "after",
      `\nExample:\n  $ fal-meter estimate fal-ai/flux/dev --input '{"num_images": 2}'\n\n${EXIT_CODES_HELP} · 3 refused, or of unknown price`,
    );
  const commands = [
    demoCommand(terminal, end),
    estimateCommand(terminal, end),
    spendCommand(terminal, end),
    budgetCommand(terminal),
    reportCommand(terminal),
    statementCommand(terminal),
    trendCommand(terminal),
    adviseCommand(terminal),
    whatIfCommand(terminal),
    alertsCommand(terminal),
    dashboardCommand(terminal),
    pricesCommand(terminal, end),
    reconcileCommand(terminal, end),
    emulatorCommand(terminal),
    doctorCommand(terminal, end),
    completionCommand(terminal, () => root),
  ];
  for (const command of commands) root.addCommand(command);
  return root;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
