/** A quantity of which at least the bounds are known: `low ≤ expected ≤ high`, all three equal when nothing is open. */
export interface Span {
  readonly low: number;
  readonly expected: number;
  readonly high: number;
}

export const one: Span = { low: 1, expected: 1, high: 1 };

export function exactly(count: number): Span {
  return { low: count, expected: count, high: count };
}

/** Orders its arguments, so that a rule whose expectation falls outside its own bounds widens them. */
export function span(low: number, expected: number, high: number): Span {
  return { low: Math.min(low, expected), expected, high: Math.max(high, expected) };
}

export function times(a: Span, b: Span): Span {
  if (b === one) return a;
  if (a === one) return b;
  return { low: a.low * b.low, expected: a.expected * b.expected, high: a.high * b.high };
}

export function plus(a: Span, b: Span): Span {
  return { low: a.low + b.low, expected: a.expected + b.expected, high: a.high + b.high };
}

export function isExact(a: Span): boolean {
  return a.low === a.high;
}
