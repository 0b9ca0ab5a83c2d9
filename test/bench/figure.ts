/** One thing measured, and what it was meant to be. */
export interface Figure {
  name: string;
  measured: number;
  unit: Unit;
  /** `null` where there is nothing to reach: a figure that only helps to read the others. */
  target: { atMost: number } | { atLeast: number } | null;
}

export type Unit = "ms" | "µs" | "holds/s" | "estimates/s" | "MB" | "holds over the limit";

export type Verdict = "met" | "short" | null;

export function verdictOn({ measured, target }: Figure): Verdict {
  if (target === null) return null;
  return ("atMost" in target ? measured <= target.atMost : measured >= target.atLeast) ? "met" : "short";
}

/** One line for each figure, its columns one below the other. */
export function tableOf(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => [
    figure.name,
    shown(figure.measured, figure.unit),
    figure.unit,
    targetText(figure),
    verdictOn(figure) ?? "",
  ]);
  const all = [["", "measured", "", "target", ""], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const right = new Set([1, 3]);
  return all.map((row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

function targetText({ target, unit }: Figure): string {
  if (target === null) return "";
  return "atMost" in target ? `≤ ${shown(target.atMost, unit)}` : `≥ ${shown(target.atLeast, unit)}`;
}

const DECIMALS: Record<Unit, number> = {
  ms: 3,
  µs: 1,
  MB: 1,
  "holds/s": 0,
  "estimates/s": 0,
  "holds over the limit": 0,
};

function shown(value: number, unit: Unit): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: DECIMALS[unit],
    maximumFractionDigits: DECIMALS[unit],
  });
}

/** The value that a share of the samples stays under: `percentile(samples, 0.99)`. */
export function percentile(samples: readonly number[], share: number): number {
  const rising = Float64Array.from(samples).sort();
  return rising[Math.min(rising.length - 1, Math.floor(rising.length * share))] ?? Number.NaN;
}
