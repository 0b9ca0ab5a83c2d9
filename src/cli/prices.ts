import { Command } from "commander";
import { systemClock } from "../clock.ts";
import { OptionsError } from "../errors.ts";
import type { Decimal } from "../money.ts";
import { listBills } from "../price/learned-bills.ts";
import { listedEndpoints } from "../price/list-price.ts";
import type { UnitPrice } from "../price/pricer.ts";
import { rateCard } from "../price/rate-card.ts";
import { bundled } from "../price/sources.ts";
import { plainName } from "../report/plain-text.ts";
import { EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit.ts";
import { type KnownPrices, knownPrices, type PricesFlags, withLedger } from "./known-prices.ts";
import { storeOption } from "./ledger.ts";
import { driftCommand } from "./prices-drift.ts";
import { diffCommand, syncCommand } from "./prices-sync.ts";
import { moneyColumn, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export function pricesCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const command = new Command("prices")
    .description("the unit prices that are known, and where they are from")
    .argument("[search]", "only endpoints whose id contains this")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .helpCommand(false)
    .addHelpText("after", `\nExample:\n  $ fal-meter prices flux\n\n${EXIT_CODES_HELP}`)
    .action((search: string | undefined, flags: PricesFlags) => list(terminal, search ?? "", flags));
  for (const sub of [
    syncCommand(terminal, end),
    diffCommand(terminal),
    showCommand(terminal, end),
    driftCommand(terminal),
  ]) {
    command.addCommand(sub);
  }
  return command;
}

interface PriceRow {
  endpointId: string;
  unit: string | null;
  unitPrice: Decimal | null;
  source: string | null;
  asOf: string | null;
  /** On the rate card, which comes before a bundled unit price. */
  onRateCard: boolean;
}

async function list(terminal: Terminal, search: string, flags: PricesFlags): Promise<void> {
  await withLedger(flags.store, async (store) => {
    const known = await knownPrices(store);
    const kept = store ? (await store.listNotes("price", systemClock.now())).map(({ key }) => key) : [];
    const ids = [...new Set([...listedEndpoints(), ...Object.keys(rateCard), ...kept])].sort();
    const rows = ids.filter((id) => id.includes(search.toLowerCase())).map((id) => priceRow(known, id));
    if (flags.json) terminal.printJson({ currency: "USD", prices: rows });
    else if (rows.length === 0)
      terminal.print(`No price is known of an endpoint with "${plainName(search)}" in its id.`);
    else terminal.print(...priceLines(terminal, rows));
  });
}

function priceRow({ pricer }: KnownPrices, endpointId: string): PriceRow {
  const price = pricer.unitPrice(endpointId, systemClock.now()) ?? estimatedBy(endpointId);
  return {
    endpointId,
    unit: price?.unit ?? null,
    unitPrice: price?.unitPrice ?? null,
    source: price?.source ?? null,
    asOf: price?.asOf ?? null,
    onRateCard: Object.hasOwn(rateCard, endpointId),
  };
}

/** What an endpoint is estimated by where nothing was seen to settle by. */
function estimatedBy(endpointId: string): UnitPrice | null {
  const price = bundled(endpointId);
  if (!price) return null;
  const doubtful = price.standing === "doubtful";
  return { ...price, source: doubtful ? "bundled price list, likely ten times too high" : "published tiers" };
}

function priceLines(terminal: Terminal, rows: readonly PriceRow[]): string[] {
  const amounts = moneyColumn(rows.map(({ unitPrice }) => unitPrice));
  const columns = [
    { title: "endpoint" },
    { title: "price", align: "right" as const },
    { title: "a unit of" },
    { title: "source" },
    { title: "as of" },
  ];
  const cells = rows.map(({ endpointId, unit, source, asOf, onRateCard }, index) => [
    plainName(endpointId),
    asOf === null ? "–" : (amounts[index] ?? ""),
    plainName(unit ?? "–"),
    onRateCard ? `rate card${source === null ? "" : `; bills by the ${source}`}` : (source ?? "–"),
    asOf?.slice(0, 10) ?? "–",
  ]);
  return table(terminal, columns, cells);
}

function showCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("show")
    .description("all that is known of one endpoint's price")
    .argument("<endpoint>", "as fal names it, such as fal-ai/flux/dev")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText(
      "after",
      `\nExample:\n  $ fal-meter prices show fal-ai/flux/dev\n\n${EXIT_CODES_HELP} · 3 nobody knows the price`,
    )
    .action(async (endpointId: string, _flags: PricesFlags, command: Command) =>
      end(await show(terminal, endpointId, command.optsWithGlobals())),
    );
}

async function show(terminal: Terminal, endpointId: string, flags: PricesFlags): Promise<ExitCode> {
  if (!/^[\w.-]+(\/[\w.-]+)+$/.test(endpointId))
    throw new OptionsError("<endpoint>", 'an endpoint such as "fal-ai/flux/dev"', endpointId);
  return withLedger(flags.store, async (store) => {
    const at = systemClock.now();
    const known = await knownPrices(store);
    const rates = known.live.rates(endpointId)?.rates ?? [];
    const learned = store ? (await listBills(store, at)).filter((each) => each.endpointId === endpointId) : [];
    const row = priceRow(known, endpointId);
    const code = row.unitPrice === null && !row.onRateCard && learned.length === 0 ? EXIT.refused : EXIT.ok;
    const { bold, dim } = terminal.paint;
    if (flags.json) {
      const live = rates.map((rate) => ({ ...rate, from: isoOf(rate.from), until: isoOf(rate.until) }));
      terminal.printJson({ currency: "USD", ...row, live, learned });
      return code;
    }
    if (code === EXIT.refused) {
      terminal.print(
        `No price is known of ${plainName(endpointId)}. Ask fal for one with: fal-meter prices sync ${plainName(endpointId)}`,
      );
      return code;
    }
    terminal.print(bold(endpointId), ...priceLines(terminal, [row]));
    for (const { unit, unitPrice, from, until } of rates) {
      const term = [
        from === null ? null : `from ${dayOf(from)}`,
        until === null ? null : `until ${dayOf(until)}`,
      ].filter(Boolean);
      terminal.print(
        `${dim("live   ")}$${unitPrice.toFixed()} for a unit of ${plainName(unit)} ${term.join(" ")}`.trimEnd(),
      );
    }
    for (const { shape, bills } of learned) {
      const spread = bills.amount
        ? `$${bills.amount.min.toFixed()} to $${bills.amount.max.toFixed()}`
        : `${bills.units?.min.toFixed()} to ${bills.units?.max.toFixed()} units`;
      const many = bills.count === 1 ? "1 bill" : `${bills.count} bills`;
      terminal.print(`${dim("learned")} ${many}, ${spread}, ${plainName(shape ?? "all requests")}`);
    }
    return code;
  });
}

function isoOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
