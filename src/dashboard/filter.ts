/** The question that an address asks: which stretch of time, which endpoint, which tag. */
import type { Tags } from "../call.ts";
import { OptionsError } from "../errors.ts";
import { daysAfter, type PeriodLength } from "../report/period.ts";
import { type Calendars, readInstant, type SpendQuery } from "../report/summary.ts";

export const RANGES = ["today", "24h", "7d", "30d", "90d", "month", "all", "custom"] as const;
export type Range = (typeof RANGES)[number];

export interface Filter {
  range: Range;
  /** First instant; `null` is that of the first entry. */
  since: number | null;
  /** First instant after it; `null` goes on. */
  until: number | null;
  /** How the series is cut, where the address says so. */
  per: PeriodLength | null;
  /** What the reports understand. */
  query: Pick<SpendQuery, "endpoint" | "tags">;
}

const HOUR_MS = 3_600_000;
const GLOB_MAX = 256;
const TAG_NAME_MAX = 64;
const TAG_VALUE_MAX = 256;
/** Every star multiplies the work of matching. */
const STARS_MAX = 4;

/** @throws OptionsError naming the parameter. */
export function readFilter(parameters: URLSearchParams, at: number, calendars: Calendars): Filter {
  const range = oneOf(parameters.get("range") ?? "7d", RANGES, "range");
  const { since, until } = boundsOf(range, parameters, at, calendars);
  const per = parameters.get("per");
  return {
    range,
    since,
    until,
    per: per === null ? null : oneOf(per, ["hour", "day", "week", "month"] as const, "per"),
    query: { ...endpointOf(parameters), ...tagOf(parameters) },
  };
}

/** Whole hours and days: sums are kept by quarter hours, so that none has to be made from single entries. */
function boundsOf(range: Range, parameters: URLSearchParams, at: number, calendars: Calendars) {
  switch (range) {
    case "today":
      return { since: calendars.startOf("day", at), until: null };
    case "24h":
      return { since: calendars.startOf("hour", at - 23 * HOUR_MS), until: null };
    case "7d":
      return { since: daysAfter(calendars, at, -6), until: null };
    case "30d":
      return { since: daysAfter(calendars, at, -29), until: null };
    case "90d":
      return { since: daysAfter(calendars, at, -89), until: null };
    case "month":
      return { since: calendars.startOf("month", at), until: null };
    case "all":
      return { since: null, until: null };
    case "custom":
      return customBounds(parameters, calendars);
  }
}

function customBounds(parameters: URLSearchParams, calendars: Calendars) {
  const since = readInstant(parameters.get("since") ?? undefined, "since", calendars) ?? null;
  const until = readInstant(parameters.get("until") ?? undefined, "until", calendars) ?? null;
  if (since !== null && until !== null && since >= until) {
    throw new OptionsError("since", "earlier than until", parameters.get("since"));
  }
  return { since, until };
}

function endpointOf(parameters: URLSearchParams): { endpoint?: string } {
  const endpoint = parameters.get("endpoint");
  if (endpoint === null || endpoint === "") return {};
  if (endpoint.length > GLOB_MAX || endpoint.split("*").length > STARS_MAX + 1) {
    throw new OptionsError("endpoint", `at most ${GLOB_MAX} characters and ${STARS_MAX} stars`, endpoint);
  }
  return { endpoint };
}

/** The name and the value stand apart, for either may hold any sign. */
function tagOf(parameters: URLSearchParams): { tags?: Tags } {
  const [name, value] = [parameters.get("tag"), parameters.get("value")];
  if (name === null || name === "" || value === null) return {};
  if (name.length > TAG_NAME_MAX || value.length > TAG_VALUE_MAX) {
    throw new OptionsError(
      "tag",
      `a name of at most ${TAG_NAME_MAX} characters and a value of at most ${TAG_VALUE_MAX}`,
      name,
    );
  }
  return { tags: Object.fromEntries([[name, value]]) };
}

/** @throws OptionsError naming `option` when it is none of them. */
export function oneOf<T extends string>(value: string, known: readonly T[], option: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new OptionsError(option, known.map((each) => `"${each}"`).join(", "), value);
  return found;
}

/** @throws OptionsError naming `option` when it is no whole number within its bounds. */
export function wholeNumber(
  text: string | null,
  bounds: { least: number; most: number; byDefault: number },
  option: string,
): number {
  if (text === null) return bounds.byDefault;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.least && value <= bounds.most) return value;
  throw new OptionsError(option, `a whole number from ${bounds.least} to ${bounds.most}`, text);
}
