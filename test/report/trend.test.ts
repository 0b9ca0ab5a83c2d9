import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal, fromNano, sum, zero } from "../../src/money.ts";
import type { Standing } from "../../src/report/burn.ts";
import { readTrend } from "../../src/report/reading.ts";
import { deviation, median } from "../../src/report/spread.ts";
import { type Trend, trend } from "../../src/report/trend.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { TotalsRow } from "../../src/store/store.ts";
import { anyCall, calendarsIn, day, hour, nano, noon, utc, write } from "./ledger.ts";

/** 00:00 of Monday, 23 November 2026, UTC. */
const monday = Date.UTC(2026, 10, 23);

function row(at: number, dollars: number | string, endpointId = "a/b", held: number | string = 0): TotalsRow {
  const bucket = Math.floor(at / 900_000) * 900_000;
  const none = { saved: 0n, calls: 1, charged: 1, cached: 0, joined: 0, refused: 0, unknown: 0, estimated: 0n };
  return { endpointId, tags: {}, bucket, basis: null, spent: nano(dollars), held: nano(held), ...none };
}

/** One row at noon of each of the days before `today`, the last amount being the day before it. */
function daily(today: number, amounts: readonly (number | string)[], endpointId?: string): TotalsRow[] {
  return amounts.map((amount, index) => row(today - (amounts.length - index) * day + 12 * hour, amount, endpointId));
}

function trendOf(rows: readonly TotalsRow[], at: number, budgets: readonly Standing[] = []): Trend {
  return trend({ rows, budgets, at, calendars: utc });
}

function standing(rest: Partial<Standing> = {}): Standing {
  const start = { windowStart: new Date(monday), resetsAt: new Date(monday + day) };
  return { name: "daily", limit: decimal(10), spent: decimal(6), held: zero, remaining: decimal(4), ...start, ...rest };
}

describe("series", () => {
  test("fill the hours and days on which nothing was spent with zero", () => {
    const { days, hours } = trendOf([row(monday - 4 * day, 1), row(monday - day, "0.5")], monday + hour);
    expect(days.map(({ spent }) => spent.toFixed())).toEqual(["1", "0", "0", "0.5", "0"]);
    expect(hours).toHaveLength(48);
    expect(hours.at(-1)!.start).toEqual(new Date(monday + hour));
  });

  test("average the last seven points, and none before there are seven", () => {
    const { days } = trendOf(daily(monday, [7, 0, 0, 0, 0, 0, 7, 7]), monday);
    expect(days.map(({ average }) => average?.toFixed() ?? null)).toEqual([...Array(6).fill(null), "2", "2", "2"]);
  });

  test("have as many hours as a day with a change of the clocks has", () => {
    const berlin = calendarsIn("Europe/Berlin");
    const at = Date.parse("2026-10-25T22:30:00Z");
    const hours = trend({ rows: [], budgets: [], at, calendars: berlin }).hours.filter(
      ({ start }) => start >= new Date("2026-10-24T22:00:00Z"),
    );
    expect(hours).toHaveLength(25);
  });

  test("add up to the ledger to the nano-dollar", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { maxLength: 30 }), async (calls) => {
        const store = createMemoryStore();
        await write(store, calls);
        const now = noon + 29 * day;
        const { days } = await readTrend({ store, calendars: utc, now }, []);
        const [ledger] = await store.totals({ until: now, by: [] });
        expect(sum(days.map(({ spent }) => spent)).toFixed()).toBe(fromNano(ledger!.spent).toFixed());
      }),
      { numRuns: 30 },
    );
  });
});

test("weekdays show their pattern", () => {
  const { weekdays } = trendOf(daily(monday, [5, 5, 5, 5, 5, 1, 1, 7, 5, 5, 5, 5, 1, 1]), monday);
  expect(weekdays.map(({ weekday, average, days }) => [weekday, average.toFixed(), days])).toEqual([
    ["monday", "6", 2],
    ["tuesday", "5", 2],
    ["wednesday", "5", 2],
    ["thursday", "5", 2],
    ["friday", "5", 2],
    ["saturday", "1", 2],
    ["sunday", "1", 2],
  ]);
});

describe("burn", () => {
  test("says when a budget runs out at the faster of its two rates", () => {
    const at = monday + 12 * hour;
    const [burn] = trendOf([row(monday + hour, 6)], at, [standing()]).budgets;
    expect([burn!.lastDay.toFixed(), burn!.sinceStart!.toFixed()]).toEqual(["0.25", "0.5"]);
    expect(burn).toMatchObject({ runsOutAt: new Date(at + 8 * hour), verdict: "runs-out" });
  });

  test("lets a budget last that begins anew before it would run out", () => {
    const at = monday + 12 * hour;
    const slow = standing({ spent: decimal(2), remaining: decimal(8) });
    expect(trendOf([row(monday + hour, 2)], at, [slow]).budgets[0]).toMatchObject({
      verdict: "lasts",
      runsOutAt: new Date(at + 48 * hour),
    });
  });

  test("knows no end of a budget that stands still, and calls an empty one exhausted", () => {
    const idle = standing({ spent: zero, remaining: decimal(10) });
    const empty = standing({ spent: decimal(10), remaining: zero });
    const burns = trendOf([], monday + hour, [idle, empty]).budgets;
    expect(burns.map(({ runsOutAt, verdict }) => [runsOutAt !== null, verdict])).toEqual([
      [false, "lasts"],
      [true, "exhausted"],
    ]);
  });

  test("counts only what a budget covers", () => {
    const rows = [row(monday + hour, 24, "a/b"), row(monday + hour, 48, "c/d")];
    const forever = standing({ windowStart: null, resetsAt: null, remaining: decimal(10) });
    const only = trend({
      rows,
      budgets: [forever],
      at: monday + 12 * hour,
      calendars: utc,
      covers: (_, { endpointId }) => endpointId === "a/b",
    });
    expect(only.budgets[0]).toMatchObject({ sinceStart: null, runsOutAt: new Date(monday + 22 * hour) });
  });
});

