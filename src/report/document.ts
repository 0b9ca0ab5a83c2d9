import type { Decimal } from "../money.ts";

/** What a cell means decides how each format writes it: for people, or exactly for machines. */
export type Cell =
  | { kind: "text"; text: string }
  | { kind: "money"; amount: Decimal }
  | { kind: "number"; value: Decimal }
  /** `ratio` 0.5 is 50 %. */
  | { kind: "percent"; ratio: Decimal }
  /** `note` says why: `unknown`, `–`. */
  | { kind: "nothing"; note: string };

export interface Column {
  title: string;
  align: "left" | "right";
}

export interface Section {
  heading: string;
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
  /** Sums under the rows. */
  total?: readonly Cell[];
  note?: string;
}

/** Columns that say nothing where nothing is in them. */
const DISPENSABLE = new Set(["held", "saved", "cached", "joined", "refused", "change in percent", "discount", "why"]);

/** Whether readers do without a column, where there is no room for it or nothing in it. */
export function isDispensable({ title }: Column): boolean {
  return DISPENSABLE.has(title);
}

/** As readers want it: without dispensable columns that have nothing in them. Machines want every column. */
export function withoutEmpty(section: Section): Section {
  const { columns, rows, total } = section;
  const all = total ? [...rows, total] : rows;
  const kept = columns.flatMap((column, index) =>
    isDispensable(column) && all.every((row) => isNothing(row[index])) ? [] : [index],
  );
  const cut = <Each>(row: readonly Each[]) => kept.flatMap((index) => (index in row ? [row[index] as Each] : []));
  return { ...section, columns: cut(columns), rows: rows.map(cut), ...(total && { total: cut(total) }) };
}

function isNothing(cell: Cell | undefined): boolean {
  if (cell?.kind === "money") return cell.amount.isZero();
  if (cell?.kind === "number") return cell.value.isZero();
  return cell?.kind === "nothing" || (cell?.kind === "text" && cell.text === "");
}

/** A report or a statement as every format writes it, and `data` as JSON carries it. */
export interface Document {
  title: string;
  facts: readonly (readonly [name: string, value: Cell])[];
  sections: readonly Section[];
  data: unknown;
}

export function text(value: string): Cell {
  return { kind: "text", text: value };
}

export function amount(value: Decimal | null): Cell {
  return value === null ? { kind: "nothing", note: "unknown" } : { kind: "money", amount: value };
}

export function number(value: Decimal | null): Cell {
  return value === null ? { kind: "nothing", note: "unknown" } : { kind: "number", value };
}

export function percent(ratio: Decimal | null): Cell {
  return ratio === null ? { kind: "nothing", note: "–" } : { kind: "percent", ratio };
}

export function left(title: string): Column {
  return { title, align: "left" };
}

export function right(title: string): Column {
  return { title, align: "right" };
}
