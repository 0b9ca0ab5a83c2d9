import { describe, expect, test, vi } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.ts";
import type { MeterOptions } from "../../src/index.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import { eventually, image, input, openClient, openEmulator, outcomes, plain, times } from "./open.ts";

/** A client whose requests are seen as they leave. */
function openSeen(emulator: Emulator, meter: MeterOptions) {
  const bodies: unknown[] = [];
  const seen: typeof fetch = (address, init) => {
    if (init?.method === "POST") bodies.push(JSON.parse(String(init.body)));
    return emulator.fetch(address, init);
  };
  return { bodies, ...openClient(emulator, meter, { fetch: seen }) };
}

/** What is said at a terminal. */
function listen(): string[] {
  const said: string[] = [];
  for (const level of ["info", "warn", "error", "log", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void said.push(String(line)));
  }
  return said;
}

/** Calls that wait, as the meter told of them. */
function waiting(events: readonly { type: string }[]): number {
  return events.filter(({ type }) => type === "call-queued").length;
}

describe("development", () => {
  const mode = "development";

  test("asks for small drafts, and leaves the caller's input as it is", async () => {
    listen();
    const emulator = await openEmulator();
    const { fal, bodies } = openSeen(emulator, { mode });
    const large = { prompt: "a cat", image_size: { width: 1024, height: 768 } };
    const { data } = await fal.run(image, { input: large });
    expect(data.images[0]).toMatchObject({ width: 512, height: 512 });
    expect(large.image_size).toEqual({ width: 1024, height: 768 });
    await fal.run(image, { input: { prompt: "a dog" } });
    await fal.with({ draft: false }).run(image, { input: large });
    expect(bodies).toEqual([
      { ...large, image_size: { width: 512, height: 512 } },
      { prompt: "a dog", image_size: { width: 512, height: 512 } },
      large,
    ]);
    expect((await fal.meter.spend()).spent.toFixed()).toBe(emulator.book.total().toFixed());
  });

  test("says a line for every call", async () => {
    const said = listen();
    const { fal } = openSeen(await openEmulator(), { mode });
    const endpointId = "fal-ai/nano-banana";
    await fal.run(endpointId, { input: { prompt: "a cat" } });
    await fal.run(endpointId, { input: { prompt: "a cat" } });
    await fal.run(endpointId, { input: { prompt: "" } }).catch(() => {});
    expect(said).toHaveLength(3);
    expect(said.every((line) => line.startsWith(`fal-meter: ${endpointId} `))).toBe(true);
    expect(said[0]).toMatch(
      /1 × image · estimated \$0\.0398 · not cached, billed \$0\.0398 .* waited 0 ms · \$0\.9602 left of \$1\.00/,
    );
    expect(said[1]).toMatch(/from the cache, saved \$0\.0398/);
    expect(said[2]).toMatch(/not cached, free/);
  });

  test("spends a dollar a day at most, unless budgets are given", async () => {
    listen();
    const emulator = await openEmulator();
    const { fal, meter } = openSeen(emulator, { mode, limits: {}, cache: false });
    expect(plain(await meter.budgets())).toMatchObject([{ limit: "1", windowStart: "2026-11-11T00:00:00.000Z" }]);
    const dear = { prompt: "a cat" };
    const { answered } = await outcomes(times(12, () => fal.run("fal-ai/nano-banana-pro", { input: dear })));
    expect(answered).toBe(6);
    const own = openSeen(emulator, { mode, budgets: [{ limit: 3, per: "week" }] });
    expect(plain(await own.meter.budgets())).toMatchObject([{ limit: "3" }]);
    expect(plain(await openSeen(emulator, { mode, budgets: [] }).meter.budgets())).toEqual([]);
  });

  test("keeps what is bought, seeded or not", async () => {
    listen();
    const emulator = await openEmulator();
    const { fal } = openSeen(emulator, { mode });
    const first = await fal.run(image, { input });
    expect(await fal.run(image, { input })).toEqual(first);
    expect(emulator.paidPosts()).toBe(1);
  });

  test("works on one call at a time", async () => {
    listen();
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { run: 10 } });
    const { fal, events } = openSeen(emulator, { mode });
    const calls = [1, 2, 3].map((seed) => fal.run(image, { input: { ...input, seed } }));
    for (const count of [1, 2, 3]) {
      await eventually(() => expect(emulator.paidPosts()).toBe(count));
      await eventually(() => expect(waiting(events)).toBe(2));
      await clock.move(10);
    }
    await Promise.all(calls);
  });

  test("starts ten calls a minute", async () => {
    listen();
    const clock = new MovedClock();
    const emulator = await openEmulator();
    const { fal, events } = openSeen(emulator, { mode, clock });
    for (const seed of times(10, (index) => index)) await fal.run(image, { input: { ...input, seed } });
    expect(waiting(events)).toBe(0);
    const eleventh = fal.run(image, { input: { ...input, seed: 10 } });
    await eventually(() => expect(waiting(events)).toBe(1));
    await clock.move(59_999);
    expect(emulator.paidPosts()).toBe(10);
    await clock.move(1_000);
    await eleventh;
    expect(emulator.paidPosts()).toBe(11);
  });
});

