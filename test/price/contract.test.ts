import { describe, expect, it } from "vitest";
import { decimal } from "../../src/money.ts";
import { resolveOptions } from "../../src/options.ts";
import { type Credit, creditAt, creditStandings } from "../../src/price/credits.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { type ContractOptions, resolvePrices } from "../../src/price/prices-options.ts";

const flux = "fal-ai/flux/dev";
const square = { image_size: "square_hd" };
const day = (text: string) => Date.parse(text);

function pricerWith(contract: ContractOptions) {
  const options = resolvePrices({}, contract);
  return { options, pricer: createPricer(options) };
}

function raised(pricer: ReturnType<typeof createPricer>) {
  const live = { endpointId: flux, unit: "megapixels", asOf: "2026-11-20" };
  const changes = day("2026-12-01");
  pricer.setLive([
    { ...live, unitPrice: "0.025", until: changes },
    { ...live, unitPrice: "0.05", from: changes },
  ]);
}

describe("a contract's rate", () => {
  it("holds for its term even when the list changes, and not a moment longer", () => {
    const { pricer } = pricerWith({
      rates: { [flux]: { unit: "megapixels", price: "0.02", from: "2026-01-01", until: "2027-01-01" } },
    });
    raised(pricer);
    const price = (at: string) => pricer.estimate(flux, square, day(at)).expected!.toFixed();
    expect([price("2025-12-31"), price("2026-06-01"), price("2026-12-31T23:59:59.999Z"), price("2027-01-01")]).toEqual([
      "0.025",
      "0.02",
      "0.02",
      "0.05",
    ]);
  });
});

describe("prepaid credit", () => {
  const credits = [{ amount: 100, boughtAt: "2026-11-23", cycleEnds: "2027-01-01" }];

  it("keeps the price of the day it was bought until its cycle ends", () => {
    const { pricer } = pricerWith({ credits });
    raised(pricer);
    const price = (at: string) => pricer.estimate(flux, square, day(at)).high!.toFixed();
    expect([price("2026-11-25"), price("2026-12-15"), price("2026-12-31T23:59:59.999Z"), price("2027-01-01")]).toEqual([
      "0.025",
      "0.025",
      "0.025",
      "0.05",
    ]);
    expect(pricer.unitPrice(flux, day("2026-12-15"))!.unitPrice.toFixed()).toBe("0.025");
    expect(pricer.estimate(flux, square, day("2026-12-15")).source).toContain(
      "held by the credit bought on 2026-11-23",
    );
  });

  it("keeps nothing once it is used up", () => {
    const { options, pricer } = pricerWith({ credits });
    raised(pricer);
    pricer.setUsedUp(new Set(options.credits));
    expect(pricer.estimate(flux, square, day("2026-12-15")).high!.toFixed()).toBe("0.05");
  });

  it("comes with rates of its own, before all others of that day", () => {
    const rates = { [flux]: { unit: "megapixels", price: "0.01" } };
    const { pricer } = pricerWith({ credits: [{ ...credits[0]!, rates }] });
    expect(pricer.estimate(flux, square, day("2026-12-15"))).toMatchObject({
      basis: "contract",
      source: "the credit bought on 2026-11-23",
    });
    expect(pricer.estimate(flux, square, day("2026-12-15")).high!.toFixed()).toBe("0.01");
  });

  it("ends with the calendar month it was bought in, in the meter's zone, unless told otherwise", () => {
    const contract = { credits: [{ amount: 1, boughtAt: "2026-11-23" }] };
    const ends = (timezone: string) =>
      resolveOptions({ contract, timezone, store: "memory:" }).prices.credits[0]!.cycleEnds;
    expect([ends("UTC"), ends("Asia/Tokyo")].map((at) => new Date(at).toISOString())).toEqual([
      "2026-12-01T00:00:00.000Z",
      "2026-11-30T15:00:00.000Z",
    ]);
  });

  it.each([
    [{ amount: -1, boughtAt: "2026-11-23" }, "contract.credits[0].amount"],
    [{ amount: 1 }, "contract.credits[0].boughtAt"],
    [{ amount: 1, boughtAt: "soon" }, "contract.credits[0].boughtAt"],
    [{ amount: 1, boughtAt: "2026-11-23", cycleEnds: "2026-11-23" }, "contract.credits[0].cycleEnds"],
    [{ amount: 1, boughtAt: "2026-11-23", rolls: true }, "contract.credits[0].rolls"],
  ])("%j is refused by name", (credit, option) => {
    expect(() => pricerWith({ credits: [credit as never] })).toThrowError(
      expect.objectContaining({ name: "OptionsError", option }),
    );
  });
});

describe("how credits stand", () => {
  const credit = (amount: number, boughtAt: string, cycleEnds: string): Credit => ({
    amount: decimal(amount),
    boughtAt: day(boughtAt),
    cycleEnds: day(cycleEnds),
    rates: new Map(),
  });
  const long = credit(50, "2026-11-01", "2027-02-01");
  const short = credit(10, "2026-11-10", "2026-12-01");
  const stand = (spent: [string, number][], at: string) =>
    creditStandings(
      [long, short],
      spent.map(([when, amount]) => ({ at: day(when), amount: decimal(amount) })),
      day(at),
    ).map(({ drawn, left, lapsed }) => [drawn.toFixed(), left.toFixed(), lapsed.toFixed()]);

  it("draws first from the credit that ends first, and no more than there is", () => {
    expect(
      stand(
        [
          ["2026-11-05", 4],
          ["2026-11-11", 7],
          ["2026-11-12", 5],
        ],
        "2026-11-20",
      ),
    ).toEqual([
      ["6", "44", "0"],
      ["10", "0", "0"],
    ]);
  });

  it("lets what is left lapse with the cycle, and rolls nothing over", () => {
    expect(stand([["2026-11-11", 7]], "2026-12-01")).toEqual([
      ["0", "50", "0"],
      ["7", "0", "3"],
    ]);
  });

  it("takes nothing from a credit before it was bought or after it ended", () => {
    expect(
      stand(
        [
          ["2026-10-31", 5],
          ["2026-12-01", 5],
        ],
        "2026-12-02",
      ),
    ).toEqual([
      ["5", "45", "0"],
      ["0", "0", "10"],
    ]);
  });

  it("never draws more than was spent or than was bought", () => {
    expect(stand([["2026-11-11", 100]], "2026-11-12")).toEqual([
      ["50", "0", "0"],
      ["10", "0", "0"],
    ]);
    expect(creditAt([long, short], new Set([short]), day("2026-11-12"))).toBe(long);
    expect(creditAt([long, short], new Set([short, long]), day("2026-11-12"))).toBeNull();
  });
});
