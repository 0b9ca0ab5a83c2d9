import { describe, expect, it, onTestFinished } from "vitest";
import { createMeter } from "../../src/meter.ts";
import type { MeterOptions } from "../../src/options.ts";

/** A meter whose fal answers every call without a bill, so that each is settled from the rate card. */
function open(options: MeterOptions) {
  let answered = 0;
  const meter = createMeter({
    store: "memory:",
    clock: { now: () => Date.UTC(2026, 10, 23), sleep: async () => {} },
    fetch: async () => {
      answered += 1;
      return Response.json({ images: [] }, { headers: { "x-fal-request-id": `r${answered}` } });
    },
    ...options,
  });
  onTestFinished(() => meter.close());
  const buy = async (count: number) => {
    const body = JSON.stringify({ prompt: "a boat", image_size: "square_hd" });
    for (let n = 0; n < count; n++) await meter.fetch("https://fal.run/fal-ai/flux-pro/v1.1", { method: "POST", body });
  };
  const paid = async (ordinal: number) => {
    const receipt = (await meter.receipt(`r${ordinal}`))!;
    return [receipt.estimate.high!.toFixed(), receipt.actual!.toFixed(), receipt.discountPercent];
  };
  return { meter, buy, paid };
}

describe("the n-th purchase of a month", () => {
  it("gets the published tier that n falls in, and is held at the full price", { timeout: 120_000 }, async () => {
    const { buy, paid } = open({});
    await buy(10_001);
    expect([await paid(1), await paid(999)]).toEqual([
      ["0.04", "0.04", 0],
      ["0.04", "0.04", 0],
    ]);
    expect([await paid(1_000), await paid(5_000)]).toEqual([
      ["0.04", "0.038", 5],
      ["0.04", "0.038", 5],
    ]);
    expect([await paid(5_001), await paid(10_000), await paid(10_001)]).toEqual([
      ["0.04", "0.036", 10],
      ["0.04", "0.036", 10],
      ["0.04", "0.036", 10],
    ]);
  });

  it("gets a contract's own tier where it has one", async () => {
    const { buy, paid } = open({
      contract: {
        tiers: [
          { from: 3, percent: 5 },
          { from: 5, percent: 22.5 },
        ],
      },
    });
    await buy(5);
    expect([await paid(2), await paid(3), await paid(4), await paid(5)].map(([, dollars]) => dollars)).toEqual([
      "0.04",
      "0.038",
      "0.038",
      "0.031",
    ]);
  });

  it("pays in full where the discount is a credit on the statement", async () => {
    const { buy, paid } = open({ discounts: { mode: "volume" } });
    await buy(1_000);
    expect(await paid(1_000)).toEqual(["0.04", "0.04", 0]);
  });
});
