import { describe, expect, test } from "vitest";
import type { MeterEvent } from "../../src/index.ts";
import { failure, image, input, noon, openClient, openEmulator, outcomes, plain, times, unpriced } from "./open.ts";

const refused = { name: "BudgetExceededError" };

function warnings(events: readonly MeterEvent[]) {
  return events.flatMap((event) => (event.type === "budget-warned" ? [[event.budget, event.fraction]] : []));
}

describe("a budget counts the calls that it matches", () => {
  test("by endpoint, and no others", async () => {
    const emulator = await openEmulator();
    const match = { endpoints: ["fal-ai/flux-pro/*", "acme/*"] };
    const { fal, meter } = openClient(emulator, { budgets: [{ name: "flux", limit: "0.04", per: "day", match }] });
    await fal.run(image, { input });
    await expect(fal.run(image, { input })).rejects.toMatchObject({ ...refused, budget: "flux" });
    await fal.run("fal-ai/nano-banana", { input: { prompt: "a cat" } });
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04" }]);
    expect(emulator.paidPosts()).toBe(2);
  });

  test("by tags, all of which must be there", async () => {
    const emulator = await openEmulator();
    const match = { tags: { team: "a", stage: "test" } };
    const { fal } = openClient(emulator, { tags: { stage: "test" }, budgets: [{ limit: "0.04", per: "day", match }] });
    const ours = fal.with({ tags: { team: "a" } });
    await ours.run(image, { input });
    await expect(ours.run(image, { input })).rejects.toMatchObject(refused);
    await fal.run(image, { input });
    await fal.with({ tags: { team: "b" } }).run(image, { input });
    expect(emulator.paidPosts()).toBe(3);
  });

  test("under every budget that matches, or under none", async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, {
      budgets: [
        { name: "wide", limit: 1, per: "day" },
        { name: "narrow", limit: "0.04", per: "day", match: { endpoints: image } },
      ],
    });
    const { answered, errors } = await outcomes(times(10, () => fal.run(image, { input })));
    expect([answered, errors.length]).toEqual([1, 9]);
    for (const error of errors) expect(error).toMatchObject({ ...refused, budget: "narrow" });
    expect(plain(await meter.budgets())).toMatchObject([
      { name: "wide", spent: "0.04", held: "0" },
      { name: "narrow", spent: "0.04", held: "0" },
    ]);
  });
});

describe("a split budget is a cap of its own", () => {
  test("for every endpoint", async () => {
    const emulator = await openEmulator();
    const budgets = [{ limit: "0.04", per: "day", splitBy: "endpoint" }] as const;
    const { fal, meter } = openClient(emulator, { budgets });
    for (const endpointId of [image, "fal-ai/nano-banana"]) {
      await fal.run(endpointId, { input });
      await expect(fal.run(endpointId, { input })).rejects.toMatchObject(refused);
    }
    expect(plain(await meter.budgets())).toMatchObject([
      { split: image, spent: "0.04" },
      { split: "fal-ai/nano-banana", spent: "0.0398" },
    ]);
  });

  test("for every value of a tag, one seen for the first time included, and one for the calls without it", async () => {
    const emulator = await openEmulator();
    const budgets = [{ limit: "0.08", per: "day", splitBy: "tag:customer" }] as const;
    const { fal, meter } = openClient(emulator, { budgets });
    const clients = [fal, ...["acme", "initech", "hooli"].map((customer) => fal.with({ tags: { customer } }))];
    const calls = clients.flatMap((client) => times(5, () => client.run(image, { input })));
    expect((await outcomes(calls)).answered).toBe(8);
    const standings = plain(await meter.budgets()) as { split: string; spent: string }[];
    expect(standings.map(({ split, spent }) => [split, spent]).sort()).toEqual(
      ["(none)", "acme", "hooli", "initech"].map((split) => [split, "0.08"]),
    );
  });
});

