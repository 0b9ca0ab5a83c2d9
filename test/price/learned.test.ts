import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEvents } from "../../src/events.ts";
import { estimateRecord } from "../../src/ledger/entry.ts";
import { type Decimal, decimal, toNano } from "../../src/money.ts";
import { createLearnedBills, listBills } from "../../src/price/learned-bills.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { MovedClock } from "../emulator/moved-clock.ts";

const at = Date.UTC(2026, 10, 23);
/** Its listed unit says nothing of how many a request takes, and a unit's price is known. */
const unsaid = "fal-ai/vidu/q1/text-to-video";
const ruled = "fal-ai/flux/dev";
const unknown = "acme/never-listed";

function open(store: Store = createMemoryStore()) {
  const clock = new MovedClock(at);
  const pricer = createPricer(resolvePrices());
  const learned = createLearnedBills({ store, clock, events: createEvents(), pricer });
  /** A purchase of this input, billed by fal's units or its billing events. */
  const bill = (endpointId: string, input: object, billed: { units?: string; dollars?: string; basis?: string }) => {
    const estimate = estimateRecord(pricer.estimate(endpointId, input, at), pricer.shapeOf(endpointId, input));
    const price = pricer.unitPrice(endpointId, at)?.unitPrice;
    const byUnits = price && billed.units ? toNano(price.mul(billed.units)) : null;
    const actual = billed.dollars === undefined ? byUnits : toNano(decimal(billed.dollars));
    const basis = billed.basis ?? (byUnits === null ? "unknown" : "billed-units");
    learned.learn({ endpointId, estimate, actual, billableUnits: billed.units ?? null, basis });
  };
  const bracket = (endpointId: string, input: object) => {
    const { low, expected, high, basis, source } = pricer.estimate(endpointId, input, at);
    return [text(low), text(expected), text(high), basis, source];
  };
  return { store, pricer, learned, bill, bracket };
}

function text(amount: Decimal | null): string | null {
  return amount?.toFixed() ?? null;
}

