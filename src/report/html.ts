import { readableCell } from "./cell-text.ts";
import { type Cell, type Column, type Document, type Section, withoutEmpty } from "./document.ts";
import { plainText } from "./plain-text.ts";

/** Colours are the system's own, so that light, dark and print follow the reader. */
const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; } dt { opacity: .75; } dd { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { vertical-align: bottom; }
th:first-child, td:first-child { min-width: 7rem; padding-left: 0; overflow-wrap: anywhere; }
.right { text-align: right; }
td.right { white-space: nowrap; }
tfoot td { font-weight: 600; background: var(--soft); }
.note { opacity: .75; }
@page { margin: 15mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; } }
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 8.5pt; }
  th, td { padding: .2rem .3rem; }
  th:first-child, td:first-child { min-width: 6rem; }
  tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  tfoot { display: table-row-group; }
  .scroll { overflow: visible; }
}
`;

/** One page that needs nothing else: no script, no picture, no address is asked for anything. */
export function html({ title, facts, sections }: Document): string {
  const name = escaped(title);
  const list = facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${written(value)}</dd>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${name}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${name}</h1>
${list === "" ? "" : `<dl>\n${list}\n</dl>\n`}${sections.map(sectionHtml).join("\n")}
</main>
</body>
</html>
`;
}

function sectionHtml(section: Section): string {
  const { heading, columns, rows, total, note } = withoutEmpty(section);
  const places = columns.map((_, index) =>
    Math.max(0, ...[...rows, ...(total ? [total] : [])].map((row) => placesOf(row[index]))),
  );
  const head = columns.map((column) => `<th scope="col"${classOf(column)}>${escaped(column.title)}</th>`).join("");
  const line = (cells: readonly Cell[]) =>
    `<tr>${cells.map((cell, index) => `<td${classOf(columns[index])}>${written(cell)}${padding(cell, places[index] ?? 0)}</td>`).join("")}</tr>`;
  return `<section>
<h2>${escaped(heading)}</h2>
<div class="scroll" tabindex="0" role="group" aria-label="${escaped(heading)}">
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.map(line).join("\n")}
</tbody>${total ? `\n<tfoot>${line(total)}</tfoot>` : ""}
</table>
</div>${note === undefined ? "" : `\n<p class="note">${escaped(note)}</p>`}
</section>`;
}

function classOf(column: Column | undefined): string {
  return column?.align === "right" ? ' class="right"' : "";
}

/** Decimals that an amount is written with. */
function placesOf(cell: Cell | undefined): number {
  return cell?.kind === "money" ? (readableCell(cell).split(".")[1]?.length ?? 0) : 0;
}

/** As wide as the digits that are missing, so that the points of a column stand under each other. */
function padding(cell: Cell, places: number): string {
  return cell.kind === "money" ? "\u2007".repeat(places - placesOf(cell)) : "";
}

function written(cell: Cell): string {
  return escaped(readableCell(cell));
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Fit for text and for quoted attributes. */
function escaped(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (found) => ENTITIES[found] ?? "");
}
