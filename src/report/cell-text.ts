import { money, plain } from "../money.ts";
import type { Cell } from "./document.ts";
import { plainText } from "./plain-text.ts";

/** A cell for people. Names are made fit to be shown, and still need the escapes of the format they stand in. */
export function readableCell(cell: Cell): string {
  switch (cell.kind) {
    case "text":
      return plainText(cell.text);
    case "money":
      return money(cell.amount.toDecimalPlaces(9));
    case "number":
      return plain(cell.value);
    case "percent":
      return `${plain(cell.ratio.mul(100).toDecimalPlaces(1))} %`;
    case "nothing":
      return cell.note;
  }
}

/** A cell for machines: plain decimals, ratios from 0 to 1, `null` where nothing is known. */
export function exactCell(cell: Cell): string | null {
  switch (cell.kind) {
    case "text":
      return cell.text;
    case "money":
      return plain(cell.amount);
    case "number":
      return plain(cell.value);
    case "percent":
      return plain(cell.ratio);
    case "nothing":
      return null;
  }
}
