import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OptionsError } from "../../src/errors.ts";
import { fromNano, sum } from "../../src/money.ts";
import { readReport } from "../../src/report/reading.ts";
import type { ReportOptions } from "../../src/report/report.ts";
import type { Store } from "../../src/store/store.ts";
import { anyCall, buy, calendarsIn, day, hour, noon, note, utc, write } from "./ledger.ts";
import { stores } from "./stores.ts";

const now = noon + 29 * day;
const reading = (store: Store) => ({ store, calendars: utc, now });

describe.each(stores)("a report over a %s store", (_name, open) => {
  test("has each period with the one before it and how much that changed", async () => {
    const store = await open();
    await buy(store, { id: "a", at: noon - day, cost: "0.10" });
    await buy(store, { id: "at midnight", at: noon - 12 * hour, cost: "0.04" });
    await buy(store, { id: "c", at: noon + hour, cost: "0.11" });
    await buy(store, { id: "open", at: noon + hour, cost: "0.50", outcome: "open" });
    const report = await readReport({ ...reading(store), now: noon + 2 * hour }, { per: "day", since: "2026-11-01" });
    expect(report.periods).toHaveLength(1);
    const [today] = report.periods;
    expect(today).toMatchObject({ start: new Date("2026-11-01"), end: new Date("2026-11-02"), state: "open" });
    expect([today!.totals.spent.toFixed(), today!.totals.held.toFixed(), today!.before.spent.toFixed()]).toEqual([
      "0.15",
      "0.5",
      "0.1",
    ]);
    expect(report.totals.spent.toFixed()).toBe("0.15");
    expect([today!.change.amount.toFixed(), today!.change.percent?.toFixed()]).toEqual(["0.05", "50"]);
    await store.close();
  });

  test("says nothing in percent of nothing", async () => {
    const store = await open();
    await buy(store, { id: "a", at: noon });
    const { periods, groups } = await readReport(reading(store), {
      per: "month",
      since: "2026-11-01",
      by: ["endpoint"],
    });
    expect(periods[0]!.change.percent).toBeNull();
    expect(groups![0]!.change.percent).toBeNull();
    await store.close();
  });

  test("adds up to the nano-dollar, whatever the ledger holds and however it is split", async () => {
    const splits: ReportOptions["by"][] = [
      ["endpoint"],
      ["tag:customer"],
      ["endpoint", "tag:team"],
      ["day"],
      ["basis"],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCall, { maxLength: 40 }),
        fc.constantFrom(...splits),
        fc.constantFrom("day", "week", "month"),
        async (calls, by, per) => {
          const store = await open();
          await write(store, calls);
          const report = await readReport(reading(store), { per: per as "day", since: noon - 30 * day, by: by! });
          const [ledger] = await store.totals({ since: report.since.getTime(), until: now, by: [] });
          expect(report.totals.spent.toFixed()).toBe(fromNano(ledger!.spent).toFixed());
          expect(report.totals.held.toFixed()).toBe(fromNano(ledger!.held).toFixed());
          for (const field of ["spent", "held", "saved"] as const) {
            const whole = report.totals[field].toFixed();
            expect(sum(report.groups!.map((group) => group[field])).toFixed()).toBe(whole);
            expect(sum(report.periods.map(({ totals }) => totals[field])).toFixed()).toBe(whole);
          }
          for (const [index, period] of report.periods.entries()) {
            if (index > 0) expect(period.before).toEqual(report.periods[index - 1]!.totals);
          }
          for (const { tag, spent } of report.unallocated!) {
            if (by!.length === 1)
              expect(spent.toFixed()).toBe(
                report.groups!.find(({ key }) => key[`tag:${tag}`] === null)?.spent.toFixed() ?? "0",
              );
          }
          const { savings } = report;
          expect(savings.cached!.add(savings.joined!).toFixed()).toBe(savings.saved.toFixed());
          await store.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  test("shows what no customer pays for", async () => {
    const store = await open();
    await buy(store, { id: "a", at: noon, cost: "0.75", tags: { customer: "acme" } });
    await buy(store, { id: "b", at: noon, cost: "0.25" });
    const { unallocated, groups } = await readReport(reading(store), {
      per: "month",
      since: "2026-11-01",
      by: ["tag:customer"],
    });
    expect(unallocated).toMatchObject([{ tag: "customer", calls: 1 }]);
    expect(unallocated![0]!.spent.toFixed()).toBe("0.25");
    expect(unallocated![0]!.share!.toFixed()).toBe("0.25");
    expect(groups!.map(({ key, share }) => [key["tag:customer"], share!.toFixed()])).toEqual([
      ["acme", "0.75"],
      [null, "0.25"],
    ]);
    await store.close();
  });

  test("compares a group with as many periods before the range", async () => {
    const store = await open();
    await buy(store, { id: "old", at: noon - 2 * day, cost: "0.30", endpointId: "a/b" });
    await buy(store, { id: "new", at: noon, cost: "0.10", endpointId: "a/b" });
    const { groups } = await readReport(
      { ...reading(store), now: noon + hour },
      { per: "day", since: noon - day, by: ["endpoint"] },
    );
    expect(groups!.map(({ before, change }) => [before.toFixed(), change.amount.toFixed()])).toEqual([["0.3", "-0.2"]]);
    await store.close();
  });

  test("knows what a purchase costs on average and at most 95 times of 100, corrections included", async () => {
    const store = await open();
    for (let i = 1; i <= 20; i += 1) await buy(store, { id: `p${i}`, at: noon + i, cost: (i / 100).toFixed(2) });
    await buy(store, { id: "free", at: noon, outcome: "free" });
    await store.record(note("correction", { id: "x", at: noon + 20, about: "p20", amount: "0.20" }));
    const { cost } = await readReport(reading(store), { per: "month", since: "2026-11-01" });
    expect(cost).toMatchObject({ purchases: 20, taken: "all" });
    expect([cost.average!.toFixed(), cost.p95!.toFixed()]).toEqual(["0.115", "0.19"]);
    await store.close();
  });

  test("counts refusals by the budget that refused, within the filter", async () => {
    const store = await open();
    await store.record(note("refusal", { id: "r1", at: noon, amount: "0.40", about: "daily", endpointId: "a/b" }));
    await store.record(note("refusal", { id: "r2", at: noon, amount: "0.60", about: "daily", endpointId: "a/b" }));
    await store.record(note("refusal", { id: "r3", at: noon, amount: "9", about: "monthly", endpointId: "c/d" }));
    const { refusals } = await readReport(reading(store), { per: "month", since: "2026-11-01", endpoint: "a/*" });
    expect(refusals.calls).toBe(2);
    expect(refusals.requested!.toFixed()).toBe("1");
    expect(refusals.budgets.map(({ budget, calls }) => [budget, calls])).toEqual([["daily", 2]]);
    await store.close();
  });
});

test("days are those of the zone", async () => {
  const store = await stores[0]![1]();
  await buy(store, { id: "late", at: Date.UTC(2026, 10, 1, 23, 30) });
  const { periods } = await readReport(
    { store, calendars: calendarsIn("Europe/Berlin"), now },
    { per: "day", since: "2026-11-02", until: "2026-11-03" },
  );
  expect(periods.map(({ start, totals }) => [start.toISOString(), totals.calls])).toEqual([
    ["2026-11-01T23:00:00.000Z", 1],
  ]);
});

test.each([
  ["an unknown period", { per: "hour" }, "report.per"],
  ["a misspelt option", { per: "day", form: "x" }, "report.form"],
  ["a range that ends before it begins", { per: "day", since: "2026-11-02", until: "2026-11-01" }, "report.since"],
  ["a range of too many days", { per: "day", since: "1999-01-01" }, "report.since"],
  ["a part that nothing is split by", { per: "day", by: ["colour"] }, "spend.by"],
])("%s is refused by name", async (_what, options, named) => {
  const store = await stores[0]![1]();
  const error = await readReport(reading(store), options as ReportOptions).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OptionsError);
  expect((error as OptionsError).option).toBe(named);
});
