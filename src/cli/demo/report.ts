import { stripVTControlCharacters } from "node:util";
import { type Decimal, money } from "../../money.ts";
import { plainName, plainText } from "../../report/plain-text.ts";
import { wrapped } from "../prose.ts";
import { moneyColumn, readable, table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { Facts } from "./facts.ts";
import type { Played } from "./play.ts";

/** What the demo ended with, and where it left things. */
export interface Ending {
  facts: Facts;
  played: Played;
  ledger: string;
  pictures: readonly string[];
  folder: string;
}

/** The end of the demo for people: who billed what, whether they agree, what was not paid for, where to go next. */
export function reportLines(terminal: Terminal, ending: Ending): string[] {
  const { facts, played } = ending;
  return [
    ...endpointTable(terminal, facts),
    "",
    ...totalsLines(terminal, facts),
    ...savingLines(terminal, facts),
    ...refusalLines(terminal, played),
    ...played.unplanned.map((text) => terminal.paint.red(`Not planned: ${text}`)),
    "",
    ...nextLines(terminal, ending),
  ];
}

/** The same facts as one document. */
export function reportDocument({ facts, played, ledger, pictures, folder }: Ending) {
  const { refusal, unplanned, seconds } = played;
  return {
    currency: "USD",
    ...facts,
    refusal,
    unplanned,
    seconds: Math.round(seconds * 10) / 10,
    ledger,
    folder,
    pictures,
  };
}

function endpointTable(terminal: Terminal, { endpoints, book }: Facts): string[] {
  const { dim, yellow } = terminal.paint;
  const estimates = moneyColumn(endpoints.map(({ estimate }) => estimate));
  const bills = moneyColumn(endpoints.map(({ billed }) => billed));
  const books = moneyColumn(endpoints.map((each) => each.book));
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "endpoint" },
    right("calls"),
    right("estimate"),
    right("billed"),
    ...(book ? [right("book"), right("off by")] : []),
  ];
  const rows = endpoints.map(({ endpointId, calls, estimate, billed, held, book: own }, index) => {
    const open = !held.isZero();
    const shown = open ? yellow(`${money(readable(held))} held`) : (bills[index] ?? "");
    return [
      plainName(endpointId),
      String(calls),
      open || (estimate.isZero() && billed.isZero()) ? "–" : (estimates[index] ?? ""),
      billed.eq(estimate) ? shown : yellow(shown),
      ...(own ? [open ? "–" : (books[index] ?? ""), open ? dim("open") : offText(terminal, billed.sub(own))] : []),
    ];
  });
  return table(terminal, columns, rows);
}

function offText({ paint }: Terminal, off: Decimal): string {
  return off.isZero() ? paint.green("$0.00") : paint.red(money(readable(off)));
}

/** One line, or two where the terminal is narrow. */
function totalsLines({ paint, columns }: Terminal, { estimate, billed, book, agree }: Facts): string[] {
  const known = `estimate ${paint.bold(shown(estimate))} · billed ${paint.bold(shown(billed))}`;
  if (book === null) return [known];
  const all = `${known} · the emulator's own book ${paint.bold(shown(book))}`;
  const verdict = agree ? paint.green("agree to the cent ✓") : paint.red("do not agree ✗");
  const line = `${all} — ${verdict}`;
  return stripVTControlCharacters(line).length > columns ? [`${all} —`, `  ${verdict}`] : [line];
}

function savingLines({ paint, columns }: Terminal, { cached, joined, refused, free, lost }: Facts): string[] {
  const said: [string, boolean, string][] = [
    [
      "saved",
      cached.calls + joined.calls > 0,
      `${shown(cached.saved)} by the cache (${count(cached.calls, "call")}) · ${shown(joined.saved)} by joining (${count(joined.calls, "call")})`,
    ],
    ["free", free > 0, `${count(free, "call")} that failed, for fal bills no failure`],
    [
      "refused",
      refused.calls > 0,
      `${count(refused.calls, "call")} before anything was sent, for ${shown(refused.asked)}`,
    ],
    [
      "lost",
      lost.calls > 0,
      `${count(lost.calls, "answer")}: ${shown(lost.held)} stays held${lost.book ? `, and the book has ${shown(lost.book)} for it` : ""}; not sent again`,
    ],
  ];
  return said
    .filter(([, happened]) => happened)
    .flatMap(([word, , text]) => wrapped(`  ${paint.dim(word.padEnd(8))}${text}`, columns, " ".repeat(10)));
}

/** The error as the caller gets it, once, for it says what to do. */
function refusalLines({ paint, columns }: Terminal, { refusal }: Played): string[] {
  return refusal === null
    ? []
    : [
        "",
        paint.dim("A refusal, as the caller gets it:"),
        ...wrapped(`  BudgetExceededError: ${plainText(refusal)}`, columns, "  "),
      ];
}

function nextLines({ paint }: Terminal, { ledger, pictures, folder }: Ending): string[] {
  const made =
    pictures.length === 0
      ? []
      : [`${paint.bold("What was made")}  ${count(pictures.length, "file")} in ${folder}/pictures`, ""];
  return [
    ...made,
    paint.bold("Next"),
    `  fal-meter spend --by endpoint,tag:customer --store ${ledger}`,
    "  fal-meter emulator",
    '  import { createFalClient } from "fal-meter";   // in place of "@fal-ai/client"',
  ];
}

function shown(amount: Decimal): string {
  return money(readable(amount));
}

function count(many: number, word: string): string {
  return `${many} ${word}${many === 1 ? "" : "s"}`;
}
