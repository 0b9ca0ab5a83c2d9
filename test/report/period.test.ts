import fc from "fast-check";
import { expect, test } from "vitest";
import {
  dateAt,
  daysAfter,
  indexOfPeriod,
  type PeriodLength,
  periodAt,
  periodBefore,
  periodsBetween,
  weekdayAt,
} from "../../src/report/period.ts";
import { calendarsIn, day, noon } from "./ledger.ts";

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];
const zones = new Map(ZONES.map((zone) => [zone, calendarsIn(zone)]));

test("periods lie end to end in every zone, through changes of the clocks", () => {
  const lengths: PeriodLength[] = ["hour", "day", "week", "month"];
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.constantFrom(...lengths),
      fc.integer({ min: 0, max: 700 * 24 }),
      (zone, per, hours) => {
        const calendars = zones.get(zone)!;
        const since = Date.UTC(2025, 0, 1) + hours * 3_600_000;
        const span = { since, until: since + (per === "hour" ? 2 : 70) * day };
        const periods = periodsBetween(calendars, per, span, 1_000, "span");
        expect(periods[0]!.start).toBeLessThanOrEqual(since);
        expect(periods.at(-1)!.end).toBeGreaterThanOrEqual(span.until);
        for (const [index, period] of periods.entries()) {
          expect(calendars.startOf(per, period.end - 1)).toBe(period.start);
          expect(calendars.startOf(per, period.end)).toBe(period.end);
          if (index > 0) expect(periodBefore(calendars, per, period.start)).toEqual(periods[index - 1]);
          expect(indexOfPeriod(periods, period.start)).toBe(index);
          expect(indexOfPeriod(periods, period.end - 1)).toBe(index);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("dates and weekdays are those of the zone", () => {
  const tokyo = calendarsIn("Asia/Tokyo");
  const lateSunday = Date.UTC(2026, 10, 1, 20);
  expect([dateAt(tokyo, lateSunday), weekdayAt(tokyo, lateSunday)]).toEqual(["2026-11-02", "monday"]);
  expect([dateAt(zones.get("UTC")!, noon), weekdayAt(zones.get("UTC")!, noon)]).toEqual(["2026-11-01", "sunday"]);
});

test("thirty days after a month's end are thirty dates, not thirty times 24 hours", () => {
  const berlin = zones.get("Europe/Berlin")!;
  const { end } = periodAt(berlin, "month", Date.UTC(2026, 9, 10));
  expect(new Date(daysAfter(berlin, end, 30)).toISOString()).toBe("2026-11-30T23:00:00.000Z");
  const march = periodAt(berlin, "month", Date.UTC(2026, 1, 10)).end;
  expect(new Date(daysAfter(berlin, march, 30)).toISOString()).toBe("2026-03-30T22:00:00.000Z");
});

test("a range of too many periods is refused by name", () => {
  expect(() => periodsBetween(zones.get("UTC")!, "day", { since: 0, until: noon }, 100, "report.since")).toThrow(
    /report\.since/,
  );
});
