/** Reports and statements at a terminal, in the look of the other commands. */
import { readableCell } from "../report/cell-text.ts";
import { type Cell, type Document, isDispensable, type Section, withoutEmpty } from "../report/document.ts";
import { plainName, plainText } from "../report/plain-text.ts";
import { type Column, moneyColumn, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

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

function sectionLines(terminal: Terminal, section: Section): string[] {
  const { bold, dim } = terminal.paint;
  const { heading, columns, rows, total, note } = withoutEmpty(section);
  const shown = rows.slice(0, MOST_ROWS);
  const all = total ? [...shown, total] : shown;
  const titles = columns.map((column): Column => {
    const { title, align } = column;
    const optional = isDispensable(column) ? true : LAST_TO_GO.has(title) ? "last" : null;
    return { title: plainName(title), align, ...(optional && { optional }) };
  });
  const texts = columns.map((_, index) => columnTexts(all.map((row) => row[index])));
  const cells = all.map((_, row) => texts.map((column) => column[row] ?? ""));
  return [
    bold(plainText(heading)),
    "",
    ...table(terminal, titles, cells),
    ...(rows.length > MOST_ROWS ? ["", dim(`and ${rows.length - MOST_ROWS} more; --json prints all`)] : []),
    ...(note === undefined ? [] : ["", dim(plainText(note))]),
  ];
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
