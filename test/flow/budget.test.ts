import { describe, expect, test } from "vitest";
import { BudgetExceededError, isMeterError } from "../../src/index.ts";
import {
  Calendar,
  failure,
  image,
  input,
  noon,
  openClient,
  openEmulator,
  outcomes,
  plain,
  stores,
  times,
} from "./open.ts";

const day = 24 * 60 * 60_000;

describe.for(stores)("on %s", ([, store]) => {
  test("300 calls at $0.04 at once under $1.00 a day are 25 paid requests and 275 refusals that say everything", async () => {
    const emulator = await openEmulator();
    const { fal, meter, events } = openClient(emulator, {
      store: store(),
      budgets: [{ name: "all", limit: 1, per: "day" }],
    });
    const calls = times(300, () => fal.subscribe(image, { input, pollInterval: 5 }));
    const { answered, errors } = await outcomes(calls);
    expect(answered).toBe(25);
    expect(errors).toHaveLength(275);
    for (const error of errors) {
      expect(error).toBeInstanceOf(BudgetExceededError);
      expect(isMeterError(error)).toBe(true);
      const { budget, limit, spent, held, remaining, requested, resetsAt, transient, endpointId } =
        error as BudgetExceededError;
      expect({ budget, transient, endpointId }).toEqual({ budget: "all", transient: true, endpointId: image });
      expect(plain({ limit, remaining, requested })).toEqual({ limit: "1", remaining: "0", requested: "0.04" });
      expect(spent.add(held).toFixed()).toBe("1");
      expect(resetsAt).toEqual(new Date("2026-11-12T00:00:00Z"));
      expect(error.message).toMatch(/\$0\.04.*"all".*limit \$1.*2026-11-12T00:00:00\.000Z/);
    }
    expect(emulator.paidPosts()).toBe(25);
    expect(emulator.book.total().toFixed()).toBe("1");
    expect(plain(await meter.budgets())).toEqual([
      {
        ...{ name: "all", limit: "1", spent: "1", held: "0", remaining: "0" },
        ...{ windowStart: "2026-11-11T00:00:00.000Z", resetsAt: "2026-11-12T00:00:00.000Z" },
      },
    ]);
    expect(plain(await meter.spend())).toMatchObject({ spent: "1", held: "0", calls: 25, refused: 275, unknown: 0 });
    expect(events.filter(({ type }) => type === "budget-refused")).toHaveLength(275);
  });
});

describe("a window of", () => {
  test.for<[per: "hour" | "day" | "week" | "month", ends: string]>([
    ["hour", "2026-11-11T13:00:00Z"],
    ["day", "2026-11-12T00:00:00Z"],
    ["week", "2026-11-16T00:00:00Z"],
    ["month", "2026-12-01T00:00:00Z"],
  ])("one %s ends at %s and not before", async ([per, ends]) => {
    const emulator = await openEmulator();
    const clock = new Calendar();
    const { fal, meter } = openClient(emulator, { clock, budgets: [{ limit: "0.08", per }] });
    await fal.run(image, { input });
    await fal.run(image, { input });
    const end = new Date(ends);
    for (const at of [noon, end.getTime() - 1]) {
      clock.set(at);
      const error = await failure(fal.run(image, { input }));
      expect(error).toMatchObject({ name: "BudgetExceededError", resetsAt: end, transient: true });
    }
    clock.set(end);
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", remaining: "0.08", windowStart: end.toJSON() }]);
    await fal.run(image, { input });
    expect(emulator.paidPosts()).toBe(3);
  });

  test("the last 24 hours lets money go as it ages", async () => {
    const emulator = await openEmulator();
    const clock = new Calendar();
    const { fal } = openClient(emulator, { clock, budgets: [{ limit: "0.08", per: { rolling: "24h" } }] });
    await fal.run(image, { input });
    clock.set(noon + day / 2);
    await fal.run(image, { input });
    clock.set(noon + day - 60_000);
    const error = await failure(fal.run(image, { input }));
    expect(error).toMatchObject({ name: "BudgetExceededError", transient: true });
    clock.set(error.resetsAt as Date);
    await fal.run(image, { input });
    await expect(fal.run(image, { input })).rejects.toMatchObject({ name: "BudgetExceededError" });
    expect(emulator.paidPosts()).toBe(3);
  });

  test("all time never ends", async () => {
    const emulator = await openEmulator();
    const clock = new Calendar();
    const { fal } = openClient(emulator, { clock, budgets: [{ limit: "0.04", per: "total" }] });
    await fal.run(image, { input });
    clock.set(noon + 3_650 * day);
    const refused = { name: "BudgetExceededError", resetsAt: null, transient: false };
    await expect(fal.run(image, { input })).rejects.toMatchObject(refused);
    expect(emulator.paidPosts()).toBe(1);
  });

  test("one request caps each and counts none", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets: [{ limit: "0.04", per: "request" }] });
    await Promise.all(times(5, () => fal.run(image, { input })));
    const error = await failure(fal.run(image, { input: { ...input, num_images: 2 } }));
    expect(error).toMatchObject({ name: "BudgetExceededError", transient: false, resetsAt: null });
    expect(plain(error)).toMatchObject({ limit: "0.04", requested: "0.08" });
    expect(emulator.paidPosts()).toBe(5);
  });
});

test("the day begins at midnight where the budget's owner lives", async () => {
  const emulator = await openEmulator();
  const clock = new Calendar();
  const timezone = "America/New_York";
  const { fal } = openClient(emulator, { clock, timezone, budgets: [{ limit: "0.04", per: "day" }] });
  await fal.run(image, { input });
  const midnight = new Date("2026-11-12T05:00:00Z");
  clock.set(Date.UTC(2026, 10, 12, 1));
  await expect(fal.run(image, { input })).rejects.toMatchObject({ resetsAt: midnight });
  clock.set(midnight);
  await fal.run(image, { input });
});

test("a job that crosses midnight is charged to the day it was sent", async () => {
  const emulator = await openEmulator();
  const clock = new Calendar(Date.UTC(2026, 10, 11, 23, 59));
  const { fal, meter } = openClient(emulator, { clock, budgets: [{ limit: 1, per: "day" }] });
  const { request_id: requestId } = await fal.queue.submit(image, { input });
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
  clock.set(Date.UTC(2026, 10, 12, 0, 1));
  await fal.queue.result(image, { requestId });
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0", remaining: "1" }]);
  expect(plain((await meter.spend({ by: ["day"] })).groups)).toMatchObject([
    { key: { day: "2026-11-11T00:00:00.000Z" }, spent: "0.04", held: "0" },
  ]);
  const receipt = await meter.receipt(requestId);
  expect(plain(receipt)).toMatchObject({ sentAt: "2026-11-11T23:59:00.000Z", settledAt: "2026-11-12T00:01:00.000Z" });
  clock.set(Date.UTC(2026, 10, 11, 23, 59, 30));
  expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
});
