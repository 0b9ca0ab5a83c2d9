import { setMaxListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Book } from "../../src/emulator/book.ts";
import { Cashier } from "../../src/emulator/cashier.ts";
import { Jobs } from "../../src/emulator/jobs.ts";
import { type EmulatorOptions, readOptions } from "../../src/emulator/options.ts";
import { PriceList } from "../../src/emulator/prices.ts";
import { MovedClock } from "./moved-clock.ts";

function shop(options: EmulatorOptions) {
  const clock = new MovedClock();
  const book = new Book();
  const settings = readOptions({ ...options, clock });
  const prices = new PriceList({});
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const jobs = new Jobs({
    settings,
    prices,
    cashier: new Cashier({ settings, prices, book }),
    origin: () => "http://127.0.0.1:1",
    ended: () => {},
    closing: closing.signal,
  });
  const enqueue = () => jobs.enqueue({ endpointId: "acme/app", input: {}, transport: "queue" });
  return { clock, book, jobs, enqueue };
}

test("the oldest finished jobs are forgotten beyond 10,000, and every one was billed", () => {
  const { book, jobs, enqueue } = shop({});
  const made = Array.from({ length: 10_050 }, () => enqueue().requestId);
  expect([jobs.all().length, jobs.find(made[0]!), jobs.find(made.at(-1)!)?.state]).toEqual([10_000, null, "COMPLETED"]);
  expect(book.total().toFixed()).toBe("100.5");
});

test("thousands that wait for one place all end once it is free", async () => {
  const { clock, jobs, enqueue } = shop({ maxConcurrency: 1 });
  const { done } = jobs.run({ endpointId: "acme/app", input: {}, transport: "run" }, 1000);
  for (let job = 0; job < 4_000; job++) enqueue();
  expect(jobs.all().some(({ state }) => state === "COMPLETED")).toBe(false);
  await clock.move(1000);
  await done;
  expect(jobs.all().every(({ state }) => state === "COMPLETED")).toBe(true);
});

test("never more at work than allowed, every job ends once, and only cancels in the queue are free", async () => {
  const steps = fc.array(fc.oneof(fc.constant("submit"), fc.constant("cancel"), fc.constant("move")), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (order, maxConcurrency) => {
      const { clock, book, jobs, enqueue } = shop({ maxConcurrency, latencyMs: { queue: 10, work: 30 } });
      let free = 0;
      for (const step of order) {
        if (step === "submit") enqueue();
        if (step === "move") await clock.move(10);
        const newest = jobs.all().at(-1);
        if (step === "cancel" && newest) {
          if (newest.state === "IN_QUEUE") free++;
          jobs.cancel(newest);
        }
        const working = jobs.all().filter(({ state }) => state === "IN_PROGRESS").length;
        expect(working).toBeLessThanOrEqual(maxConcurrency);
      }
      await clock.move(40 * 40);
      expect(jobs.all().every(({ state }) => state === "COMPLETED")).toBe(true);
      expect(book.lines.length).toBe(jobs.all().length - free);
    }),
    { numRuns: 30 },
  );
});
