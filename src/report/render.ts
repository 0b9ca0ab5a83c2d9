import { OptionsError } from "../errors.ts";
import { exactCell } from "./cell-text.ts";
import { csv } from "./csv.ts";
import type { Document } from "./document.ts";
import { html } from "./html.ts";
import { markdown } from "./markdown.ts";
import { textTable } from "./text-table.ts";

export type RenderFormat = "table" | "json" | "csv" | "md" | "html";

const FORMATS: readonly RenderFormat[] = ["table", "json", "csv", "md", "html"];

/**
 * Writes a report or a statement: `table` for a terminal, `md` and a self-contained `html` for people, `csv` and `json` with exact
 * amounts. Whatever stands in a name or a tag, it runs nowhere.
 * @throws OptionsError naming `format`
 */
export function render(document: Document, format: RenderFormat): string {
  switch (format) {
    case "table":
      return textTable(document);
    case "json":
      return `${JSON.stringify(document.data, null, 2)}\n`;
    case "csv":
      return sectionsCsv(document);
    case "md":
      return markdown(document);
    case "html":
      return html(document);
    default:
      throw new OptionsError("format", FORMATS.map((known) => `"${known}"`).join(", "), format);
  }
}

/** One table after another, an empty line between them, each under a line with its heading. */
function sectionsCsv({ sections }: Document): string {
  return sections
    .map(({ heading, columns, rows, total }) => {
      const body = [...rows, ...(total ? [total] : [])].map((row) => row.map(exactCell));
      return csv([[heading], columns.map(({ title }) => title), ...body]);
    })
    .join("\r\n");
}
