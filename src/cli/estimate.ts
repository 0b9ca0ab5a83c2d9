import { readFileSync } from "node:fs";
import { Command } from "commander";
import { systemClock } from "../clock.ts";
import { OptionsError } from "../errors.ts";
import { type Decimal, money } from "../money.ts";
import { type Alternative, alternatives } from "../price/alternatives.ts";
import type { Estimate } from "../price/estimate.ts";
import { explain } from "../price/explain.ts";
import type { Pricer } from "../price/pricer.ts";
import { cheaperSiblings } from "../price/siblings.ts";
import { plainName, plainText } from "../report/plain-text.ts";
import type { Store } from "../store/store.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { knownPrices, withLedger } from "./known-prices.ts";
import { storeOption } from "./ledger.ts";
import { ageOf } from "./span.ts";
import { moneyColumn, readable, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface EstimateFlags {
  input?: string;
  explain?: true;
  compare?: string;
  store?: string;
  json?: true;
}

export function estimateCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("estimate")
    .description("what one call would cost, before it is sent; sends nothing")
    .argument("<endpoint>", "as fal names it, such as fal-ai/flux/dev")
    .option("--input <json>", "the call's input as JSON, or @file to read it from a file", "{}")
    .option("--explain", "show the working in words, and cheaper ways to ask")
    .option("--compare <endpoints>", "price the same input at these endpoints too, with commas between them")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText(
      "after",
      `\nWhere there is a ledger, its live prices and what its bills taught count too.\n\nExample:\n  $ fal-meter estimate fal-ai/flux-pro/v1.1 --input '{"image_size": "square_hd", "num_images": 2}' --explain\n
Exit codes: 0 the price is known · 1 failed · 2 wrong usage · 3 nobody knows the price`,
    )
    .action(async (endpointId: string, flags: EstimateFlags) => end(await estimate(terminal, endpointId, flags)));
}

async function estimate(terminal: Terminal, endpointId: string, flags: EstimateFlags): Promise<ExitCode> {
  checkEndpoint(endpointId, "<endpoint>");
  const input = readInput(flags.input ?? "{}");
  const others = flags.compare?.split(",") ?? [];
  for (const id of others) checkEndpoint(id.trim(), "--compare");
  return withReadableLedger(flags.store, async (store) => {
    const { pricer } = await knownPrices(store);
    return flags.compare === undefined
      ? one(terminal, pricer, endpointId, input, flags)
      : compare(terminal, pricer, [endpointId, ...others], input, flags);
  });
}

/** A price needs no ledger: one that is in no file is left out, unless it was asked for. */
function withReadableLedger<Result>(given: string | undefined, use: (store: Store | null) => Promise<Result>) {
  const inAFile = /^sqlite:/.test(process.env.FAL_METER_STORE || "sqlite:");
  return given === undefined && !inAFile ? use(null) : withLedger(given, use);
}

function one(terminal: Terminal, pricer: Pricer, endpointId: string, input: object, flags: EstimateFlags): ExitCode {
  const at = systemClock.now();
  const found = pricer.estimate(endpointId, input, at);
  const cheaper = flags.explain ? cheaperWays(pricer, endpointId, input, at) : [];
  if (flags.json)
    terminal.printJson({ ...found, ...(flags.explain && { explanation: explain(found), alternatives: cheaper }) });
  else if (found.expected === null) terminal.print(...unknownLines(terminal, found));
  else {
    terminal.print(...knownLines(terminal, found, at));
    if (flags.explain) terminal.print(...explainedLines(terminal, found, cheaper));
  }
  return found.expected === null ? EXIT.refused : EXIT.ok;
}

/** Other ways to ask it, and other models to ask. */
function cheaperWays(pricer: Pricer, endpointId: string, input: object, at: number): Alternative[] {
  const ways = [
    ...alternatives(pricer, endpointId, input, at).slice(0, MOST_ALTERNATIVES),
    ...cheaperSiblings(pricer, endpointId, input, at).slice(0, MOST_SIBLINGS),
  ];
  return ways.sort((a, b) => b.saves.cmp(a.saves));
}

/** One input over several endpoints, the cheapest first. */
function compare(
  terminal: Terminal,
  pricer: Pricer,
  ids: readonly string[],
  input: object,
  flags: EstimateFlags,
): ExitCode {
  const wanted = [...new Set(ids.map((id) => id.trim()))];
  if (wanted.length > MOST_COMPARED)
    throw new OptionsError("--compare", `at most ${MOST_COMPARED - 1} endpoints`, wanted.length - 1);
  const found = wanted.map((id) => pricer.estimate(id, input, systemClock.now()));
  found.sort((a, b) => (a.expected && b.expected ? a.expected.cmp(b.expected) : a.expected ? -1 : b.expected ? 1 : 0));
  if (flags.json) terminal.printJson({ currency: "USD", estimates: found });
  else terminal.print(...comparedLines(terminal, found));
  return found.every(({ expected }) => expected === null) ? EXIT.refused : EXIT.ok;
}

