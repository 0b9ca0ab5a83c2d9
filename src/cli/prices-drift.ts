import { Command } from "commander";
import { systemClock } from "../clock.ts";
import type { Decimal } from "../money.ts";
import { listBills } from "../price/learned-bills.ts";
import { plainName } from "../report/plain-text.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import type { PricesFlags } from "./known-prices.ts";
import { noLedgerYet, openLedger, storeOption } from "./ledger.ts";
import { moneyColumn, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export function driftCommand(terminal: Terminal): Command {
  return new Command("drift")
    .description("prices that turned out wrong: bills outside the bracket of their estimate")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter prices drift\n\n${EXIT_CODES_HELP}`)
    .action((_flags: PricesFlags, command: Command) => drift(terminal, command.optsWithGlobals()));
}

interface DriftRow {
  endpointId: string;
  /** The parameters that bear on the price. */
  shape: string;
  bills: number;
  /** Of those, outside the bracket. */
  outside: number;
  /** A rule is not believed any more once it was wrong twice. */
  healed: boolean;
  lowest: Decimal | null;
  mean: Decimal | null;
  highest: Decimal | null;
}

async function drift(terminal: Terminal, flags: PricesFlags): Promise<void> {
  const ledger = await openLedger(flags.store, process.env);
  if (ledger.kind === "missing") {
    if (flags.json) terminal.printJson({ currency: "USD", drift: [] });
    else terminal.print(...noLedgerYet(ledger));
    return;
  }
  const learned = await listBills(ledger.store, systemClock.now());
  await ledger.store.close();
  const rows: DriftRow[] = learned
    .filter(({ shape, bills }) => shape !== null && bills.outside > 0)
    .map(({ endpointId, shape, bills: { count, outside, amount } }) => ({
      endpointId,
      shape: shape ?? "",
      bills: count,
      outside,
      healed: outside >= 2,
      lowest: amount?.min ?? null,
      mean: amount?.mean ?? null,
      highest: amount?.max ?? null,
    }))
    .sort((a, b) => b.outside - a.outside);
  if (flags.json) terminal.printJson({ currency: "USD", drift: rows });
  else if (rows.length === 0) terminal.print("Every bill that was seen lies within the bracket of its estimate.");
  else terminal.print(...linesOf(terminal, rows));
}

function linesOf(terminal: Terminal, rows: readonly DriftRow[]): string[] {
  const [lowest, mean, highest] = [
    rows.map((row) => row.lowest),
    rows.map((row) => row.mean),
    rows.map((row) => row.highest),
  ].map((column) => moneyColumn(column));
  const right = "right" as const;
  const columns = [
    { title: "endpoint" },
    { title: "bills", align: right },
    { title: "outside", align: right },
    { title: "lowest", align: right },
    { title: "mean", align: right },
    { title: "highest", align: right },
    { title: "now by" },
    { title: "request" },
  ];
  const cells = rows.map(({ endpointId, shape, bills, outside, healed }, index) => [
    plainName(endpointId),
    String(bills),
    String(outside),
    lowest?.[index] ?? "",
    mean?.[index] ?? "",
    highest?.[index] ?? "",
    healed ? "its bills" : "its rule",
    plainName(shape),
  ]);
  return table(terminal, columns, cells);
}
