import { describe, expect, test } from "vitest";
import { windowAt } from "../../src/budget/window.ts";
import { createZone } from "../../src/budget/zone.ts";
import { ZONES } from "./zones.ts";

const from = Date.UTC(1990, 0, 1);
const to = Date.UTC(2035, 11, 31);

describe("the windows of decades", () => {
  test.each(ZONES)("%s: all months and weeks from 1990 to 2035 follow one another", (zone) => {
    const clocks = createZone(zone);
    for (const per of ["month", "week"] as const) {
      const ids = new Set<string>();
      const year = per === "week" ? Date.UTC(2007, 0, 1) : from;
      const last = per === "week" ? Date.UTC(2013, 0, 1) : to;
      let at = year;
      while (at < last) {
        const window = windowAt(per, at, clocks, "monday");
        if (at !== year) expect(window.start).toBe(at);
        expect(ids.has(window.id)).toBe(false);
        ids.add(window.id);
        at = window.end ?? Number.NaN;
      }
      expect(ids.size).toBeGreaterThanOrEqual(per === "month" ? 551 : 313);
    }
  });

  test.each([
    ["America/St_Johns", 2010],
    ["America/Sao_Paulo", 2018],
    ["Africa/Cairo", 2014],
    ["Pacific/Apia", 2011],
    ["Pacific/Kwajalein", 1993],
    ["Australia/Lord_Howe", 2024],
  ])(
    "%s: all days and hours of %i follow one another",
    (zone, year) => {
      const clocks = createZone(zone);
      for (const per of ["day", "hour"] as const) {
        const last = Date.UTC(year + 1, 0, 1);
        let at = windowAt(per, Date.UTC(year, 0, 1), clocks, "monday").start;
        let count = 0;
        while (at < last) {
          const window = windowAt(per, at, clocks, "monday");
          expect(window.start).toBe(at);
          at = window.end ?? Number.NaN;
          count++;
        }
        expect(count).toBeGreaterThan(per === "day" ? 363 : 8_750);
      }
    },
    60_000,
  );
});