function comparedLines(terminal: Terminal, found: readonly Estimate[]): string[] {
  const bounds = (["low", "expected", "high"] as const).map((bound) => moneyColumn(found.map((each) => each[bound])));
  const columns = [
    { title: "endpoint" },
    ...["low", "expected", "high"].map((title) => ({ title, align: "right" as const })),
    { title: "by" },
  ];
  const rows = found.map(({ endpointId, basis, confidence }, index) => [
    plainName(endpointId),
    ...bounds.map((column) => column[index] ?? ""),
    basis === confidence ? basis : `${basis}, ${confidence}`,
  ]);
  return table(terminal, columns, rows);
}

const MOST_COMPARED = 20;

/** @throws OptionsError naming the option */
function checkEndpoint(endpointId: string, option: string): void {
  if (!ENDPOINT.test(endpointId)) throw new OptionsError(option, 'an endpoint such as "fal-ai/flux/dev"', endpointId);
}

const ENDPOINT = /^[\w.-]+(\/[\w.-]+)+$/;
const MOST_ALTERNATIVES = 8;
const MOST_SIBLINGS = 4;

/** @throws OptionsError naming `--input`, and nothing of what is in it */
function readInput(text: string): object {
  const file = text.startsWith("@") ? text.slice(1) : null;
  const source = file === null ? "the text given" : `the file ${file}`;
  const value = parsed(file === null ? text : contentOf(file));
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const kind = value === undefined ? "is no JSON" : "is another kind of JSON";
  throw new OptionsError("--input", `a JSON object such as '{"num_images": 2}', or @file`, `${source}, which ${kind}`);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new OptionsError("--input", "a file that can be read, after the @", file);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unknownLines({ paint }: Terminal, { endpointId, source }: Estimate): string[] {
  return [
    `${paint.bold(endpointId)}  ${paint.yellow("the price is unknown")}`,
    `  Why: ${plainText(source)}.`,
    "  Under a budget such a call is refused. Give it a price of your own:",
    `    createFalClient({ meter: { prices: { rates: { "${endpointId}": { unit: "requests", price: "0.05" } } } } })`,
  ];
}

function knownLines(terminal: Terminal, found: Estimate, at: number): string[] {
  const { bold } = terminal.paint;
  const [low = "", expected = "", high = ""] = [found.low, found.expected, found.high].map(amountText);
  const bounds = table(
    terminal,
    ["low", "expected", "high"].map((title) => ({ title, align: "right" as const })),
    [[low, bold(expected), high]],
  );
  const amounts = moneyColumn(found.lines.map(({ amount }) => amount));
  const working = table(
    terminal,
    [
      { title: "for" },
      { title: "quantity", align: "right" },
      { title: "unit" },
      { title: "price", align: "right" },
      { title: "amount", align: "right" },
    ],
    found.lines.map(({ label, quantity, unit, unitPrice }, index) => [
      plainName(label),
      quantity === null ? "–" : readable(quantity).toFixed(),
      unit === null ? "–" : plainName(unit),
      unitPrice === null ? "–" : money(readable(unitPrice)),
      amounts[index] ?? "",
    ]),
  );
  return [
    bold(found.endpointId),
    "",
    ...bounds,
    ...(found.lines.length > 0 ? ["", ...working] : []),
    "",
    ...sourceLines(terminal, found, at),
  ];
}

function sourceLines({ paint }: Terminal, { basis, confidence, source, asOf }: Estimate, at: number): string[] {
  const age = asOf === null ? null : ageOf(asOf, at);
  const dated = asOf === null ? "no date" : age === null ? asOf : `${asOf}, ${age}`;
  return [
    ["basis", `${basis}, ${confidence}`],
    ["source", source],
    ["as of", dated],
  ].map(([word = "", text = ""]) => `${paint.dim(word.padEnd(7))}${plainText(text)}`);
}

function explainedLines(terminal: Terminal, found: Estimate, cheaper: readonly Alternative[]): string[] {
  const working = ["", ...explain(found).map((line) => plainText(line))];
  if (cheaper.length === 0) return working;
  const expected = moneyColumn(cheaper.map(({ estimate }) => estimate.expected));
  const saves = moneyColumn(cheaper.map((each) => each.saves));
  const rows = cheaper.map(({ change, input }, index) => [
    plainName(change),
    expected[index] ?? "",
    saves[index] ?? "",
    Object.keys(input).length === 0 ? "the same" : plainName(JSON.stringify(input)),
  ]);
  const columns = [
    { title: "cheaper" },
    { title: "expected", align: "right" as const },
    { title: "saves", align: "right" as const },
    { title: "input" },
  ];
  return [...working, "", ...table(terminal, columns, rows)];
}

function amountText(amount: Decimal | null): string {
  return amount === null ? "unknown" : money(readable(amount));
}
