import { describe, expect, it } from "vitest";
import { decimal } from "../../src/money.ts";
import { type Prices, postingFor } from "../../src/settle/posting.ts";
import type { Verdict } from "../../src/settle/settlement.ts";
import type { EstimateRecord } from "../../src/store/store.ts";

const estimate: EstimateRecord = {
  low: 40_000_000n,
  expected: 40_000_000n,
  high: 40_000_000n,
  unit: "image",
  quantity: "1",
  unitPrice: "0.04",
  basis: "rate-card",
  source: "rate card",
  asOf: "2026-10-01",
};
const tiers = [
  { from: 1, percent: 0 },
  { from: 1000, percent: 5 },
  { from: 5001, percent: 10 },
];
const prices: Prices = {
  unitPrice: { unitPrice: decimal("0.025"), source: "list" },
  tiers,
  ordinalCounter: "m",
  inferenceSeconds: null,
};
const byUnits = (text: string): Verdict & { outcome: "charged" } => ({
  outcome: "charged",
  by: "billed-units",
  units: decimal(text),
  text,
});
const byEstimate: Verdict & { outcome: "charged" } = { outcome: "charged", by: "estimate", why: "no bill" };

describe("what is posted", () => {
  it("is fal's units times the unit price, exactly and without our discount", () => {
    const posting = postingFor(byUnits("8.439999999999998"), estimate, prices);
    expect(posting).toMatchObject({ outcome: "charged", basis: "billed-units", billableUnits: "8.439999999999998" });
    expect(posting.post.amount).toBe(211_000_000n);
    expect(posting.post.ordinal?.tiers.map(({ amount }) => amount)).toEqual([211_000_000n, 211_000_000n, 211_000_000n]);
  });

  it("is the estimate where no unit price is known, and the basis says so", () => {
    const posting = postingFor(byUnits("3"), estimate, { ...prices, unitPrice: null });
    expect(posting).toMatchObject({
      basis: "rate-card",
      billableUnits: "3",
      note: expect.stringContaining("no unit price"),
    });
    expect(posting.post.amount).toBe(40_000_000n);
  });

  it.each(["rate-card", "contract"])("carries the month's discount on a %s price", (basis) => {
    const { post } = postingFor(byEstimate, { ...estimate, basis }, prices);
    expect(post.ordinal?.tiers).toEqual([
      { from: 1, percent: 0, amount: 40_000_000n },
      { from: 1000, percent: 5, amount: 38_000_000n },
      { from: 5001, percent: 10, amount: 36_000_000n },
    ]);
  });

  it.each(["list-price", "learned", "assumed"])("carries no discount on a %s price", (basis) => {
    const { post } = postingFor(byEstimate, { ...estimate, basis }, prices);
    expect(post.ordinal?.tiers.every(({ percent, amount }) => percent === 0 && amount === 40_000_000n)).toBe(true);
  });

  it("still counts the purchase where discounts are off", () => {
    const { post } = postingFor(byEstimate, estimate, { ...prices, tiers: [] });
    expect(post.ordinal).toEqual({ counter: "m", tiers: [{ from: 1, percent: 0, amount: 40_000_000n }] });
  });

  it("is measured time times the price for compute seconds", () => {
    const compute = {
      ...estimate,
      unit: "compute second",
      unitPrice: "0.00111",
      expected: null,
      low: null,
      high: null,
      basis: "unknown",
    };
    const posting = postingFor(byEstimate, compute, { ...prices, inferenceSeconds: 2.5 });
    expect(posting).toMatchObject({ basis: "compute-time" });
    expect(posting.post.amount).toBe(2_775_000n);
  });

  it.each([
    ["another unit", { unit: "second" }, 2.5],
    ["no price of a second", { unitPrice: null }, 2.5],
    ["no time that fal said", {}, null],
  ])("is the estimate where compute seconds have %s", (_, rest, inferenceSeconds) => {
    const compute = { ...estimate, unit: "compute second", unitPrice: "0.00111", ...rest };
    const posting = postingFor(byEstimate, compute, { ...prices, inferenceSeconds });
    expect(posting).toMatchObject({ basis: "rate-card", billableUnits: null, note: "no bill" });
    expect(posting.post.amount).toBe(40_000_000n);
  });

  it("is what fal's billing events say, without our discount", () => {
    const verdict = { outcome: "charged", by: "billing-event", amount: decimal("0.0333333333"), units: "1.5" } as const;
    const posting = postingFor(verdict, estimate, prices);
    expect(posting).toMatchObject({ outcome: "charged", basis: "billing-event", billableUnits: "1.5" });
    expect(posting.note).toBe("by fal's billing events");
    expect(posting.post.amount).toBe(33_333_333n);
    expect(posting.post.ordinal?.tiers.map(({ from, percent }) => [from, percent])).toEqual([
      [1, 0],
      [1000, 0],
      [5001, 0],
    ]);
  });

  it("says how it came about", () => {
    const { note, post } = postingFor(byUnits("2"), estimate, prices);
    expect([note, post.ordinal?.counter]).toEqual(["2 units × $0.025 (list)", "m"]);
  });

  it("is unknown, never zero, where nobody knows the price", () => {
    const unknown = { ...estimate, low: null, expected: null, high: null, basis: "unknown" };
    expect(postingFor(byEstimate, unknown, prices)).toMatchObject({
      outcome: "charged",
      basis: "unknown",
      post: { amount: null },
    });
  });

  it("is nothing for what was free", () => {
    expect(postingFor({ outcome: "free", why: "server error 500" }, estimate, prices)).toMatchObject({
      outcome: "free",
      post: { amount: 0n },
      note: "server error 500",
    });
    expect(postingFor({ outcome: "free", why: "refused" }, estimate, prices)).toEqual({
      outcome: "free",
      post: { amount: 0n },
      basis: "free",
      billableUnits: null,
      note: "refused",
    });
    expect(postingFor({ outcome: "free", why: "fal billed 0 units" }, estimate, prices).billableUnits).toBe("0");
  });
});
