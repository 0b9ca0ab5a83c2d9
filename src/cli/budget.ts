import { Command } from "commander";
import { type RegisteredBudget, readRegistry, standingOf, type UnreadableBudget } from "../budget/registry.ts";
import type { BudgetStanding } from "../budget/standing.ts";
import { systemClock } from "../clock.ts";
import { type Decimal, money } from "../money.ts";
import { plainName } from "../report/plain-text.ts";
import { budgetBar, percent } from "./bar.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { type Ledger, noLedgerYet, openLedger, storeOption } from "./ledger.ts";
import { inWords } from "./span.ts";
import { readable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface BudgetFlags {
  store?: string;
  json?: true;
}

/** A budget, where it stands, and for whom when it is split. */
interface Shown {
  budget: RegisteredBudget;
  standing: BudgetStanding;
}

export function budgetCommand(terminal: Terminal): Command {
  return new Command("budget")
    .description("how every budget stands, as the meters registered them")
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter budget --store sqlite:.fal-meter/ledger.db\n\n${EXIT_CODES_HELP}`)
    .action((flags: BudgetFlags) => budget(terminal, flags));
}

async function budget(terminal: Terminal, flags: BudgetFlags): Promise<void> {
  const ledger = await openLedger(flags.store, process.env);
  const at = systemClock.now();
  const { shown, unreadable } = await standingsIn(ledger, at);
  if (flags.json) terminal.printJson(documentOf(ledger, shown, unreadable));
  else if (ledger.kind === "missing") terminal.print(...noLedgerYet(ledger));
  else terminal.print(...linesOf(terminal, ledger, shown, at), ...unreadable.map(unreadableLine));
  if (ledger.kind === "open") await ledger.store.close();
}

async function standingsIn(ledger: Ledger, at: number): Promise<{ shown: Shown[]; unreadable: UnreadableBudget[] }> {
  if (ledger.kind === "missing") return { shown: [], unreadable: [] };
  const { budgets, unreadable } = await readRegistry(ledger.store, at);
  const shown: Shown[] = [];
  for (const each of budgets) {
    for (const standing of await standingOf(each, ledger.store, at)) shown.push({ budget: each, standing });
  }
  return { shown, unreadable };
}

function documentOf(ledger: Ledger, shown: readonly Shown[], unreadable: readonly UnreadableBudget[]) {
  return {
    ledger: { store: ledger.name, exists: ledger.kind === "open" },
    currency: "USD",
    budgets: shown.map(({ budget: { rule, timezone, weekStart, registeredAt }, standing }) => ({
      ...standing,
      per: rule.per,
      onExceed: rule.onExceed,
      timezone,
      weekStart,
      registeredAt: new Date(registeredAt),
    })),
    unreadable,
  };
}

function linesOf(terminal: Terminal, { name }: Ledger, shown: readonly Shown[], at: number): string[] {
  const { bold, dim } = terminal.paint;
  const title = `${bold("Budgets")} ${dim(`in ${name}`)}`;
  if (shown.length === 0) {
    return [
      title,
      "",
      'No budget is registered. A meter registers its own: createFalClient({ meter: { budgets: [{ limit: 5, per: "day" }] } })',
    ];
  }
  return [
    title,
    ...shown.slice(0, MOST_SHOWN).flatMap((each) => ["", ...budgetLines(terminal, each, at)]),
    ...moreLine(shown.length),
  ];
}

/** A budget split by customer may have thousands of standings. */
const MOST_SHOWN = 100;

function moreLine(count: number): string[] {
  return count > MOST_SHOWN ? ["", `and ${count - MOST_SHOWN} more; --json prints all`] : [];
}

const BAR_WIDTH = 40;

function budgetLines({ paint, columns }: Terminal, { budget: { rule }, standing }: Shown, at: number): string[] {
  const { limit, spent, held, remaining, split } = standing;
  const name = `${paint.bold(plainName(standing.name))}${split === undefined ? "" : ` ${paint.cyan(plainName(split))}`}`;
  const warns = rule.onExceed === "warn" ? paint.dim(" (only warns)") : "";
  if (rule.per === "request") return [`${name}${warns}`, `  each request up to ${money(readable(limit))}`];
  const used = spent.add(held);
  const share = limit.isZero() ? 1 : used.div(limit).toNumber();
  const width = Math.min(BAR_WIDTH, Math.max(10, columns - 12));
  const over = used.gt(limit) ? ` · ${paint.red(`${money(readable(used.sub(limit)))} over the limit`)}` : "";
  return [
    `${name}${warns}`,
    `  ${budgetBar(standing, width, paint)} ${percent(share)}`,
    `  spent ${shownAmount(spent)} · held ${shownAmount(held)} · ${shownAmount(remaining)} left of ${shownAmount(limit)}${over}`,
    `  ${resetText(standing, rule.per, at)}`,
  ];
}

function shownAmount(amount: Decimal): string {
  return money(readable(amount));
}

function resetText({ resetsAt }: BudgetStanding, per: RegisteredBudget["rule"]["per"], at: number): string {
  if (per === "total") return "never resets";
  if (resetsAt === null) return "nothing spent in the window";
  const wait = inWords(Math.max(0, resetsAt.getTime() - at));
  return typeof per === "string" ? `resets in ${wait}` : `the oldest amount leaves in ${wait}`;
}

function unreadableLine({ key, why }: UnreadableBudget): string {
  return `\nThe budget registered as ${plainName(key)} cannot be shown: ${plainName(why)}`;
}
