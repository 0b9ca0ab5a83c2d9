import { Command } from "commander";
import { systemClock } from "../clock.ts";
import { type Decimal, decimal } from "../money.ts";
import { listedEndpoints, listPrice } from "../price/list-price.ts";
import { rateAt } from "../price/rates.ts";
import { plainName, plainText } from "../report/plain-text.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit.ts";
import { emulatorOption, falPlatform } from "./fal.ts";
import { knownPrices, type PricesFlags, withLedger } from "./known-prices.ts";
import { openLedger, storeOption } from "./ledger.ts";
import { moneyColumn, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface SyncFlags extends PricesFlags {
  emulator?: string;
}

export function syncCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("sync")
    .description("read fal's live prices into the ledger, with the key in FAL_KEY")
    .argument("[endpoints...]", "only these (default: the bundled list and every endpoint of the ledger)")
    .addOption(storeOption())
    .addOption(emulatorOption())
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `\nA meter with prices: { source: "live" } uses what is read here.\n\nExample:\n  $ fal-meter prices sync fal-ai/flux/dev fal-ai/veo3.1\n\n${EXIT_CODES_HELP}`,
    )
    .action(async (endpoints: string[], _flags: SyncFlags, command: Command) =>
      end(await sync(terminal, endpoints, command.optsWithGlobals())),
    );
}

async function sync(terminal: Terminal, endpoints: readonly string[], flags: SyncFlags): Promise<ExitCode> {
  const platform = falPlatform(flags.emulator, process.env);
  const ledger = await openLedger(flags.store, process.env);
  const store = ledger.kind === "open" ? ledger.store : await openSqliteStore(ledger.name.slice("sqlite:".length));
  const work = terminal.working("Asking fal for prices");
  try {
    const { live } = await knownPrices(store, platform);
    const used = (await store.totals({ by: ["endpoint"] })).flatMap(({ endpointId }) => endpointId ?? []);
    const wanted = endpoints.length > 0 ? endpoints : [...listedEndpoints(), ...used];
    const read = await live.refresh(wanted);
    if (flags.json) terminal.printJson({ ledger: ledger.name, ...read });
    else {
      terminal.print(
        `${read.found} ${read.found === 1 ? "price" : "prices"} read, ${read.changed} of them changed; ${read.missing === 1 ? "1 endpoint has" : `${read.missing} endpoints have`} none.`,
      );
      if (read.failure !== null) terminal.print(`Not all could be asked for: ${plainText(read.failure)}.`);
    }
    return read.failure === null ? EXIT.ok : EXIT.failed;
  } finally {
    work.done();
    await store.close();
  }
}

export function diffCommand(terminal: Terminal): Command {
  return new Command("diff")
    .description("where live prices differ from the bundled ones, and what is announced")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter prices diff\n\n${EXIT_CODES_HELP}`)
    .action((_flags: PricesFlags, command: Command) => diff(terminal, command.optsWithGlobals()));
}

interface Difference {
  endpointId: string;
  unit: string;
  bundled: Decimal | null;
  live: Decimal;
  /** The bundled price is for another unit. */
  bundledUnit: string | null;
  /** What is announced; `null` where nothing is. */
  announced: { price: Decimal; from: Date } | null;
}

async function diff(terminal: Terminal, flags: PricesFlags): Promise<void> {
  const found = await withLedger(flags.store, async (store) => {
    const at = systemClock.now();
    const { live } = await knownPrices(store);
    const kept = store ? await store.listNotes("price", at) : [];
    return kept.flatMap(({ key }) => differenceOf(key, live.rates(key)?.rates ?? [], at) ?? []);
  });
  if (flags.json) terminal.printJson({ currency: "USD", differences: found });
  else if (found.length === 0)
    terminal.print("No live price that was read differs from the bundled list. Read them with: fal-meter prices sync");
  else terminal.print(...differenceLines(terminal, found));
}

type Rates = Parameters<
  typeof rateAt<{ unit: string; unitPrice: Decimal; from: number | null; until: number | null }>
>[0];

function differenceOf(endpointId: string, rates: Rates, at: number): Difference | null {
  const live = rateAt(rates, at);
  if (!live) return null;
  const listed = listPrice(endpointId);
  const next = rates.find(({ from }) => from !== null && from > at);
  if (listed && !next && listed.unit === live.unit && listed.unitPrice.eq(live.unitPrice)) return null;
  return {
    endpointId,
    unit: live.unit,
    bundled: listed?.unitPrice ?? null,
    live: live.unitPrice,
    bundledUnit: listed && listed.unit !== live.unit ? listed.unit : null,
    announced: next ? { price: next.unitPrice, from: new Date(next.from!) } : null,
  };
}

function differenceLines(terminal: Terminal, found: readonly Difference[]): string[] {
  const right = "right" as const;
  const columns = [
    { title: "endpoint" },
    { title: "bundled", align: right },
    { title: "live", align: right },
    { title: "change", align: right },
    { title: "a unit of" },
    { title: "announced" },
  ];
  const bundled = moneyColumn(
    found.map((each) => each.bundled),
    "–",
  );
  const live = moneyColumn(found.map((each) => each.live));
  const cells = found.map(({ endpointId, unit, announced, bundledUnit, ...each }, index) => [
    plainName(endpointId),
    bundled[index] ?? "",
    live[index] ?? "",
    each.bundled === null || bundledUnit !== null ? "–" : percentOf(each.live, each.bundled),
    plainName(bundledUnit === null ? unit : `${unit}, bundled by ${bundledUnit}`),
    announced === null ? "–" : `$${announced.price.toFixed()} from ${announced.from.toISOString().slice(0, 10)}`,
  ]);
  return table(terminal, columns, cells);
}

function percentOf(now: Decimal, before: Decimal): string {
  if (before.isZero()) return "–";
  const percent = now.div(before).sub(1).mul(decimal(100)).toDecimalPlaces(1);
  return `${percent.gt(0) ? "+" : ""}${percent.toFixed()} %`;
}
