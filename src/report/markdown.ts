import { readableCell } from "./cell-text.ts";
import type { Cell, Document, Section } from "./document.ts";
import { plainText } from "./plain-text.ts";

/** GitHub-flavoured Markdown. */
export function markdown({ title, facts, sections }: Document): string {
  const list = facts.map(([name, value]) => `- ${escaped(name)}: ${written(value)}`);
  return `${[`# ${escaped(plainText(title))}`, ...(list.length > 0 ? [list.join("\n")] : []), ...sections.map(sectionText)].join("\n\n")}\n`;
}

function sectionText({ heading, columns, rows, total, note }: Section): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [
    line(columns.map((column) => escaped(plainText(column.title)))),
    line(columns.map(({ align }) => (align === "right" ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(written))),
    ...(total
      ? [line(total.map((cell) => (cell.kind === "text" && cell.text === "" ? "" : `**${written(cell)}**`)))]
      : []),
  ].join("\n");
  return [`## ${escaped(plainText(heading))}`, table, ...(note === undefined ? [] : [escaped(plainText(note))])].join(
    "\n\n",
  );
}

function written(cell: Cell): string {
  const readable = readableCell(cell);
  return cell.kind === "text" ? escaped(readable) : readable.replaceAll("$", "\\$");
}

/** Everything that could begin markup, a link, a mention or another cell; and addresses, which would become links by themselves. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|~&@$#!(){}]/g, "\\$&")
    .replace(/(https?|ftp):/gi, "$1\\:")
    .replace(/www\./gi, (found) => found.replace(".", "\\."));
}
