import CliTable from "cli-table3";
import { type Decimal, money } from "../money.ts";
import type { Terminal } from "./terminal.ts";

export interface Column {
  title: string;
  /** @default "left" */
  align?: "left" | "right";
  /** Left out where the terminal is too narrow, the last such column first; `"last"` ones only when no other is left. @default false */
  optional?: true | "last";
}

/** No frame, one rule under the head: the numbers are what is looked at. */
const LIGHT = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  right: "",
  "left-mid": "",
  "right-mid": "",
  middle: "  ",
  mid: "─",
  "mid-mid": "──",
};

/** The first column is never cut below this. */
const NARROWEST = 24;

type Rows = readonly (readonly string[])[];

/**
 * Lines of a table that fits the terminal: where it is too wide, optional columns go, and then the first column gives way.
 * The first column's cells must be plain; others may be coloured.
 */
export function table(terminal: Terminal, columns: readonly Column[], rows: Rows): string[] {
  const natural = lines(columns, rows, []);
  const overflow = widthOf(natural) - terminal.columns;
  const first = overflow <= 0 ? 0 : widthOf(lines(columns.slice(0, 1), without(rows, 1), []));
  const easy = columns.findLastIndex(({ optional }) => optional === true);
  const spare = easy >= 0 ? easy : columns.findLastIndex(({ optional }) => optional === "last");
  if (overflow > Math.max(0, first - NARROWEST) && spare >= 0) {
    return table(
      terminal,
      columns.toSpliced(spare, 1),
      rows.map((row) => row.toSpliced(spare, 1)),
    );
  }
  const fitting = overflow <= 0 ? natural : lines(columns, rows, [Math.max(NARROWEST, first - overflow)]);
  const { dim, bold } = terminal.paint;
  return fitting.map((line, index) => (index === 0 ? bold(line) : index === 1 ? dim(line) : line));
}

/** The rule under the head is as long as the table is wide. */
function widthOf(table: readonly string[]): number {
  return table[1]?.length ?? 0;
}

function without(rows: Rows, from: number): Rows {
  return rows.map((row) => row.slice(0, from));
}

function lines(columns: readonly Column[], rows: Rows, colWidths: number[]): string[] {
  const made = new CliTable({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? "left"),
    colWidths,
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
    chars: LIGHT,
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

/** A column of amounts with their points under each other, to be aligned right; `null` is written as `unknown`. */
export function moneyColumn(amounts: readonly (Decimal | null)[], unknown = "unknown"): string[] {
  const written = amounts.map((amount) => (amount === null ? unknown : money(readable(amount))));
  const decimals = written.map((text) => Math.max(0, text.length - text.lastIndexOf(".") - 1));
  const most = Math.max(0, ...decimals.filter((_, index) => amounts[index] !== null));
  return written.map((text, index) =>
    amounts[index] === null ? text : text + " ".repeat(most - (decimals[index] ?? 0)),
  );
}

/** A millionth of a dollar is fine enough to read; the exact amounts are in the JSON. */
export function readable(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(6);
}