describe.for<[name: string, options: MeterOptions]>([
  ["production", { mode: "production" }],
  ["enterprise", { mode: "enterprise", contract: { rates: { [image]: "0.04" } } }],
])("%s", ([, options]) => {
  test("keeps seeded calls only, drafts nothing and says nothing", async () => {
    const said = listen();
    const emulator = await openEmulator();
    const { fal, bodies } = openSeen(emulator, options);
    for (const asked of [input, input, { ...input, seed: 4 }, { ...input, seed: 4 }])
      await fal.run(image, { input: asked });
    expect(bodies).toEqual([input, input, { ...input, seed: 4 }]);
    expect(said).toEqual([]);
  });

  test("tells at 50, 80 and 100 % of every budget that has no alerts of its own", async () => {
    listen();
    const budgets = [
      { name: "usual", limit: "0.20", per: "day" },
      { name: "own", limit: "0.20", per: "day", alertAt: [0.3] },
    ] as const;
    const { fal, events } = openSeen(await openEmulator(), { ...options, budgets });
    for (let call = 0; call < 5; call++) await fal.run(image, { input });
    const told = events.flatMap((event) => (event.type === "budget-warned" ? [[event.budget, event.fraction]] : []));
    expect(told).toEqual([
      ["own", 0.3],
      ["usual", 0.5],
      ["usual", 0.8],
      ["usual", 1],
    ]);
  });

  test("begins with two jobs at once and follows what fal allows", async () => {
    listen();
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { run: 10 } });
    const { fal } = openSeen(emulator, options);
    const calls = times(7, () => fal.run(image, { input }));
    for (const count of [2, 5]) {
      await eventually(() => expect(emulator.paidPosts()).toBe(count));
      await clock.move(10);
    }
    await eventually(() => expect(emulator.paidPosts()).toBe(7));
    await clock.move(10);
    await Promise.all(calls);
  });
});

test("enterprise prices by the contract", async () => {
  const options: MeterOptions = {
    mode: "enterprise",
    contract: { name: "Acme 2026", rates: { "acme/model": "0.25" } },
  };
  const { fal } = openSeen(await openEmulator(), options);
  const estimate = await fal.estimate("acme/model", {});
  expect(plain(estimate)).toMatchObject({ high: "0.25", basis: "contract", source: "Acme 2026" });
});

test("no mode only keeps the ledger: no budget, no pace, no cache, no draft, no word", async () => {
  const said = listen();
  const clock = new MovedClock();
  const emulator = await openEmulator({ clock, latencyMs: { run: 10 } });
  const { fal, meter, bodies } = openSeen(emulator, {});
  const calls = times(15, () => fal.run(image, { input: { ...input, seed: 4 } }));
  await eventually(() => expect(emulator.paidPosts()).toBe(15));
  await clock.move(10);
  await Promise.all(calls);
  expect(bodies).toEqual(times(15, () => ({ ...input, seed: 4 })));
  expect(await meter.budgets()).toEqual([]);
  expect(plain(await meter.spend())).toMatchObject({ spent: "0.6", calls: 15, cached: 0, joined: 0 });
  expect(said).toEqual([]);
});
