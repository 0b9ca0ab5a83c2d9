import type { Decimal } from "../money.ts";
import type { Paint } from "./terminal.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` characters for a share from 0 to 1, to an eighth of a character. */
export function shareBar(share: number, width: number): string {
  const eighths = Math.round(clamp(share) * width * 8);
  const bar = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return bar.padEnd(width);
}

/** A bar of things done. */
export function doneBar(done: number, total: number, width: number, paint: Paint): string {
  const filled = total === 0 ? width : Math.floor(clamp(done / total) * width);
  return paint.cyan("█".repeat(filled)) + paint.dim("░".repeat(width - filled));
}

/** Money spent, held and left of a limit: `▓▓▓▓▒▒░░░░`. Red once the limit is passed. */
export function budgetBar(
  { spent, held, limit }: { spent: Decimal; held: Decimal; limit: Decimal },
  width: number,
  paint: Paint,
): string {
  const part = (amount: Decimal) => (limit.isZero() ? (amount.isZero() ? 0 : 1) : amount.div(limit).toNumber());
  const spentTo = cells(part(spent), width);
  const heldTo = Math.max(spentTo, cells(part(spent.add(held)), width));
  const tone = spent.add(held).gt(limit) ? paint.red : paint.green;
  return tone("▓".repeat(spentTo)) + paint.yellow("▒".repeat(heldTo - spentTo)) + paint.dim("░".repeat(width - heldTo));
}

/** Anything above nothing shows, and only the whole fills the bar. */
function cells(share: number, width: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return width;
  return Math.min(width - 1, Math.max(1, Math.round(share * width)));
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** A share for people: `62 %`, `<1 %`. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "<1 %";
  return `${Math.round(share * 100)} %`;
}