describe("what is learned where no rule is known", () => {
  it("is the units of one bill, twice that for high, in dollars by the unit's price", async () => {
    const { bill, bracket, learned, pricer } = open();
    expect(bracket(unsaid, { prompt: "a cat" })[3]).toBe("unknown");
    bill(unsaid, { prompt: "a cat" }, { units: "8" });
    await learned.idle();
    const each = pricer.unitPrice(unsaid, at)!.unitPrice;
    const [low, expected, high, basis, source] = bracket(unsaid, { prompt: "another cat" });
    expect([low, expected, high, basis]).toEqual([each.mul(4), each.mul(8), each.mul(16)].map(text).concat("learned"));
    expect(source).toMatch(/^1 bill of \$/);
  });

  it("narrows as bills come in", async () => {
    const { bill, bracket, learned } = open();
    const highs: string[] = [];
    for (let count = 1; count <= 10; count++) {
      bill(unknown, { duration: 5 }, { dollars: "1", basis: "billing-event" });
      await learned.idle();
      highs.push(bracket(unknown, { duration: 5 })[2]!);
    }
    expect([highs[0], highs[1], highs[9]]).toEqual(["2", "1.5", "1.1"]);
  });

  it("is units alone, and no dollars, while nobody knows what a unit costs", async () => {
    const { bill, bracket, learned, store } = open();
    bill(unknown, {}, { units: "7" });
    await learned.idle();
    expect(bracket(unknown, {})).toEqual([null, null, null, "unknown", "no price is known for this endpoint"]);
    expect((await listBills(store, at))[0]!.bills.units!.last.toFixed()).toBe("7");
  });

  it("becomes dollars once fal's billing events have said what a unit costs", async () => {
    const { bill, bracket, learned, pricer } = open();
    bill(unknown, { duration: 5 }, { units: "7" });
    bill(unknown, { duration: 9 }, { units: "10", dollars: "0.5", basis: "billing-event" });
    await learned.idle();
    expect(pricer.unitPrice(unknown, at)).toMatchObject({ source: "fal's billing events" });
    expect(bracket(unknown, { duration: 5 }).slice(0, 3)).toEqual(["0.175", "0.35", "0.7"]);
  });

  it("serves other shapes of the endpoint with a wider margin", async () => {
    const { bill, bracket, learned } = open();
    bill(unknown, { resolution: "720p" }, { dollars: "1", basis: "billing-event" });
    await learned.idle();
    const [low, , high, , source] = bracket(unknown, { resolution: "480p" });
    expect([low, high, source]).toEqual(["0.25", "4", "1 bill of other requests of $1"]);
  });

  it.each([
    [{ num_images: 1 }, { num_images: 10 }, "20"],
    [{ duration: "5s" }, { duration: "15" }, "6"],
    [{ image_size: "square_hd" }, { image_size: { width: 4096, height: 4096 } }, "32"],
    [{ resolution: "480p" }, { resolution: "1080p" }, "10.125"],
    [{ upscale_factor: 2 }, { upscale_factor: 8 }, "32"],
    [{ num_images: 2, quality: "low" }, { num_images: 4, quality: "high" }, "16"],
    [{ generate_audio: false }, { generate_audio: true }, "4"],
    [{ num_images: 10 }, { num_images: 1 }, "4"],
    [{ text: "a".repeat(60) }, { text: "a".repeat(1_000) }, "40"],
  ])("holds more for %j, the one billed at $1, when %j is asked: $%s", async (billed, asked, held) => {
    const { bill, bracket, learned } = open();
    bill(unknown, billed, { dollars: "1", basis: "billing-event" });
    await learned.idle();
    expect(bracket(unknown, asked)[2]).toBe(held);
  });

  it("takes the request that was most like it, where several were billed", async () => {
    const { bill, bracket, learned } = open();
    bill(unknown, { num_images: 1 }, { dollars: "1", basis: "billing-event" });
    bill(unknown, { num_images: 8 }, { dollars: "8", basis: "billing-event" });
    await learned.idle();
    expect(bracket(unknown, { num_images: 16 })[2]).toBe("32");
  });

  it("allows for texts of one kind that differ in length, and for recordings that nobody listened to", async () => {
    const { bill, bracket, learned } = open();
    for (let n = 0; n < 20; n++) {
      bill("acme/tts", { text: "a".repeat(300) }, { dollars: "1", basis: "billing-event" });
      bill("acme/film-edit", { video_url: "https://example.com/a" }, { dollars: "1", basis: "billing-event" });
    }
    await learned.idle();
    expect(bracket("acme/tts", { text: "a".repeat(500) })[2]).toBe("2.1");
    expect(bracket("acme/film-edit", { video_url: "https://example.com/b" })[2]).toBe("4.2");
  });

  it("holds every bill seen so far between low and high, whatever the bills", async () => {
    const units = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(units, async (bills) => {
        const { bill, learned, pricer } = open();
        for (const each of bills) bill(unsaid, {}, { units: String(each) });
        await learned.idle();
        const { low, expected, high } = pricer.estimate(unsaid, {}, at);
        const price = pricer.unitPrice(unsaid, at)!.unitPrice;
        for (const each of bills) expect(low!.lte(price.mul(each)) && high!.gte(price.mul(each))).toBe(true);
        expect(low!.lte(expected!) && expected!.lte(high!)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a rule that is wrong", () => {
  const input = { image_size: "square_hd" };

  it("is believed after one bill outside its bracket, and not after two", async () => {
    const { bill, bracket, learned } = open();
    bill(ruled, input, { units: "3" });
    await learned.idle();
    expect(bracket(ruled, input).slice(1, 4)).toEqual(["0.025", "0.025", "list-price"]);
    bill(ruled, input, { units: "3" });
    await learned.idle();
    const [, expected, high, basis, source] = bracket(ruled, input);
    expect([expected, high, basis]).toEqual(["0.075", "0.1125", "learned"]);
    expect(source).toContain("the rule for it was wrong");
  });

  it("still stands for requests of another shape", async () => {
    const { bill, bracket, learned } = open();
    for (let count = 0; count < 3; count++) bill(ruled, input, { units: "3" });
    await learned.idle();
    expect(bracket(ruled, { image_size: "square_hd", num_images: 2 })[3]).toBe("list-price");
  });

  it("keeps its own high until twenty bills agree that it is too much", async () => {
    const { bill, bracket, learned } = open();
    const highs: string[] = [];
    for (let count = 1; count <= 20; count++) {
      bill(ruled, input, { units: "0.1" });
      await learned.idle();
      highs.push(bracket(ruled, input)[2]!);
    }
    expect([highs[1], highs[18], highs[19]]).toEqual(["0.025", "0.025", "0.002625"]);
  });

  it("is never replaced on the rate card, which is agreed", async () => {
    const { bill, bracket, learned } = open();
    for (let count = 0; count < 25; count++) bill("fal-ai/recraft-v3", {}, { units: "5" });
    await learned.idle();
    expect(bracket("fal-ai/recraft-v3", {}).slice(2, 4)).toEqual(["0.03", "rate-card"]);
  });

  it("that came out as expected costs no write at all", async () => {
    const { bill, learned, store } = open();
    for (let count = 0; count < 100; count++) bill(ruled, input, { units: "1" });
    await learned.idle();
    expect(await listBills(store, at)).toEqual([]);
  });
});

describe("what is kept", () => {
  it("is learned by another process over the same store", async () => {
    const { bill, learned, store } = open();
    bill(unsaid, {}, { units: "8" });
    await learned.idle();
    const other = open(store);
    await other.learned.load();
    expect(other.bracket(unsaid, {})[3]).toBe("learned");
    other.bill(unsaid, {}, { units: "8" });
    await other.learned.idle();
    bill(unsaid, {}, { units: "8" });
    await learned.idle();
    expect((await listBills(store, at)).map(({ bills }) => bills.count)).toEqual([3, 3]);
  });

  it("survives notes that are broken", async () => {
    const { learned, store, bracket } = open();
    for (const value of ["{", "null", '{"count":1,"outside":0,"at":1,"units":["x"],"amount":null}']) {
      await store.putNote({ kind: "learned", key: unsaid, value, at, expiresAt: null });
      await learned.load();
    }
    expect(bracket(unsaid, {})[3]).toBe("unknown");
  });

  it("tells requests apart by what bears on their price, and never by what a person wrote", () => {
    const { pricer } = open();
    const shape = (input: object, endpointId = "fal-ai/veo3.1") => pricer.shapeOf(endpointId, input);
    const secret = {
      prompt: "my secret",
      negative_prompt: "secret",
      image_url: "https://secret/a.png",
      seed: 42,
      text: "secret",
      style: "a secret wish",
    };
    for (const endpointId of ["fal-ai/veo3.1", ruled, unknown, "fal-ai/f5-tts"])
      expect(shape(secret, endpointId)).not.toMatch(/secret|42/);
    expect(shape({ prompt: "a" })).toBe(shape({ prompt: "b", seed: 7 }));
    expect(shape({})).toBe(shape({ duration: "8s" }));
    for (const input of [{ duration: "4s" }, { resolution: "4k" }, { generate_audio: false }])
      expect(shape(input)).not.toBe(shape({}));
    expect(shape({ image_size: { width: 1024, height: 1024 } }, ruled)).toBe(shape({ image_size: "square_hd" }, ruled));
    expect(shape({ text: "x".repeat(90) }, unknown)).toBe(shape({ text: "x".repeat(51) }, unknown));
    expect(shape({ text: "x".repeat(90) }, unknown)).not.toBe(shape({ text: "x" }, unknown));
  });

  it("is short, whatever comes in", () => {
    const { pricer } = open();
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 200 }), (input) => {
        const shape = pricer.shapeOf(unknown, input);
        expect(shape.length).toBeLessThanOrEqual(170);
        expect(shape).toMatch(/^[0-9a-f]{8}( [\w.:×<=-]+)*$/);
      }),
    );
  });
});
