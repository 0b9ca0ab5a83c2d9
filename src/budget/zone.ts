import { OptionsError } from "../errors.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** A time zone, asked one thing: how far its clocks are from UTC. */
export interface Zone {
  /** Milliseconds to add to an instant to read its local clock. */
  offsetAt(at: number): number;
}

/**
 * Checks the name of a time zone.
 * @throws OptionsError naming `option` when the runtime does not know the zone.
 */
export function validZone(zone: string, option: string): string {
  const wanted = 'an IANA time zone such as "Europe/Berlin" or "UTC"';
  // Intl reads undefined as "the machine's own zone", which would make a budget depend on where it runs.
  if (typeof zone !== "string") throw new OptionsError(option, wanted, zone);
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
  } catch {
    throw new OptionsError(option, wanted, zone);
  }
  return zone;
}

/** The zone with this IANA name, read from the runtime's own time zone data. */
export function createZone(name: string): Zone {
  const clockFace = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return {
    offsetAt(at) {
      const second = Math.floor(at / SECOND_MS) * SECOND_MS;
      const shown: Record<string, number> = {};
      for (const part of clockFace.formatToParts(second)) shown[part.type] = Number(part.value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: secondShown = 0 } = shown;
      return Date.UTC(year, month - 1, day, hour, minute, secondShown) - second;
    },
  };
}

/** Further than any zone has been from UTC. */
const FURTHEST_OFFSET_MS = 18 * HOUR_MS;

/** No zone has changed its clocks twice within this time. */
const BETWEEN_CHANGES_MS = 6 * HOUR_MS;

/**
 * The first instant at which the local clock shows `local` or later, `local` being written as if it were UTC.
 * Where clocks jump over that moment it is the instant of the jump; where they show it twice it is the first time.
 * It never falls as `local` grows, so stretches cut at it lie end to end.
 */
export function firstInstant(zone: Zone, local: number): number {
  const last = local + FURTHEST_OFFSET_MS;
  let from = local - FURTHEST_OFFSET_MS;
  let offset = zone.offsetAt(from);
  while (from < last) {
    const next = from + BETWEEN_CHANGES_MS;
    const nextOffset = zone.offsetAt(next);
    const change = nextOffset === offset ? next : changeBetween(zone, from, next);
    const instant = Math.max(from, local - offset);
    if (instant < change) return instant;
    // The part of this step after the change has the new offset and must be looked at before the next step.
    from = change;
    offset = nextOffset;
  }
  return from;
}

/** The first instant after `from`, and not after `to`, with another offset than `from` has. The two must differ. */
export function changeBetween(zone: Zone, from: number, to: number): number {
  const before = zone.offsetAt(from);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
