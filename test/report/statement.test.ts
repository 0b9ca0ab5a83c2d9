import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OptionsError } from "../../src/errors.ts";
import { createMeter } from "../../src/meter.ts";
import { fromNano, sum } from "../../src/money.ts";
import type { Credit } from "../../src/report/credits.ts";
import { readStatement } from "../../src/report/reading.ts";
import type { Store } from "../../src/store/store.ts";
import { anyCall, buy, calendarsIn, day, hour, noon, note, tiers, utc, write } from "./ledger.ts";
import { stores } from "./stores.ts";

const november = { start: Date.UTC(2026, 10, 1), end: Date.UTC(2026, 11, 1) };
const now = november.end + day;
const byPurchase = { mode: "purchase", tiers } as const;

function read(store: Store, credits: readonly Credit[] = [], mode: "purchase" | "volume" | "none" = "purchase") {
  return readStatement({ store, calendars: utc, now }, { at: noon, discounts: { mode, tiers }, credits });
}

describe.each(stores)("a statement from a %s store", (_name, open) => {
  test("bills each endpoint by unit and price", async () => {
    const store = await open();
    await buy(store, { id: "a", at: noon, cost: "0.04" });
    await buy(store, { id: "b", at: noon, cost: "0.08", estimate: { quantity: "2", unitPrice: "0.04" } });
    await buy(store, { id: "c", at: noon, cost: "0.02" });
    await buy(store, { id: "free", at: noon, outcome: "free" });
    const { lines, free, due } = await read(store);
    expect(
      lines.map(({ unit, quantity, unitPrice, purchases, net }) => [
        unit,
        quantity!.toFixed(),
        unitPrice!.toFixed(),
        purchases,
        net.toFixed(),
      ]),
    ).toEqual([
      ["image", "3", "0.04", 2, "0.12"],
      ["image", "1", "0.02", 1, "0.02"],
    ]);
    expect(free).toBe(1);
    expect(due.toFixed()).toBe("0.14");
    await store.close();
  });

  test("bills fal's own units with their noise, at the price that makes the amount", async () => {
    const store = await open();
    await buy(store, {
      id: "a",
      at: noon,
      cost: "0.211",
      basis: "billed-units",
      units: "8.439999999999998",
      estimate: { basis: "list-price", unit: "second", unitPrice: "0.025", quantity: "8" },
    });
    await buy(store, { id: "b", at: noon, cost: "0.05", basis: "billed-units", units: "2" });
    const { lines } = await read(store);
    expect(lines.map(({ unit, quantity, unitPrice }) => [unit, quantity!.toFixed(), unitPrice!.toFixed()])).toEqual([
      ["second", "8.439999999999998", "0.025"],
      ["billed unit", "2", "0.025"],
    ]);
    await store.close();
  });

  test("is the ledger's own total to the nano-dollar, whatever the ledger holds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCall, { maxLength: 40 }),
        fc.constantFrom("purchase", "volume", "none"),
        async (calls, mode) => {
          const store = await open();
          await write(store, calls);
          const made = await read(store, [{ amount: "3", boughtAt: november.start }], mode as "purchase");
          const [ledger] = await store.totals({ since: november.start, until: november.end, by: [] });
          expect(made.ledgerTotal.toFixed()).toBe(fromNano(ledger!.spent).toFixed());
          expect(made.unbilledHeld.toFixed()).toBe(fromNano(ledger!.held).toFixed());
          expect(
            sum(made.lines.map(({ net }) => net))
              .add(made.corrected)
              .toFixed(),
          ).toBe(made.ledgerTotal.toFixed());
          for (const line of made.lines) {
            expect(line.gross.sub(line.discount).toFixed()).toBe(line.net.toFixed());
            expect(line.discount.isNegative()).toBe(false);
          }
          const off = made.volumeCredit?.amount ?? fromNano(0n);
          expect(made.ledgerTotal.sub(off).sub(made.credited).toFixed()).toBe(made.due.toFixed());
          expect(made.due.isNegative() && !made.due.isZero()).toBe(false);
          for (const { amount, applied, lapsed, remaining } of made.credits)
            expect(applied.add(lapsed).add(remaining).toFixed()).toBe(amount.toFixed());
          await store.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  test("shows gross, discount and net of the thousandth purchase of a month", async () => {
    const store = await open();
    for (let i = 1; i <= 1_001; i += 1) await buy(store, { id: `p${i}`, at: noon + i, discounted: true });
    const { lines, gross, discount, ledgerTotal } = await read(store);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ purchases: 1_001 });
    expect([lines[0]!.unitPrice, gross, discount, ledgerTotal].map((each) => each!.toFixed())).toEqual([
      "0.04",
      "40.04",
      "0.004",
      "40.036",
    ]);
    await store.close();
  });

  test("gives the reached tier on the whole month in volume mode, on card rates only", async () => {
    const store = await open();
    for (let i = 1; i <= 999; i += 1) await buy(store, { id: `p${i}`, at: noon + i });
    await buy(store, { id: "free", at: noon, outcome: "free" });
    expect((await read(store, [], "volume")).volumeCredit).toMatchObject({ purchases: 999, percent: 0 });
    await buy(store, { id: "billed", at: noon, cost: "7", basis: "billed-units", units: "7" });
    const { volumeCredit, due, ledgerTotal } = await read(store, [], "volume");
    expect(volumeCredit).toMatchObject({ purchases: 1_000, percent: 5, from: 1_000 });
    expect([volumeCredit!.of, volumeCredit!.amount, ledgerTotal, due].map((each) => each.toFixed())).toEqual([
      "39.96",
      "1.998",
      "46.96",
      "44.962",
    ]);
    await store.close();
  });

  test("adds corrections, and lists what is open or unknown without billing it", async () => {
    const store = await open();
    await buy(store, { id: "a", at: noon, cost: "0.10" });
    await store.record(note("correction", { id: "x", at: noon, about: "a", amount: "-0.03", settledAt: now }));
    await buy(store, { id: "open", at: noon, cost: "0.50", outcome: "open", requestId: "req" });
    await buy(store, { id: "unknown", at: noon, cost: null });
    await buy(store, { id: "learned", at: noon, cost: null });
    await store.record(note("correction", { id: "y", at: noon, about: "learned", amount: "0.01" }));
    const made = await read(store);
    expect([made.gross, made.corrected, made.due, made.unbilledHeld].map((each) => each.toFixed())).toEqual([
      "0.1",
      "-0.02",
      "0.08",
      "0.5",
    ]);
    expect(made.unbilled).toMatchObject([{ purchaseId: "open", requestId: "req", state: "pending" }]);
    expect(made.unknown.map(({ purchaseId }) => purchaseId)).toEqual(["unknown"]);
    await store.close();
  });

  test("closes with its month in the meter's zone and is due thirty days later", async () => {
    const store = await open();
    await buy(store, { id: "november there", at: Date.UTC(2026, 10, 30, 23, 30) });
    const berlin = { store, calendars: calendarsIn("Europe/Berlin"), now: Date.UTC(2026, 11, 5) };
    const made = await readStatement(berlin, { at: Date.UTC(2026, 11, 1), discounts: byPurchase });
    expect(made).toMatchObject({
      month: "2026-12",
      state: "open",
      start: new Date("2026-11-30T23:00:00Z"),
      dueAt: new Date("2027-01-30T23:00:00Z"),
    });
    expect(made.lines).toHaveLength(1);
    await store.close();
  });
});

