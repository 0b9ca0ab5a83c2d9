const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A stretch of time in its two largest units: `3 h 12 min`, `45 s`. Below a second it is `0 s`. */
export function inWords(ms: number): string {
  const first = UNITS.findIndex(([, length]) => ms >= length);
  if (first < 0) return "0 s";
  let left = ms;
  return UNITS.slice(first, first + 2)
    .flatMap(([unit, length]) => {
      const count = Math.floor(left / length);
      left -= count * length;
      return count === 0 ? [] : [`${count} ${unit}`];
    })
    .join(" ");
}

const DAY_MS = 86_400_000;

/** How old something dated is: `today`, `1 day old`, `118 days old`. `null` for what is no date. */
export function ageOf(date: string, now: number): string | null {
  const at = Date.parse(date);
  if (Number.isNaN(at)) return null;
  const days = Math.floor((now - at) / DAY_MS);
  if (days < 1) return "today";
  return days === 1 ? "1 day old" : `${days} days old`;
}
