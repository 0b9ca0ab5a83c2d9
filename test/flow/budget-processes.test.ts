import { expect, test } from "vitest";
import { MovedClock } from "../emulator/moved-clock.ts";
import { Calendar, eventually, image, input, newLedger, noon, openClient, openEmulator, plain } from "./open.ts";
import { go, kill, type Orders, startProcesses } from "./processes.ts";

const budgets = [{ limit: 1, per: "day" as const }];

test("four processes on one ledger hold one cap exactly", async () => {
  const emulator = await openEmulator();
  const store = newLedger();
  const orders: Orders = {
    ...{ emulatorUrl: emulator.url, meter: { store, budgets }, now: noon },
    ...{ endpointId: image, input, door: "subscribe", calls: 30 },
  };
  const outcomes = await Promise.all(go(await startProcesses(4, orders)));
  const answered = outcomes.flatMap(({ requestIds }) => requestIds);
  const errors = outcomes.flatMap((outcome) => outcome.errors);
  expect(new Set(answered).size).toBe(25);
  expect(errors).toEqual(Array.from({ length: 95 }, () => "BudgetExceededError"));
  expect(emulator.paidPosts()).toBe(25);
  const { meter } = openClient(emulator, { store, budgets });
  expect(plain(await meter.budgets())).toMatchObject([{ limit: "1", spent: "1", held: "0", remaining: "0" }]);
});

test("processes killed in flight leave their holds held: nothing is refunded and the cap is never crossed", async () => {
  const clock = new MovedClock();
  const emulator = await openEmulator({ clock, latencyMs: { run: 1_000 } });
  const store = newLedger();
  const orders: Orders = {
    ...{ emulatorUrl: emulator.url, meter: { store, budgets }, now: noon },
    ...{ endpointId: image, input, door: "run", calls: 10 },
  };
  const children = await startProcesses(4, orders);
  const outcomes = go(children);
  // Those of the dead, who say nothing.
  for (const outcome of outcomes.slice(2)) outcome.catch(() => {});
  await eventually(() => expect(emulator.paidPosts()).toBe(25));
  await kill(children.slice(2));
  await clock.move(1_000);
  const survivors = await Promise.all(outcomes.slice(0, 2));
  const survived = survivors.flatMap(({ requestIds }) => requestIds).length;
  const dead = 25 - survived;
  // Two processes with ten calls each cannot have used up the cap, so the dead had at least five.
  expect(dead).toBeGreaterThanOrEqual(5);

  const later = new Calendar(noon + 60 * 60_000);
  const { fal, meter } = openClient(emulator, { store, budgets, clock: later });
  const cents = (count: number) => String((count * 4) / 100);
  const standing = { spent: cents(survived), held: cents(dead), remaining: "0" };
  expect(plain(await meter.budgets())).toMatchObject([standing]);
  await expect(fal.run(image, { input })).rejects.toMatchObject({ name: "BudgetExceededError" });
  expect(await meter.reconcile()).toMatchObject({ checked: dead, settled: 0, open: dead });
  expect(plain(await meter.budgets())).toMatchObject([standing]);
  expect(emulator.paidPosts()).toBe(25);
});
