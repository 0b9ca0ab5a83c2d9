import { Command } from "commander";
import { systemClock } from "../clock.ts";
import { plainText } from "../report/plain-text.ts";
import { checkClock, checkKey, checkNode, checkPackages, checkPrices } from "./doctor-checks.ts";
import { checkLedger } from "./doctor-ledger.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { storeOption } from "./ledger.ts";
import { wrapped } from "./prose.ts";
import type { Terminal } from "./terminal.ts";

/** `wrong` will fail or misbook calls. `look` may be meant so. */
export interface Finding {
  check: string;
  state: "ok" | "look" | "wrong";
  text: string;
}

interface DoctorFlags {
  store?: string;
  json?: true;
}

export function doctorCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("doctor")
    .description(
      "whether this machine is fit to meter: Node, packages, key, ledger, budgets, prices, clock; asks nobody",
    )
    .addOption(storeOption())
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ fal-meter doctor\n\nExit codes: 0 nothing is wrong · 1 something is · 2 wrong usage",
    )
    .action(async (flags: DoctorFlags) => end(await doctor(terminal, flags)));
}

async function doctor(terminal: Terminal, { store, json }: DoctorFlags): Promise<ExitCode> {
  const at = systemClock.now();
  const ledger = await checkLedger(store, process.env, at);
  const findings = [
    checkNode(process.versions.node),
    ...checkPackages(),
    checkKey(process.env),
    ...ledger.findings,
    checkPrices(at),
    checkClock(at, ledger.newestAt),
  ];
  const wrong = findings.filter(({ state }) => state === "wrong").length;
  if (json) terminal.printJson({ healthy: wrong === 0, findings });
  else terminal.print(...linesOf(terminal, findings, wrong));
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

function linesOf({ paint, columns }: Terminal, findings: readonly Finding[], wrong: number): string[] {
  const tones = { ok: paint.green, look: paint.yellow, wrong: paint.red };
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, state, text }) =>
    wrapped(
      `${tones[state](state.padEnd(5))}  ${check.padEnd(widest)}  ${plainText(text)}`,
      columns,
      " ".repeat(widest + 9),
    ),
  );
  const verdict = wrong === 0 ? "Nothing is wrong." : `${wrong} of these ${wrong === 1 ? "is" : "are"} wrong.`;
  return [...lines, "", wrong === 0 ? verdict : paint.red(verdict)];
}
