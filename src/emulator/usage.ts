import type { BookLine } from "./book.ts";

export type Timeframe = "minute" | "hour" | "day" | "week" | "month";

const TIMEFRAMES: readonly string[] = ["minute", "hour", "day", "week", "month"] satisfies Timeframe[];

export function isTimeframe(word: string): word is Timeframe {
  return TIMEFRAMES.includes(word);
}

/** Lines by the start of the UTC minute, hour, day, week (from Monday) or month they fall in, oldest first. */
export function buckets(lines: readonly BookLine[], timeframe: Timeframe): [startMs: number, lines: BookLine[]][] {
  return groupLines(lines, (line) => startOf(line.at, timeframe)).sort(([left], [right]) => left - right);
}

/** Lines that share a key, in the order in which each key first came. */
export function groupLines<Key>(
  lines: readonly BookLine[],
  keyOf: (line: BookLine) => Key,
): [key: Key, lines: [BookLine, ...BookLine[]]][] {
  const groups = new Map<Key, [BookLine, ...BookLine[]]>();
  for (const line of lines) {
    const group = groups.get(keyOf(line));
    if (group) group.push(line);
    else groups.set(keyOf(line), [line]);
  }
  return [...groups];
}

function startOf(ms: number, timeframe: Timeframe): number {
  const time = new Date(ms);
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  switch (timeframe) {
    case "minute":
      return ms - (ms % 60_000);
    case "hour":
      return ms - (ms % 3_600_000);
    case "day":
      return Date.UTC(year, month, day);
    case "week":
      return Date.UTC(year, month, day - ((time.getUTCDay() + 6) % 7));
    case "month":
      return Date.UTC(year, month, 1);
  }
}
