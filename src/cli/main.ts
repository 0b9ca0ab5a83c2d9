#!/usr/bin/env node
/** The program: its commands, and how it ends. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { plainText } from "../report/plain-text.ts";
import { adviseCommand } from "./advise.ts";
import { alertsCommand } from "./alerts.ts";
import { budgetCommand } from "./budget.ts";
import { completionCommand } from "./completion.ts";
import { dashboardCommand } from "./dashboard.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { emulatorCommand } from "./emulator.ts";
import { estimateCommand } from "./estimate.ts";
import { EXIT_CODES_HELP, type ExitCode, errorText, exitCodeOf, INTERRUPTED } from "./exit.ts";
import { pricesCommand } from "./prices.ts";
import { reconcileCommand } from "./reconcile.ts";
import { reportCommand } from "./report.ts";
import { spendCommand } from "./spend.ts";
import { statementCommand } from "./statement.ts";
import { createTerminal } from "./terminal.ts";
import { whatIfCommand } from "./what-if.ts";

const terminal = createTerminal(process.stdout, process.env);

function end(code: ExitCode): void {
  process.exitCode = code;
  // Calls that were given up may still wait for their next try; nobody waits for them.
  if (code === INTERRUPTED) process.exit();
}

function complain(text: string): void {
  process.stderr.write(`fal-meter: ${text}\n`);
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function program(): Command {
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
  for (const command of [root, ...commands, ...commands.flatMap((each) => each.commands)]) {
    command.exitOverride().configureOutput({
      outputError: (text) =>
        complain(
          plainText(
            text
              .trim()
              .replace(/^error: /, "")
              .replaceAll("\n", " "),
          ),
        ),
    });
  }
  return root;
}

/** A reader that has seen enough, such as `head`, is no failure. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

/** Node warns that its SQLite is young, in the middle of whatever is being shown. Any other warning is news. */
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning") complain(plainText(warning.message));
});

try {
  await program().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) complain(errorText(error));
  end(exitCodeOf(error));
}
