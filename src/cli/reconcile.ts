import { Command } from "commander";
import type { Duration } from "../clock.ts";
import { createMeter } from "../meter.ts";
import { type Decimal, money, sum } from "../money.ts";
import { plainName, plainText } from "../report/plain-text.ts";
import type { Reconciled } from "../settle/reconcile.ts";
import type { TrueUp } from "../settle/true-up.ts";
import { EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit.ts";
import { emulatorOption, falFetch } from "./fal.ts";
import { noLedgerYet, openLedger, storeOption } from "./ledger.ts";
import { instantFlag } from "./reading.ts";
import { moneyColumn, readable, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface ReconcileFlags {
  billing?: true;
  since?: string;
  until?: string;
  olderThan: string;
  timezone: string;
  store?: string;
  emulator?: string;
  json?: true;
}

export function reconcileCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("reconcile")
    .description("ask fal what became of purchases that are still open, with the key in FAL_KEY")
    .option("--billing", "also correct the ledger by fal's billing events; needs an admin key")
    .option(
      "--since <when>",
      'with --billing: from here on: a date, an ISO time, or how long ago, such as "7d" (default: "30d")',
    )
    .option("--until <when>", "with --billing: up to here, not included; read as --since is (default: now)")
    .option("--older-than <duration>", "leave younger purchases to their callers", "10m")
    .option("--timezone <zone>", "IANA zone of dates and days", "UTC")
    .addOption(storeOption())
    .addOption(emulatorOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter reconcile --billing --since 7d\n\n${EXIT_CODES_HELP}`)
    .action(async (flags: ReconcileFlags) => end(await reconcile(terminal, flags)));
}

async function reconcile(terminal: Terminal, flags: ReconcileFlags): Promise<ExitCode> {
  const via = falFetch(flags.emulator);
  const ledger = await openLedger(flags.store, process.env);
  if (ledger.kind === "missing") {
    if (flags.json) terminal.printJson({ ledger: { store: ledger.name, exists: false } });
    else terminal.print(...noLedgerYet(ledger));
    return EXIT.ok;
  }
  const meter = createMeter({ store: ledger.store, timezone: flags.timezone, fetch: via });
  const work = terminal.working("Asking fal");
  try {
    const { since, until, olderThan, billing = false } = flags;
    const span = {
      ...(since !== undefined && { since: instantFlag(since, "--since") }),
      ...(until !== undefined && { until: instantFlag(until, "--until") }),
    };
    const done = await meter.reconcile({ olderThan: olderThan as Duration, billing, ...span });
    if (flags.json) terminal.printJson({ ledger: { store: ledger.name, exists: true }, currency: "USD", ...done });
    else terminal.print(...linesOf(terminal, done));
    return done.failure !== null || (done.billing && done.billing.failure !== null) ? EXIT.failed : EXIT.ok;
  } finally {
    work.done();
    await meter.close();
  }
}

function linesOf(terminal: Terminal, done: Reconciled): string[] {
  const { checked, settled, adopted, expired, open, failure, billing } = done;
  const right = "right" as const;
  const columns = [{ title: "open purchases" }, { title: "count", align: right }];
  const counted: [string, number][] = [
    ["looked at", checked],
    ["settled by what fal said", settled],
    ["given up as billed, for their windows have closed", expired],
    ["still open", open],
    ["lost answers recognised in fal's list of requests", adopted],
  ];
  const rows = counted.map(([what, count]) => [what, String(count)]);
  const unfinished = failure === null ? [] : ["", `Not all could be asked after: ${plainText(failure)}.`];
  const asked = [...table(terminal, columns, rows), ...unfinished];
  return billing ? [...asked, "", ...billingLines(terminal, billing)] : asked;
}

function billingLines(terminal: Terminal, billing: TrueUp): string[] {
  const { checked, corrected, missing, failure, differences } = billing;
  const counted = `${checked} purchases held against fal's billing: ${corrected} corrected, ${missing} not in it (yet).`;
  const unfinished = failure === null ? [] : [`Not all could be asked after: ${plainText(failure)}.`];
  if (differences.length === 0) return [counted, ...unfinished];
  const right = "right" as const;
  const columns = [
    { title: "endpoint" },
    { title: "day" },
    { title: "purchases", align: right },
    { title: "booked", align: right },
    { title: "billed", align: right },
    { title: "difference", align: right },
  ];
  const amounts = (pick: (row: TrueUp["differences"][number]) => Decimal) => moneyColumn(differences.map(pick));
  const [booked, billed, difference] = [
    amounts((row) => row.booked),
    amounts((row) => row.billed),
    amounts((row) => row.difference),
  ];
  const cells = differences.map(({ endpointId, day, purchases }, index) => [
    plainName(endpointId),
    day.slice(0, 10),
    String(purchases),
    booked[index] ?? "",
    billed[index] ?? "",
    difference[index] ?? "",
  ]);
  const total = money(readable(sum(differences.map((row) => row.difference))));
  return [
    counted,
    ...unfinished,
    "",
    ...table(terminal, columns, cells),
    "",
    `In all fal billed ${total} more than was booked.`,
  ];
}
