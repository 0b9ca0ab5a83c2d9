import { Command } from "commander";
import { priceAt } from "../advice-prices.ts";
import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError } from "../errors.ts";
import { type Decimal, lessPercent, money } from "../money.ts";
import { plainName } from "../report/plain-text.ts";
import { readRecent } from "../report/reading.ts";
import { type Replayed, type TriedBudget, type WhatIf, type WhatIfAnswer, whatIf } from "../report/what-if.ts";
import type { Entry } from "../store/store.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { knownPrices } from "./known-prices.ts";
import { noLedgerYet, storeOption } from "./ledger.ts";
import { type OpenReading, type ReadingFlags, TIMEZONE_HELP, withReading } from "./reading.ts";
import { moneyColumn, readable, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface WhatIfFlags extends ReadingFlags {
  last: string;
  cache?: string;
  model?: string[];
  budget?: string[];
  json?: true;
}

const more = (text: string, texts: string[] = []) => [...texts, text];

export function whatIfCommand(terminal: Terminal): Command {
  return new Command("what-if")
    .description("replays the ledger with another cache, other models or other budgets, and says what would have been")
    .option("--last <duration>", "how far back to begin", "30d")
    .option("--cache <ttl>", 'keep every answer this long, such as "24h", or "off"')
    .option("--model <from=to>", "price calls to one endpoint as calls to another; may be given again", more)
    .option(
      "--budget <limit/per>",
      'in place of the budgets there were: "5/day", or "5/day:fal-ai/veo*" for a glob; may be given again',
      more,
    )
    .option("--timezone <zone>", TIMEZONE_HELP)
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText(
      "after",
      `\nExample:\n  $ fal-meter what-if --last 30d --cache 24h --model fal-ai/flux/dev=fal-ai/flux/schnell --budget 5/day\n\n${EXIT_CODES_HELP}`,
    )
    .action(async (flags: WhatIfFlags) => {
      const asked = readFlags(flags);
      await withReading(terminal, flags, (reading) => show(terminal, flags, asked, reading));
    });
}

interface Asked {
  lastMs: number;
  cacheTtlMs: number | undefined;
  models: ReadonlyMap<string, string>;
  budgets: readonly TriedBudget[];
}

function readFlags({ last, cache, model = [], budget = [] }: WhatIfFlags): Asked {
  if (cache === undefined && model.length === 0 && budget.length === 0)
    throw new OptionsError("what-if", "given one of --cache, --model and --budget", undefined);
  return {
    lastMs: milliseconds(last as Duration, "--last"),
    cacheTtlMs: cache === undefined ? undefined : cache === "off" ? 0 : milliseconds(cache as Duration, "--cache"),
    models: new Map(model.map(readModel)),
    budgets: budget.map(readBudget),
  };
}

function readModel(text: string): [string, string] {
  const [, from = "", to = ""] = /^([\w.-]+(?:\/[\w.-]+)+)=([\w.-]+(?:\/[\w.-]+)+)$/.exec(text) ?? [];
  if (from === "") throw new OptionsError("--model", 'as "fal-ai/flux/dev=fal-ai/flux/schnell"', text);
  return [from, to];
}

const BUDGET = /^(\d+(?:\.\d+)?)\/(request|hour|day|week|month|total)(?::(.+))?$/s;

function readBudget(text: string): TriedBudget {
  const [, limit = "", per = "", glob] = BUDGET.exec(text) ?? [];
  if (limit === "") throw new OptionsError("--budget", 'as "5/day" or "5/day:fal-ai/veo*"', text);
  return { limit, per: per as TriedBudget["per"], ...(glob !== undefined && { endpoints: glob }) };
}

async function show(terminal: Terminal, flags: WhatIfFlags, asked: Asked, reading: OpenReading) {
  const { ledger, calendars } = reading;
  if (ledger.kind === "missing" && !flags.json) return terminal.print(...noLedgerYet(ledger));
  const { entries, taken } = await readRecent(reading, asked.lastMs);
  const { pricer } = await knownPrices(reading.store);
  const unpriced = new Set<string>();
  const price = (entry: Entry): Decimal | null => {
    const other = asked.models.get(entry.endpointId);
    if (other === undefined) return null;
    const cost = priceAt(pricer, other, entry);
    if (cost === null) unpriced.add(entry.id);
    return cost && lessPercent(cost, entry.discountPercent);
  };
  const change: WhatIf = {
    ...(asked.budgets.length > 0 && { budgets: asked.budgets }),
    ...(asked.cacheTtlMs !== undefined && { cacheTtlMs: asked.cacheTtlMs }),
    ...(asked.models.size > 0 && { price }),
  };
  const answer = whatIf(entries, change, calendars);
  if (flags.json) {
    const exists = ledger.kind === "open";
    return terminal.printJson({
      ledger: { store: ledger.name, exists },
      currency: "USD",
      taken,
      unpriced: unpriced.size,
      ...answer,
    });
  }
  terminal.print(...linesOf(terminal, answer, `in ${ledger.name}, the last ${plainName(flags.last)}`));
  if (unpriced.size > 0)
    terminal.print("", `${unpriced.size} calls could not be priced at the other endpoint and keep what they cost.`);
  if (taken === "sample") terminal.print("", `Only the newest ${entries.length} entries were replayed.`);
}

const COUNTS = ["bought", "shared", "refused"] as const;

function linesOf(terminal: Terminal, { was, would, difference }: WhatIfAnswer, where: string): string[] {
  const { bold, dim, green, red } = terminal.paint;
  const right = "right" as const;
  const columns = [{ title: "" }, { title: "was", align: right }, { title: "would be", align: right }];
  const amounts = (pick: (side: Replayed) => Decimal) => moneyColumn([pick(was), pick(would)]);
  const rows = [
    ["spent", ...amounts(({ spent }) => spent)],
    ["saved by cache and joins", ...amounts(({ saved }) => saved)],
    ...COUNTS.map((name) => [name, String(was[name]), String(would[name])]),
    ["of unknown cost", String(was.unknown), String(would.unknown)],
  ];
  const less = difference.spent.neg();
  const amount = money(readable(less.abs()));
  const verdict = less.isZero()
    ? "It would have cost the same."
    : less.gt(0)
      ? green(`${amount} less would have been spent.`)
      : red(`${amount} more would have been spent.`);
  return [`${bold("What if")} ${dim(where)}`, "", ...table(terminal, columns, rows), "", verdict];
}
