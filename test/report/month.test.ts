import { beforeAll, describe, expect, test } from "vitest";
import { type Agreement, agreementOn, disagreements, type SeededMonth, seedMonth } from "../../scripts/month.ts";
import { fromNano } from "../../src/money.ts";
import { newFile } from "./stores.ts";

let month: SeededMonth;
let agreement: Agreement;

beforeAll(async () => {
  month = await seedMonth({ calls: 7_000, seed: 1, path: newFile() });
  agreement = await agreementOn(month);
  return () => month.meter.close();
}, 60_000);

describe("a month of 7,000 calls", () => {
  test("has everything in it that can go wrong or be saved, both tiers, and both prices of a poster", async () => {
    const { counts } = month;
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(30);
    expect(Number(agreement["charged purchases"]!.fal)).toBeGreaterThan(5_100);
    const statement = await month.meter.statement("2026-10");
    const posters = statement.lines.filter(({ endpointId }) => endpointId === "acme/poster");
    expect(posters.map(({ unitPrice }) => unitPrice?.toFixed()).sort()).toEqual(["0.05", "0.07"]);
    expect(month.fal.bills.length).toBeGreaterThan(Number(agreement["charged purchases"]!.fal));
  });

  test("comes to the same nano-dollar in fal's book, the report, the statement, the FOCUS file and spend", () => {
    expect(disagreements(agreement)).toEqual([]);
    const days = Object.keys(agreement).filter((figure) => figure.startsWith("spent on the day"));
    expect(days).toHaveLength(31);
    expect(Object.keys(agreement.spent!)).toEqual([
      "fal",
      "report",
      "report's days",
      "statement",
      "statement's lines",
      "focus",
      "spend",
    ]);
    expect(Number(agreement.spent!.fal)).toBeGreaterThan(100);
  });

  test("would be told apart by a single nano-dollar", async () => {
    const bill = month.fal.bills.find(({ at }) => new Date(at).getUTCMonth() === 9)!;
    bill.net += 1n;
    const wrong = disagreements(await agreementOn(month));
    bill.net -= 1n;
    expect(wrong.length).toBeGreaterThan(3);
    expect(wrong[0]).toContain(fromNano(1n).add(agreement.spent!.fal!).toFixed());
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
});
