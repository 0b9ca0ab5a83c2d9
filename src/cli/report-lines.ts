/** Reports and statements at a terminal, in the look of the other commands. */
import { readableCell } from "../report/cell-text.ts";
import type { Cell, Document, Section } from "../report/document.ts";
import { plainName, plainText } from "../report/plain-text.ts";
import { type Column, moneyColumn, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Columns that a narrow terminal, and a table with nothing in them, does without. */
const DISPENSABLE = new Set(["held", "saved", "cached", "joined", "refused", "change in percent", "discount", "why"]);
/** What a narrow terminal does without when nothing else is left to leave out. */
const LAST_TO_GO = new Set(["purchases", "gross", "share", "change"]);
/** More rows than this nobody reads. */
const MOST_ROWS = 100;

/** The facts, then each section as a table. `where` stands dimmed behind the title, `lead` above the facts. */
export function documentLines(
  terminal: Terminal,
  { title, facts, sections }: Document,
  where: string,
  lead: readonly string[] = [],
): string[] {
  const { bold, dim } = terminal.paint;
  const widest = Math.max(0, ...facts.map(([name]) => name.length));
  return [
    `${bold(plainText(title))} ${dim(where)}`,
    ...lead,
    "",
    ...facts.map(([name, value]) => `  ${dim(name.padEnd(widest))}  ${readableCell(value)}`),
    ...sections.flatMap((section) => ["", ...sectionLines(terminal, section)]),
  ];
}

function sectionLines(terminal: Terminal, { heading, columns, rows, total, note }: Section): string[] {
  const { bold, dim } = terminal.paint;
  const shown = rows.slice(0, MOST_ROWS);
  const all = total ? [...shown, total] : shown;
  const kept = columns.flatMap((column, index) =>
    DISPENSABLE.has(column.title) && all.every((row) => isNothing(row[index])) ? [] : [index],
  );
  const titles = kept.map((index): Column => {
    const { title, align } = columns[index]!;
    const optional = DISPENSABLE.has(title) ? true : LAST_TO_GO.has(title) ? "last" : null;
    return { title: plainName(title), align, ...(optional && { optional }) };
  });
  const texts = kept.map((index) => columnTexts(all.map((row) => row[index])));
  const cells = all.map((_, row) => texts.map((column) => column[row] ?? ""));
  return [
    bold(plainText(heading)),
    "",
    ...table(terminal, titles, cells),
    ...(rows.length > MOST_ROWS ? ["", dim(`and ${rows.length - MOST_ROWS} more; --json prints all`)] : []),
    ...(note === undefined ? [] : ["", dim(plainText(note))]),
  ];
}

function isNothing(cell: Cell | undefined): boolean {
  if (cell?.kind === "money") return cell.amount.isZero();
  if (cell?.kind === "number") return cell.value.isZero();
  return cell?.kind === "nothing" || (cell?.kind === "text" && cell.text === "");
}

/** Amounts have their points under each other. */
function columnTexts(cells: readonly (Cell | undefined)[]): string[] {
  const amounts = cells.map((cell) => (cell?.kind === "money" ? cell.amount.toDecimalPlaces(6) : null));
  const written = moneyColumn(amounts);
  return cells.map((cell, index) => {
    if (cell === undefined) return "";
    if (cell.kind === "money") return written[index] ?? "";
    return cell.kind === "text" ? plainName(cell.text) : readableCell(cell);
  });
}
