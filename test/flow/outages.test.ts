import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BudgetStanding, MeteredFalClient, MeterOptions } from "../../src/index.ts";
import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import { startRedis } from "../store/redis-server.ts";
import {
  Calendar,
  eventually,
  failure,
  image,
  input,
  newFolder,
  noon,
  openClient,
  openEmulator,
  plain,
  times,
} from "./open.ts";
import { type Outage, outages } from "./outages.ts";

const HOUR_MS = 3_600_000;
const budgets = [{ name: "day", limit: 100, per: "day" }] as const;
const timeout = 60_000;

/** A fal that answers when its clock is moved, and a meter of the same day. */
async function open(store: Outage["store"], meter: MeterOptions = {}) {
  const fals = new MovedClock(noon);
  const emulator = await openEmulator({ clock: fals, latencyMs: { run: 1 } });
  const clock = new Calendar();
  const client = openClient(emulator, { store, budgets, clock, ...meter });
  /** Buys, and lets fal answer. */
  const buy = async (call = client.fal.run(image, { input })) => {
    const before = emulator.paidPosts();
    let over = false;
    const ended = call.finally(() => {
      over = true;
    });
    ended.catch(() => {});
    await eventually(() => expect(over || emulator.paidPosts() > before).toBe(true));
    await fals.move(1);
    return ended;
  };
  return { ...client, emulator, fals, clock, buy };
}

async function standing({ meter }: Pick<MeteredFalClient, "meter">) {
  const [{ spent, held } = { spent: "", held: "" }] = plain(await meter.budgets()) as { spent: string; held: string }[];
  return { spent, held };
}

describe.for(Object.entries(outages))("while %s", ([, arrange]) => {
  test("calls are refused and not sent; once it is over they go through", { timeout }, async ({ skip }) => {
    const outage = await arrange();
    if (!outage) return skip("this process may mount no disk");
    const { fal, buy, emulator, clock, meter } = await open(outage.store);
    await buy();
    await outage.strike();
    // A little may still fit on a disk that is full.
    let error: unknown;
    let bought = 1;
    for (; bought < 200 && error === undefined; bought++) await buy().catch((thrown: unknown) => (error = thrown));
    expect(error).toMatchObject({ name: "StoreError", reason: outage.reason });
    expect(emulator.paidPosts()).toBe(bought - 1);
    await outage.mend();
    await eventually(async () => void (await meter.budgets()));
    await buy();
    expect(emulator.paidPosts()).toBe(bought);

    // A hold whose answer was lost may have been made; under it nothing was sent.
    clock.set(noon + 2 * HOUR_MS);
    await meter.reconcile();
    const { spent, held } = await standing(fal);
    expect(spent).toBe(emulator.book.total().toFixed());
    expect(["0", "0.04"]).toContain(held);
  });

  test("no answer is taken from a caller, and what could not be written down is booked afterwards", {
    timeout,
  }, async ({ skip }) => {
    const outage = await arrange();
    if (!outage) return skip("this process may mount no disk");
    const { fal, emulator, fals, clock, meter } = await open(outage.store);
    const running = times(3, () => fal.run(image, { input }));
    await eventually(() => expect(emulator.paidPosts()).toBe(3));
    await outage.strike();
    await fals.move(1);
    for (const { data } of await Promise.all(running)) expect(data.images).toHaveLength(1);
    await outage.mend();
    await eventually(async () => void (await meter.budgets()));
    const [{ spent, held }] = (await meter.budgets()) as [BudgetStanding];
    expect(spent.add(held).toFixed()).toBe("0.12");
    clock.set(noon + 2 * HOUR_MS);
    expect(await meter.reconcile()).toMatchObject({ open: 0, failure: null });
    expect(await standing(fal)).toEqual({ spent: emulator.book.total().toFixed(), held: "0" });
    expect(emulator.book.total().toFixed()).toBe("0.12");
  });

  test('calls pass unmetered with onStoreFailure "allow", and the meter says so', { timeout }, async ({ skip }) => {
    const outage = await arrange();
    if (!outage) return skip("this process may mount no disk");
    const { buy, emulator, events } = await open(outage.store, { onStoreFailure: "allow" });
    await buy();
    await outage.strike();
    const failed = () => events.filter((event) => event.type === "store-failed" && event.verb === "hold");
    let calls = 1;
    for (; calls < 200 && failed().length === 0; calls++) expect((await buy()).data.images).toHaveLength(1);
    expect(failed()).not.toEqual([]);
    expect(emulator.paidPosts()).toBe(calls);
    await outage.mend();
  });
});

test("a Redis that is flushed under load is a new ledger: every caller is answered, and no counter is below zero", {
  timeout,
}, async () => {
  const server = await startRedis();
  const store = await connectRedisStore({ url: server.url });
  const { fal, emulator, fals, meter } = await open(store);
  const running = times(40, () => fal.run(image, { input }));
  await eventually(() => expect(emulator.paidPosts()).toBe(40));
  await server.admin.flushall();
  await fals.move(1);
  const later = times(10, () => fal.run(image, { input }));
  await eventually(() => expect(emulator.paidPosts()).toBe(50));
  await fals.move(1);
  for (const { data } of await Promise.all([...running, ...later])) expect(data.images).toHaveLength(1);
  expect(await standing(fal)).toEqual({ spent: "0.4", held: "0" });
  expect(plain(await meter.spend())).toMatchObject({ spent: "0.4", held: "0", calls: 10 });
});

test("a file whose pages were overwritten refuses the call as corrupt: nothing is sent", { timeout }, async () => {
  const path = join(newFolder(), "ledger.db");
  const kept = await open(await openSqliteStore(path));
  for (const _ of times(20, () => null)) await kept.buy();
  await kept.meter.close();
  const copy = join(newFolder(), "ledger.db");
  writeFileSync(copy, readFileSync(path).fill(0xa5, 4_096));
  const emulator = await openEmulator();
  const { fal } = openClient(emulator, { store: `sqlite:${copy}`, budgets });
  expect(await failure(fal.run(image, { input }))).toMatchObject({ name: "StoreError", reason: "corrupt" });
  expect(emulator.requests).toEqual([]);
});
