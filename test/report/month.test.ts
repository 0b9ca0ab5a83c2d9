import { beforeAll, describe, expect, test } from "vitest";
import { type SeededMonth, seedMonth } from "../../scripts/month.ts";
import { type Agreement, agreementOn, disagreements } from "../../scripts/month-agreement.ts";
import { billedIn } from "../../scripts/month-bills.ts";
import { fromNano } from "../../src/money.ts";
import { newFile } from "./stores.ts";

let month: SeededMonth;
let agreement: Agreement;

beforeAll(async () => {
  month = await seedMonth({ calls: 7_000, seed: 1, path: newFile() });
  agreement = await agreementOn(month);
  return () => month.meter.close();
}, 120_000);

describe("a month of 7,000 calls", () => {
  test("has everything in it that can go wrong or be saved, both tiers, and both prices of a poster", async () => {
    for (const count of Object.values(month.counts)) expect(count).toBeGreaterThan(30);
    expect(Number(agreement["open purchases"]!.book)).toBeGreaterThan(0);
    expect(Number(agreement["charged purchases"]!.book)).toBeGreaterThan(5_100);
    const statement = await month.meter.statement("2026-10");
    const posters = statement.lines.filter(({ endpointId }) => endpointId === "acme/poster");
    expect(posters.map(({ unitPrice }) => unitPrice?.toFixed()).sort()).toEqual(["0.05", "0.07"]);
    expect(billedIn(month).bills.length).toBeGreaterThan(Number(agreement["charged purchases"]!.book));
  });

  test("comes to the same nano-dollar in the emulator's book, the ledger, and every view of it", () => {
    expect(disagreements(agreement)).toEqual([]);
    const days = Object.keys(agreement).filter((figure) => figure.startsWith("spent on the day"));
    expect(days).toHaveLength(31);
    const views = ["book", "ledger", "report", "statement", "focus", "spend", "dashboard"];
    expect(Object.keys(agreement.spent!)).toEqual(expect.arrayContaining(views));
    expect(Number(agreement.spent!.book)).toBeGreaterThan(100);
  });

  test("would be told apart by a single nano-dollar", async () => {
    const billed = billedIn(month);
    billed.bills.find(({ at }) => new Date(at).getUTCMonth() === 9)!.net += 1n;
    const wrong = disagreements(await agreementOn(month, billed));
    expect(wrong.length).toBeGreaterThan(3);
    expect(wrong[0]).toContain(fromNano(1n).add(agreement.spent!.book!).toFixed());
  });

  test("is advised on and looked ahead from without a word that the ledger does not bear out", async () => {
    const advice = await month.meter.advise({ last: "30d" });
    for (const { saving, evidence } of advice) {
      expect(saving.gte(0)).toBe(true);
      expect(evidence.purchases).toBeGreaterThan(0);
    }
    const trend = await month.meter.trend();
    expect(trend.forecast!.month).toBe("2026-11");
    expect(trend.budgets.map(({ name }) => name)).toEqual(["initech"]);
  });

  test("still does once the last lost answers are found and the last jobs are collected", async () => {
    const { adopted, open } = await month.meter.reconcile();
    expect(adopted).toBeGreaterThan(0);
    expect(open).toBe(0);
    const later = await agreementOn(month);
    expect(disagreements(later)).toEqual([]);
    expect(later.held!.book).toBe("0");
    expect(Number(later.spent!.book)).toBeGreaterThan(Number(agreement.spent!.book));
  });
});
