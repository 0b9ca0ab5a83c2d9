import { type Ask, choice, parameter, settled, switchedOn } from "./ask.ts";
import { exactly, isExact, one, type Span, span, times } from "./span.ts";

/** What one unit of this request costs, as a multiple of the endpoint's listed unit price. */
export interface Factor {
  readonly factor: Span;
  /** Said after the unit price: `with sound at 1080p`. */
  readonly label: string;
  /** Why the multiple is not certain; `null` where a published rule settles it. */
  readonly doubt: string | null;
}

export const plainFactor: Factor = { factor: one, label: "", doubt: null };

/** Both at once: the multiples multiply, the first doubt stands. */
export function both(a: Factor, b: Factor): Factor {
  if (a === plainFactor) return b;
  if (b === plainFactor) return a;
  const label = a.label === "" || b.label === "" ? a.label + b.label : `${a.label} ${b.label}`;
  return { factor: times(a.factor, b.factor), label, doubt: a.doubt ?? b.doubt };
}

export function known(multiple: number, label: string): Factor {
  return { factor: { low: multiple, expected: multiple, high: multiple }, label, doubt: null };
}

/**
 * The multiple that a published table gives for a choice. A choice that the table lacks, or that is left to the model, may
 * be any of them.
 */
export function tiered(ask: Ask, name: string, table: Readonly<Record<string, number | Span>>): Factor {
  const chosen = choice(ask, name);
  const entry = chosen === null || !Object.hasOwn(table, chosen) ? undefined : table[chosen];
  if (typeof entry === "number") return known(entry, `at ${chosen}`);
  if (entry !== undefined) {
    const doubt = isExact(entry) ? null : `the price at ${chosen} is not published for this endpoint`;
    return { factor: entry, label: `at ${chosen}`, doubt };
  }
  const entries = Object.values(table);
  const low = Math.min(...entries.map((each) => (typeof each === "number" ? each : each.low)));
  const high = Math.max(...entries.map((each) => (typeof each === "number" ? each : each.high)));
  return {
    factor: span(low, Math.min(high, Math.max(low, 1)), high),
    label: "",
    doubt: `${name} is left to the model`,
  };
}

/**
 * The multiple for a switch, on or off; endpoints that have it take its default when the input says nothing. Where nobody states a
 * default, it may be either.
 */
export function switched(
  ask: Ask,
  name: string,
  on: number | Span,
  off: number | Span,
  words: [on: string, off: string],
): Factor {
  if (settled(ask, name) === undefined && parameter(ask, name)?.kind !== "boolean") return either(name, on, off);
  const isOn = switchedOn(ask, name);
  const multiple = isOn ? on : off;
  const label = isOn ? words[0] : words[1];
  if (typeof multiple === "number") return known(multiple, label);
  return {
    factor: multiple,
    label,
    doubt: isExact(multiple) ? null : `the price ${label || `without ${name}`} is not published for this endpoint`,
  };
}

function either(name: string, on: number | Span, off: number | Span): Factor {
  const [a, b] = [wide(on), wide(off)];
  const doubt = `whether ${name} is on by itself is not known`;
  return { factor: span(Math.min(a.low, b.low), a.expected, Math.max(a.high, b.high)), label: "", doubt };
}

function wide(multiple: number | Span): Span {
  return typeof multiple === "number" ? exactly(multiple) : multiple;
}
