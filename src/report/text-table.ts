import { readableCell } from "./cell-text.ts";
import type { Column, Document, Section } from "./document.ts";
import { plainText } from "./plain-text.ts";

/** Aligned plain text, without colours. */
export function textTable({ title, facts, sections }: Document): string {
  const head = [plainText(title), ...facts.map(([name, value]) => `${name}: ${readableCell(value)}`)];
  return `${[head.join("\n"), ...sections.map(sectionText)].join("\n\n")}\n`;
}

function sectionText({ heading, columns, rows, total, note }: Section): string {
  const body = rows.map((row) => row.map(readableCell));
  const foot = total ? [total.map(readableCell)] : [];
  const titles = columns.map((column) => plainText(column.title));
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...body, ...foot].map((row) => lengthOf(row[index] ?? ""))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => aligned(cell, widths[index] ?? 0, columns[index]))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const lines = [
    plainText(heading),
    line(titles),
    rule,
    ...body.map(line),
    ...foot.flatMap((row) => [rule, line(row)]),
  ];
  return [...lines, ...(note === undefined ? [] : [plainText(note)])].join("\n");
}

function lengthOf(cell: string): number {
  return [...cell].length;
}

function aligned(cell: string, width: number, column: Column | undefined): string {
  const blanks = " ".repeat(Math.max(0, width - lengthOf(cell)));
  return column?.align === "right" ? blanks + cell : cell + blanks;
}
