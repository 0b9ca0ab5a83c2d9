import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createWindows, validWeekStart, type WindowPer, windowAt } from "../../src/budget/window.ts";
import { createZone, validZone } from "../../src/budget/zone.ts";
import { OptionsError } from "../../src/errors.ts";
import { ZONES } from "./zones.ts";

const PERS: WindowPer[] = ["hour", "day", "week", "month"];
const HOUR_MS = 3_600_000;
const from = Date.UTC(1990, 0, 1);
const to = Date.UTC(2035, 11, 31);

/** The window as two ISO times, to be read. */
function shown(per: WindowPer, at: string, zone: string, weekStart = "monday") {
  const { start, end } = createWindows(zone, validWeekStart(weekStart, "weekStart")).at(per, Date.parse(at));
  return [new Date(start).toISOString().slice(0, 16), end === null ? null : new Date(end).toISOString().slice(0, 16)];
}

function hoursOf(per: WindowPer, at: string, zone: string): number {
  const { start, end } = createWindows(zone, "monday").at(per, Date.parse(at));
  return ((end ?? Number.NaN) - start) / HOUR_MS;
}

/** The local date and hour, written by the runtime itself. */
function localDate(at: number, zone: string): string {
  return new Date(at).toLocaleDateString("sv-SE", { timeZone: zone });
}

const moment = fc.record({
  zone: fc.constantFrom(...ZONES),
  per: fc.constantFrom(...PERS),
  at: fc.integer({ min: from, max: to }),
  weekStart: fc.constantFrom("monday", "sunday", "saturday") as fc.Arbitrary<"monday" | "sunday" | "saturday">,
});

