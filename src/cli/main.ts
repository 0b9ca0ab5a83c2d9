#!/usr/bin/env node
/** The program, and how it ends. */
import { type Command, CommanderError } from "commander";
import { plainText } from "../report/plain-text.ts";
import { type ExitCode, errorText, exitCodeOf, INTERRUPTED } from "./exit.ts";
import { createProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

function end(code: ExitCode): void {
  process.exitCode = code;
  // Calls that were given up may still wait for their next try; nobody waits for them.
  if (code === INTERRUPTED) process.exit();
}

function complain(text: string): void {
  process.stderr.write(`fal-meter: ${text}\n`);
}

/** What a command says of wrong flags is one line like every other complaint. */
function complaining(command: Command): Command {
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
  for (const each of command.commands) complaining(each);
  return command;
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
  await complaining(createProgram(createTerminal(process.stdout, process.env), end)).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) complain(errorText(error));
  end(exitCodeOf(error));
}