describe("the forecast", () => {
  test("of an even month is exact, with no range", () => {
    const { forecast } = trendOf(daily(monday, Array(22).fill(2)), monday);
    expect(forecast).toMatchObject({ month: "2026-11", history: 22 });
    expect([forecast!.spent, forecast!.low, forecast!.expected, forecast!.high].map((each) => each.toFixed())).toEqual([
      "44",
      "60",
      "60",
      "60",
    ]);
  });

  test("reaches by its high what is held", () => {
    const rows = [...daily(monday, Array(22).fill(2)), row(monday, 0, "a/b", "0.5")];
    const { expected, high } = trendOf(rows, monday).forecast!;
    expect([expected.toFixed(), high.toFixed()]).toEqual(["60", "60.5"]);
  });

  test("follows the weekdays that are left", () => {
    const weeks = [5, 5, 5, 5, 5, 0, 0, 5, 5, 5, 5, 5, 0, 0];
    // Monday 23rd to Monday 30th: six working days are left.
    expect(trendOf(daily(monday, weeks), monday).forecast!.expected.toFixed()).toBe("80");
  });

  test("counts the rest of today, has a range where days differ, and what is held in its high", () => {
    const at = Date.UTC(2026, 10, 30, 12);
    const rows = [
      ...daily(Date.UTC(2026, 10, 30), [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]),
      row(at - hour, 2, "a/b", "0.5"),
    ];
    const { forecast } = trendOf(rows, at);
    expect(forecast!.spent.toFixed()).toBe("30");
    expect(forecast!.expected.toFixed()).toBe("31");
    expect(forecast!.low.toFixed()).toBe("30");
    expect(forecast!.high.sub(forecast!.expected).gt("0.5")).toBe(true);
  });

  test("is not made of nothing", () => {
    expect(trendOf([row(monday, 5)], monday + hour).forecast).toBeNull();
  });

  test("never expects less than was spent, nor a low above a high", () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 23 }), (days, hours) => {
        const { forecast } = trendOf(daily(monday, days), monday + hours * hour);
        if (!forecast) return;
        const { spent, low, expected, high } = forecast;
        expect(spent.lte(low) && low.lte(expected) && expected.lte(high)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe("anomalies", () => {
  test("find the one wild day and its endpoint", () => {
    const calm = daily(monday, Array(10).fill(1), "a/b");
    const wild = [...daily(monday, [1, 1, 1, 1, 1, 1, 1, 1, 1, 9], "c/d")];
    const found = trendOf([...calm, ...wild], monday).anomalies;
    expect(
      found.map(({ endpointId, direction, day: on, spent }) => [
        endpointId,
        direction,
        on.toISOString().slice(0, 10),
        spent.toFixed(),
      ]),
    ).toEqual([
      [null, "above", "2026-11-22", "10"],
      ["c/d", "above", "2026-11-22", "9"],
    ]);
  });

  test("say nothing before seven days are known", () => {
    expect(trendOf(daily(monday, [1, 1, 1, 1, 1, 1, 50]), monday).anomalies).toEqual([]);
    expect(trendOf(daily(monday, [1, 1, 1, 1, 1, 1, 1, 50]), monday).anomalies).toHaveLength(1);
  });

  test("leave a weekend alone, and name a weekday that stays away", () => {
    const week = [5, 5, 5, 5, 5, 0.2, 0.2];
    const five = [...week, ...week, ...week, ...week, ...week];
    expect(trendOf(daily(monday, five), monday).anomalies).toEqual([]);
    const friday = [...five];
    friday[32] = 0.1;
    expect(trendOf(daily(monday, friday), monday).anomalies).toMatchObject([
      { direction: "below", day: new Date("2026-11-20") },
    ]);
  });

  test("do not call a day too low that is not over, but too high", () => {
    const weeks = Array(42).fill(5);
    expect(trendOf(daily(monday, weeks), monday + hour).anomalies).toEqual([]);
    expect(trendOf([...daily(monday, weeks), row(monday, 90)], monday + hour).anomalies).toMatchObject([
      { direction: "above", day: new Date(monday) },
    ]);
  });

  test("make nothing of a few cents", () => {
    expect(trendOf(daily(monday, [0.01, 0, 0.01, 0, 0, 0, 0, 0.01, 0.05]), monday).anomalies).toEqual([]);
  });
});

test("median and deviation are not moved by one wild value", () => {
  const values = [1, 2, 3, 4, 1_000].map(decimal);
  expect([median(values).toFixed(), deviation(values, median(values)).toFixed()]).toEqual(["3", "1"]);
  expect(median([decimal(1), decimal(2)]).toFixed()).toBe("1.5");
});
