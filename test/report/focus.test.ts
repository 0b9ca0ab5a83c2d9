import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal, fromNano, sum } from "../../src/money.ts";
import { focus, focusCsv, focusVersion, mandatoryColumns } from "../../src/report/focus.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { readCsv } from "./csv-reader.ts";
import { anyCall, buy, day, entriesOf, noon, note, utc, write } from "./ledger.ts";

async function rowsOf(fill: (store: ReturnType<typeof createMemoryStore>) => Promise<unknown>) {
  const store = createMemoryStore();
  await fill(store);
  return focus({ entries: await entriesOf(store), calendars: utc });
}

describe("FOCUS 1.2 rows", () => {
  test("have the 21 mandatory columns, and more of their own with a prefix", async () => {
    const { rows } = await rowsOf((store) => buy(store, { id: "a", at: noon, tags: { customer: "acme" } }));
    const [header, first] = readCsv(focusCsv(rows));
    expect(focusVersion).toBe("1.2");
    expect(mandatoryColumns).toHaveLength(21);
    expect(header!.slice(0, 21)).toEqual([...mandatoryColumns]);
    const row = Object.fromEntries(header!.map((column, index) => [column, first![index]]));
    expect(row).toMatchObject({
      BilledCost: "0.04",
      BillingAccountId: "fal",
      BillingCurrency: "USD",
      BillingPeriodStart: "2026-11-01T00:00:00Z",
      BillingPeriodEnd: "2026-12-01T00:00:00Z",
      ChargeCategory: "Usage",
      ChargeClass: "",
      ChargePeriodStart: "2026-11-01T12:00:00Z",
      ChargePeriodEnd: "2026-11-01T13:00:00Z",
      PricingQuantity: "1",
      PricingUnit: "image",
      ServiceCategory: "AI and Machine Learning",
      SkuId: "fal-ai/flux-pro/v1.1",
      Tags: '{"customer":"acme"}',
      x_PurchaseId: "a",
    });
  });

  test("never leave empty what FOCUS forbids to be null", async () => {
    const nullable = new Set(["BillingAccountName", "ChargeClass", "PricingQuantity", "PricingUnit"]);
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { maxLength: 20 }), async (calls) => {
        const { rows } = await rowsOf((store) => write(store, calls));
        for (const row of rows) {
          for (const column of mandatoryColumns) if (!nullable.has(column)) expect(row[column]).not.toBeNull();
          if (row.ChargeCategory === "Usage" && row.ChargeClass === null) expect(row.PricingQuantity).not.toBeNull();
        }
      }),
      { numRuns: 25 },
    );
  });

  test("add up to the ledger to the nano-dollar", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { maxLength: 40 }), async (calls) => {
        const store = createMemoryStore();
        await write(store, calls);
        const { rows, unknown } = focus({ entries: await entriesOf(store), calendars: utc });
        const [ledger] = await store.totals({ by: [] });
        expect(sum(rows.map(({ BilledCost }) => decimal(BilledCost!))).toFixed()).toBe(
          fromNano(ledger!.spent).toFixed(),
        );
        expect(unknown).toBe(
          (await entriesOf(store)).filter(({ kind, actual }) => kind === "purchase" && actual === null).length,
        );
      }),
      { numRuns: 40 },
    );
  });

  test("call a correction one only when its month had closed", async () => {
    const { rows } = await rowsOf(async (store) => {
      await buy(store, { id: "a", at: noon });
      await store.record(
        note("correction", { id: "soon", at: noon, about: "a", amount: "0.01", settledAt: noon + day }),
      );
      await store.record(
        note("correction", { id: "late", at: noon, about: "a", amount: "-0.02", settledAt: noon + 40 * day }),
      );
    });
    expect(
      rows.map(({ BilledCost, ChargeCategory, ChargeClass }) => [BilledCost, ChargeCategory, ChargeClass]),
    ).toEqual([
      ["0.04", "Usage", null],
      ["0.01", "Adjustment", null],
      ["-0.02", "Usage", "Correction"],
    ]);
  });
});