describe("prepaid credit", () => {
  async function spent(...amounts: [at: number, cost: string][]) {
    const store = await stores[0]![1]();
    for (const [index, [at, cost]] of amounts.entries()) await buy(store, { id: `p${index}`, at, cost });
    return store;
  }
  const figures = ({
    applied,
    lapsed,
    remaining,
  }: {
    applied: { toFixed(): string };
    lapsed: { toFixed(): string };
    remaining: { toFixed(): string };
  }) => [applied, lapsed, remaining].map((each) => each.toFixed());

  test("pays what was sent after it was bought, and lapses with its month", async () => {
    const store = await spent([noon - hour, "1"], [noon + hour, "2"]);
    const { credits, due } = await read(store, [{ amount: 5, boughtAt: noon }]);
    expect(credits.map(figures)).toEqual([["2", "3", "0"]]);
    expect(due.toFixed()).toBe("1");
  });

  test("that ends first is used first", async () => {
    const store = await spent([noon + hour, "3"]);
    const { credits } = await read(store, [
      { name: "yearly", amount: 4, boughtAt: noon, expiresAt: november.end + 300 * day },
      { name: "monthly", amount: 2, boughtAt: noon },
    ]);
    expect(credits.map((credit) => [credit.name, ...figures(credit)])).toEqual([
      ["monthly", "2", "0", "0"],
      ["yearly", "1", "0", "3"],
    ]);
  });

  test("does not pay after its end, and what earlier statements took is gone", async () => {
    const store = await spent([noon + 10 * day, "3"]);
    const { credits, due } = await read(store, [
      { amount: 3, boughtAt: noon, expiresAt: noon + day },
      { amount: 3, used: "2.5", boughtAt: noon - 60 * day, expiresAt: now + day },
    ]);
    expect(credits.map(figures)).toEqual([
      ["0", "3", "0"],
      ["0.5", "0", "0"],
    ]);
    expect(due.toFixed()).toBe("2.5");
  });

  test("of the contract pays by itself, month after month, until it is used up or its cycle ends", async () => {
    const september = noon - 60 * day;
    const store = await spent([september, "2"], [noon - 20 * day, "3"], [noon + hour, "4"]);
    const clock = { now: () => now, sleep: async () => {} };
    const contract = { credits: [{ amount: 6, boughtAt: "2026-09-01", cycleEnds: "2026-12-01" }] };
    const meter = createMeter({ store, clock, contract });
    const told = async (month: string) => {
      const { credits, due } = await meter.statement(month);
      return [...credits.map(figures), due.toFixed()];
    };
    expect(await told("2026-08")).toEqual(["0"]);
    expect(await told("2026-09")).toEqual([["2", "0", "4"], "0"]);
    expect(await told("2026-10")).toEqual([["3", "0", "1"], "0"]);
    expect(await told("2026-11")).toEqual([["1", "0", "0"], "3"]);
    expect((await meter.statement("2026-11", { credits: [] })).due.toFixed()).toBe("4");
    await meter.close();
  });

  test("is not touched by a month whose corrections come to more than its purchases", async () => {
    const store = await spent([noon, "1"], [noon + hour, "1"]);
    await store.record(note("correction", { id: "x", at: noon, about: "p0", amount: "-3" }));
    const { credits, due } = await read(store, [{ amount: 5, boughtAt: noon }]);
    expect([due.toFixed(), ...credits.map(figures)]).toEqual(["-1", ["0", "5", "0"]]);
  });

  test("that is bought later or was gone before is none of this month's", async () => {
    const store = await spent([noon + hour, "1"]);
    const { credits } = await read(store, [
      { amount: 1, boughtAt: november.end },
      { amount: 1, boughtAt: noon - 60 * day },
    ]);
    expect(credits).toEqual([]);
  });

  test.each([
    ["a negative amount", { amount: -1, boughtAt: noon }, "statement.credits[0].amount"],
    ["more used than there was", { amount: 1, used: 2, boughtAt: noon }, "statement.credits[0].used"],
    ["no date", { amount: 1, boughtAt: Number.NaN }, "statement.credits[0].boughtAt"],
  ])("with %s is refused by name", async (_what, credit, option) => {
    const error = await read(await spent(), [credit]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OptionsError);
    expect((error as OptionsError).option).toBe(option);
  });
});