describe("windows of every zone", () => {
  test("hold the moment that asks, and lie end to end without gap or overlap", () => {
    fc.assert(
      fc.property(moment, ({ zone, per, at, weekStart }) => {
        const clocks = createZone(zone);
        const window = windowAt(per, at, clocks, weekStart);
        const end = window.end ?? Number.NaN;
        expect(window.start).toBeLessThanOrEqual(at);
        expect(end).toBeGreaterThan(at);
        expect(window.id).toBe(new Date(window.start).toISOString());
        expect(windowAt(per, window.start, clocks, weekStart)).toEqual(window);
        expect(windowAt(per, end - 1, clocks, weekStart)).toEqual(window);
        expect(windowAt(per, end, clocks, weekStart).start).toBe(end);
        expect(windowAt(per, window.start - 1, clocks, weekStart).end).toBe(window.start);
      }),
      { numRuns: 300 },
    );
  });

  test("begin at the first moment of a local date", () => {
    const dated = moment.filter(({ per }) => per !== "hour");
    fc.assert(
      fc.property(dated, ({ zone, per, at, weekStart }) => {
        const { start } = windowAt(per, at, createZone(zone), weekStart);
        expect(localDate(start, zone) > localDate(start - 1, zone)).toBe(true);
        if (per === "month")
          expect(localDate(start, zone).slice(0, 7) > localDate(start - 1, zone).slice(0, 7)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("make up longer ones: an hour lies in one day, a day in one week and in one month", () => {
    fc.assert(
      fc.property(moment, ({ zone, at, weekStart }) => {
        const clocks = createZone(zone);
        const [hour, day, week, month] = PERS.map((per) => windowAt(per, at, clocks, weekStart));
        for (const [inner, outer] of [
          [hour, day],
          [day, week],
          [day, month],
        ] as const) {
          expect(inner?.start).toBeGreaterThanOrEqual(outer?.start ?? Number.NaN);
          expect(inner?.end).toBeLessThanOrEqual(outer?.end ?? Number.NaN);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("days", () => {
  test("are 23 or 25 hours long where clocks change", () => {
    expect(hoursOf("day", "2026-03-29T12:00Z", "Europe/Berlin")).toBe(23);
    expect(hoursOf("day", "2026-10-25T12:00Z", "Europe/Berlin")).toBe(25);
    expect(hoursOf("day", "2026-10-26T12:00Z", "Europe/Berlin")).toBe(24);
    expect(hoursOf("day", "2024-04-07T02:00Z", "Australia/Lord_Howe")).toBe(24.5);
  });

  test.each([
    ["America/Sao_Paulo", "2018-11-04T12:00Z", "2018-11-04T03:00", "2018-11-05T02:00"],
    ["Africa/Cairo", "2023-04-28T12:00Z", "2023-04-27T22:00", "2023-04-28T21:00"],
    ["Asia/Beirut", "2024-03-31T12:00Z", "2024-03-30T22:00", "2024-03-31T21:00"],
  ])("begin when the clocks jump over midnight: %s", (zone, at, start, end) => {
    expect(shown("day", at, zone)).toEqual([start, end]);
  });

  test("begin at the first midnight where the clocks go back over it", () => {
    const day = ["2010-11-07T02:30", "2010-11-08T03:30"];
    expect(shown("day", "2010-11-07T02:30:30Z", "America/St_Johns")).toEqual(day);
    expect(shown("day", "2010-11-07T03:00Z", "America/St_Johns")).toEqual(day);
    expect(shown("day", "2010-11-07T02:29Z", "America/St_Johns")).toEqual(["2010-11-06T02:30", "2010-11-07T02:30"]);
  });

  test("begin at the second midnight where the clocks go back before they show the first", () => {
    expect(shown("day", "2018-02-18T02:30Z", "America/Sao_Paulo")).toEqual(["2018-02-17T02:00", "2018-02-18T03:00"]);
    expect(shown("day", "2018-02-18T03:00Z", "America/Sao_Paulo")).toEqual(["2018-02-18T03:00", "2018-02-19T03:00"]);
  });

  test("leave out a date that was skipped", () => {
    expect(shown("day", "2011-12-30T09:59Z", "Pacific/Apia")).toEqual(["2011-12-29T10:00", "2011-12-30T10:00"]);
    expect(shown("day", "2011-12-30T10:00Z", "Pacific/Apia")).toEqual(["2011-12-30T10:00", "2011-12-31T10:00"]);
  });

  test("follow zones a half or a quarter of an hour off", () => {
    expect(shown("day", "2026-06-01T18:14Z", "Asia/Kathmandu")).toEqual(["2026-05-31T18:15", "2026-06-01T18:15"]);
    expect(shown("day", "2026-06-01T18:30Z", "Asia/Kolkata")).toEqual(["2026-06-01T18:30", "2026-06-02T18:30"]);
  });
});

describe("hours", () => {
  test("shown twice are two windows", () => {
    expect(shown("hour", "2026-10-25T00:30Z", "Europe/Berlin")).toEqual(["2026-10-25T00:00", "2026-10-25T01:00"]);
    expect(shown("hour", "2026-10-25T01:30Z", "Europe/Berlin")).toEqual(["2026-10-25T01:00", "2026-10-25T02:00"]);
  });

  test("are cut at the minute where clocks change in the middle of one", () => {
    const zone = "America/St_Johns";
    expect(shown("hour", "2010-11-07T02:30:30Z", zone)).toEqual(["2010-11-07T02:30", "2010-11-07T02:31"]);
    expect(shown("hour", "2010-11-07T02:45Z", zone)).toEqual(["2010-11-07T02:31", "2010-11-07T03:30"]);
  });

  test("are cut where clocks change by half an hour", () => {
    const zone = "Australia/Lord_Howe";
    expect(shown("hour", "2024-04-06T14:50Z", zone)).toEqual(["2024-04-06T14:00", "2024-04-06T15:00"]);
    expect(shown("hour", "2024-04-06T15:10Z", zone)).toEqual(["2024-04-06T15:00", "2024-04-06T15:30"]);
    expect(shown("hour", "2024-04-06T15:40Z", zone)).toEqual(["2024-04-06T15:30", "2024-04-06T16:30"]);
    expect(shown("hour", "2024-10-05T15:40Z", zone)).toEqual(["2024-10-05T15:30", "2024-10-05T16:00"]);
  });
});

test("months and weeks run over the ends of years", () => {
  expect(shown("month", "2027-12-31T23:30Z", "UTC")).toEqual(["2027-12-01T00:00", "2028-01-01T00:00"]);
  expect(shown("month", "2027-12-31T23:30Z", "Europe/Berlin")).toEqual(["2027-12-31T23:00", "2028-01-31T23:00"]);
  expect(shown("week", "2027-01-01T12:00Z", "UTC")).toEqual(["2026-12-28T00:00", "2027-01-04T00:00"]);
});

test("a week begins on the day asked for", () => {
  const wednesday = "2026-11-25T12:00Z";
  expect(shown("week", wednesday, "UTC", "monday")[0]).toBe("2026-11-23T00:00");
  expect(shown("week", wednesday, "UTC", "sunday")[0]).toBe("2026-11-22T00:00");
  expect(shown("week", wednesday, "UTC", "wednesday")[0]).toBe("2026-11-25T00:00");
  expect(shown("week", wednesday, "UTC", "thursday")[0]).toBe("2026-11-19T00:00");
});

test("the total is one window without end", () => {
  const windows = createWindows("Asia/Tokyo", "monday");
  expect(windows.at("total", from)).toEqual({ id: "total", start: 0, end: null });
  expect(windows.at("total", to)).toEqual(windows.at("total", from));
});

test("the current window is remembered from its first to its last instant", () => {
  const windows = createWindows("America/New_York", "monday");
  for (const per of PERS) {
    const window = windows.at(per, from);
    expect(windows.at(per, window.start)).toBe(window);
    expect(windows.at(per, (window.end ?? 0) - 1)).toBe(window);
    expect(windows.at(per, window.end ?? 0)).not.toBe(window);
  }
});

test("a remembered window is never handed out for another moment", () => {
  const windows = createWindows("America/New_York", "monday");
  const clocks = createZone("America/New_York");
  fc.assert(
    fc.property(
      fc.constantFrom(...PERS),
      fc.integer({ min: from, max: to }),
      fc.integer({ min: 0, max: 40 }),
      (per, at, days) => {
        const later = at + days * 24 * HOUR_MS;
        for (const instant of [at, later, at]) {
          expect(windows.at(per, instant)).toEqual(windowAt(per, instant, clocks, "monday"));
        }
      },
    ),
  );
});

test.each(["Mars/X", "", "Europe", 7, undefined, null])("the zone %j is refused by name", (zone) => {
  expect(() => validZone(zone as string, "timezone")).toThrow(OptionsError);
  expect(() => validZone(zone as string, "timezone")).toThrow(/timezone must be an IANA time zone/);
});

test("a zone that exists and every weekday are taken as they are", () => {
  expect(validZone("Pacific/Chatham", "timezone")).toBe("Pacific/Chatham");
  expect(validWeekStart("friday", "weekStart")).toBe("friday");
  expect(() => validWeekStart("someday", "weekStart")).toThrow(OptionsError);
});