test("a budget that warns lets everything through and tells once when it is reached", async () => {
  const emulator = await openEmulator();
  const budgets = [{ name: "soft", limit: "0.08", per: "day", onExceed: "warn" }] as const;
  const { fal, meter, events } = openClient(emulator, { budgets });
  for (let call = 0; call < 4; call++) await fal.run(image, { input });
  expect(emulator.paidPosts()).toBe(4);
  expect(warnings(events)).toEqual([["soft", 1]]);
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.16", remaining: "0" }]);
});

test("a cap on one request that warns tells of each that crosses it", async () => {
  const emulator = await openEmulator();
  const budgets = [{ name: "dear", limit: "0.05", per: "request", onExceed: "warn" }] as const;
  const { fal, events } = openClient(emulator, { budgets });
  await fal.run(image, { input });
  await fal.run(image, { input: { ...input, num_images: 2 } });
  expect(warnings(events)).toEqual([["dear", 1.6]]);
  expect(emulator.paidPosts()).toBe(2);
});

test("alerts are told once each, in rising order, as money is held", async () => {
  const emulator = await openEmulator();
  const budgets = [{ name: "watched", limit: "0.20", per: "day", alertAt: [0.8, 0.5, 1] }] as const;
  const { fal, events } = openClient(emulator, { budgets });
  for (let call = 0; call < 2; call++) await fal.run(image, { input });
  expect(warnings(events)).toEqual([]);
  for (let call = 0; call < 3; call++) await fal.run(image, { input });
  await failure(fal.run(image, { input }));
  const told = [0.5, 0.8, 1].map((fraction) => ["watched", fraction]);
  expect(warnings(events)).toEqual(told);
  const event = events.find(({ type }) => type === "budget-warned");
  expect(plain(event)).toMatchObject({ limit: "0.2", at: noon, resetsAt: "2026-11-12T00:00:00.000Z" });
});

test("maxCost caps each call of a scope and leaves the others alone", async () => {
  const emulator = await openEmulator();
  const { fal } = openClient(emulator);
  const thrifty = fal.with({ maxCost: "0.04" });
  await thrifty.run(image, { input });
  const error = await failure(thrifty.run(image, { input: { ...input, num_images: 2 } }));
  expect(error).toMatchObject({ ...refused, budget: "maxCost", transient: false });
  await expect(thrifty.run(unpriced, { input: {} })).rejects.toMatchObject({ name: "UnknownPriceError" });
  await fal.run(image, { input: { ...input, num_images: 2 } });
  expect(emulator.paidPosts()).toBe(2);
});

describe("a price that nobody knows", () => {
  const budgets = [{ name: "all", limit: "1.00", per: "day" }] as const;

  test("is refused under a budget", async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, { budgets });
    const error = await failure(fal.subscribe(unpriced, { input: {} }));
    expect(error).toMatchObject({ name: "UnknownPriceError", endpointId: unpriced, budgets: ["all"] });
    expect(emulator.requests).toEqual([]);
    expect(plain(await meter.spend())).toMatchObject({ calls: 0, held: "0", unknown: 0 });
  });

  test("passes where no budget matches, and is booked as unknown, not as nothing", async () => {
    const emulator = await openEmulator();
    const match = { endpoints: "fal-ai/*" };
    const { fal, meter } = openClient(emulator, { budgets: [{ limit: 1, per: "day", match }] });
    const { requestId } = await fal.run(unpriced, { input: {} });
    expect(plain(await meter.receipt(requestId))).toMatchObject({ actual: null, outcome: "charged", basis: "unknown" });
    expect(plain(await meter.spend())).toMatchObject({ spent: "0", calls: 1, unknown: 1 });
  });

  test('passes with onUnknownPrice "allow"', async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, { budgets, onUnknownPrice: "allow" });
    await fal.run(unpriced, { input: {} });
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0" }]);
    expect(plain(await meter.spend())).toMatchObject({ calls: 1, unknown: 1 });
  });

  test("counts as what it is assumed to be", async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, { budgets, onUnknownPrice: { assume: "0.30" } });
    const { answered } = await outcomes(times(5, () => fal.run(unpriced, { input: {} })));
    expect(answered).toBe(3);
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.9", held: "0" }]);
  });
});
