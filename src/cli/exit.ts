import { CommanderError } from "commander";
import { BudgetExceededError, isMeterError, OptionsError, UnknownPriceError } from "../errors.ts";
import { plainText } from "../report/plain-text.ts";

/** What a command ends with. */
export const EXIT = {
  ok: 0,
  /** It was asked rightly and could not be done, or did not come out as it must. */
  failed: 1,
  /** It was asked wrongly. */
  usage: 2,
  /** A budget refused, or nobody knows the price. */
  refused: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | 130;

/** Ended by Ctrl-C, as shells count it. */
export const INTERRUPTED = 130;

/** The error's exit code, by its name: the class of another copy of the package is another class. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!isMeterError(error)) return EXIT.failed;
  const name = (error as Error).name;
  if (name === OptionsError.name) return EXIT.usage;
  return name === BudgetExceededError.name || name === UnknownPriceError.name ? EXIT.refused : EXIT.failed;
}

/** One line for our own errors and the system's; the whole of any other, for that is a fault of this program. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `failed: ${plainText(String(error))}`;
  const { code } = error as { code?: unknown };
  if (code === "EADDRINUSE") return "the port is taken; choose another with --port, or --port 0 for any free one";
  if (isMeterError(error) || typeof code === "string") return plainText(error.message);
  return error.stack ?? error.message;
}

/** The foot of every command's help. */
export const EXIT_CODES_HELP = "Exit codes: 0 done · 1 failed · 2 wrong usage";
