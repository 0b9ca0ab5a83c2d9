import { plainText } from "./plain-text.ts";

/** Text that a spreadsheet would take for a formula, blanks before it included. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^-?\d+(\.\d+)?$/;
/** A spreadsheet that cuts at semicolons or tabs would begin a cell behind one. */
const CELL_WITHIN = /([;\t])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/**
 * Rows as CSV (RFC 4180, lines end with CRLF). Numbers, as plain decimals, stay numbers; any other text that a spreadsheet could run
 * as a formula has an apostrophe put before it, and control characters are replaced. `null` is an empty cell.
 */
export function csv(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string | null): string {
  if (text === null) return "";
  if (NUMBER.test(text)) return text;
  const safe = plainText(text).replace(CELL_WITHIN, "$1'");
  const harmless = FORMULA.test(safe) ? `'${safe}` : safe;
  return /[",;\s']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
