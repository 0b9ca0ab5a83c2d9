import { describe, expect, test, vi } from "vitest";
import {
  createFalClient,
  createMeter,
  isMeterError,
  type MeteredConfig,
  type MeterOptions,
  OptionsError,
} from "../../src/index.ts";
import { failure, image, input, openClient, openEmulator, plain, unpriced } from "./open.ts";

const day = (budget: object) => ({ budgets: [{ limit: 1, per: "day", ...budget }] });

/** What a user could get wrong, and the option that the error must name. */
const mistakes: [option: string, options: object][] = [
  ["meter.budget", { budget: [] }],
  ["mode", { mode: "fast" }],
  ["budgets", { budgets: { limit: 1, per: "day" } }],
  ["budgets[0].limit", day({ limit: -1 })],
  ["budgets[0].limit", day({ limit: Number.NaN })],
  ["budgets[0].limit", day({ limit: "ten" })],
  ["budgets[0].limit", day({ limit: undefined })],
  ["budgets[0].per", day({ per: "year" })],
  ["budgets[0].per.rolling", day({ per: { rolling: "soon" } })],
  ["budgets[0].per.window", day({ per: { rolling: "1h", window: 3 } })],
  ["budgets[0].onExceed", day({ onExceed: "shout" })],
  ["budgets[0].alertAt", day({ alertAt: [0] })],
  ["budgets[0].alertAt", day({ alertAt: 0.5 })],
  ["budgets[0].splitBy", day({ splitBy: "tag:" })],
  ["budgets[0].match.endpoint", day({ match: { endpoint: "fal-ai/*" } })],
  ["budgets[0].match.endpoints", day({ match: { endpoints: [] } })],
  ["budgets[0].match.tags", day({ match: { tags: { team: 3 } } })],
  ["budgets[0].name", day({ name: " " })],
  ["budgets[0].cap", day({ cap: 3 })],
  ["budgets[1].name", { budgets: ["a", "a"].map((name) => ({ name, limit: 1, per: "day" })) }],
  ["limits", { limits: 3 }],
  ["limits.rate", { limits: { rate: 3 } }],
  ["limits.concurrency", { limits: { concurrency: -1 } }],
  ["limits.concurrency", { limits: { concurrency: 1.5 } }],
  ["limits.starts.count", { limits: { starts: { count: 0, per: "1m" } } }],
  ["limits.starts.per", { limits: { starts: { count: 1, per: "soon" } } }],
  ["limits.starts.each", { limits: { starts: { count: 1, per: "1m", each: 1 } } }],
  ["limits.maxQueue", { limits: { maxQueue: -1 } }],
  ["limits.adaptive", { limits: { adaptive: "yes" } }],
  ["limits.jobTimeout", { limits: { jobTimeout: -5 } }],
  ["limits.endpoints", { limits: { endpoints: ["fal-ai/*"] } }],
  ['limits.endpoints["fal-ai/*"].adaptive', { limits: { endpoints: { "fal-ai/*": { adaptive: true } } } }],
  ["cache", { cache: true }],
  ["cache.ttl", { cache: { ttl: "soon" } }],
  ["cache.ttl", { cache: {} }],
  ["cache.ttl", { cache: { ttl: "30d" } }],
  ["cache.size", { cache: { ttl: "1h", size: 3 } }],
  ["cache.unseeded", { cache: { ttl: "1h", unseeded: "yes" } }],
  ["cache.maxEntries", { cache: { ttl: "1h", maxEntries: 0 } }],
  ["cache.maxBytes", { cache: { ttl: "1h", maxBytes: 1 } }],
  ["cache.persist", { cache: { ttl: "1h", persist: 1 } }],
  ["prices.rate", { prices: { rate: {} } }],
  ["prices.inputs.videoSeconds", { prices: { inputs: { videoSeconds: -1 } } }],
  ['prices.rates["acme/a"]', { prices: { rates: { "acme/a": "cheap" } } }],
  ['prices.rates["acme/a"].unit', { prices: { rates: { "acme/a": { price: 1, unit: "credits" } } } }],
  ["contract", { mode: "enterprise" }],
  ["contract.terms", { contract: { terms: "net 30" } }],
  ["store", { store: "mysql://host" }],
  ["store", { store: "sqlite:" }],
  ["store", { store: 5 }],
  ["store", { store: {} }],
  ["timezone", { timezone: "Mars/Olympus_Mons" }],
  ["weekStart", { weekStart: "someday" }],
  ["tags", { tags: "acme" }],
  ["tags", { tags: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`t${index}`, "v"])) }],
  ["tags.customer", { tags: { customer: 3 } }],
  ["tags.customer", { tags: { customer: "x".repeat(257) } }],
  ["onUnknownPrice", { onUnknownPrice: "perhaps" }],
  ["onUnknownPrice.assume", { onUnknownPrice: { assume: -1 } }],
  ["onStoreFailure", { onStoreFailure: "panic" }],
  ["realtime", { realtime: "yes" }],
  ["logger", { logger: { info() {} } }],
  ["onEvent", { onEvent: "tell me" }],
  ["fetch", { fetch: "https://fal.run" }],
  ["clock", { clock: { now: () => 0 } }],
];

describe("a bad option is refused by its name before anything is made:", () => {
  test.for(mistakes)("%s in %j", ([option, options]) => {
    for (const create of [
      () => createMeter(options as MeterOptions),
      () => createFalClient({ meter: options } as MeteredConfig),
    ]) {
      try {
        create();
        expect.fail("nothing was thrown");
      } catch (error) {
        expect(error).toBeInstanceOf(OptionsError);
        expect(isMeterError(error)).toBe(true);
        expect((error as OptionsError).option).toBe(option);
        expect((error as Error).message).toContain(`${option} must be `);
      }
    }
  });

  test.for<[option: string, scope: object]>([
    ["scope.maxcost", { maxcost: 1 }],
    ["scope.maxCost", { maxCost: -1 }],
    ["scope.maxCost", { maxCost: "one" }],
    ["scope.tags", { tags: ["a"] }],
    ["scope.tags.team", { tags: { team: null } }],
    ["scope.priority", { priority: Number.NaN }],
    ["scope.cache", { cache: true }],
    ["scope.draft", { draft: "yes" }],
  ])("%s of a scope in %j", ([option, scope]) => {
    const fal = createFalClient({ meter: { store: "memory:" } });
    expect(() => fal.with(scope)).toThrow(expect.objectContaining({ name: "OptionsError", option }));
  });

  test.for<[option: string, ask: (meter: ReturnType<typeof createMeter>) => Promise<unknown>]>([
    ["spend.by", (meter) => meter.spend({ by: ["moon" as never] })],
    ["spend.since", (meter) => meter.spend({ since: "yesterday" })],
    ["invalidate.everything", (meter) => meter.invalidate({ everything: true } as never)],
    ["reconcile.olderThan", (meter) => meter.reconcile({ olderThan: "soon" as never })],
    ["endpointId", (meter) => meter.estimate("", {})],
  ])("%s of a question to the meter", async ([option, ask]) => {
    const error = await failure(ask(createMeter({ store: "memory:" })));
    expect(error).toMatchObject({ name: "OptionsError", option });
  });

  test("the store that the environment names", () => {
    vi.stubEnv("FAL_METER_STORE", "mysql://host");
    expect(() => createMeter()).toThrow(expect.objectContaining({ name: "OptionsError", option: "store" }));
    vi.unstubAllEnvs();
  });

  test.for([
    "postgres://acme:word-of-secrets@host/ledger",
    "redis//acme:word-of-secrets@host",
    { url: "redis://acme:word-of-secrets@host" },
  ])("a store's address, without the password in it: %j", (store) => {
    expect.assertions(1);
    try {
      createMeter({ store } as MeterOptions);
    } catch (error) {
      expect(`${(error as Error).message}\n${JSON.stringify(error)}`).not.toContain("word-of-secrets");
    }
  });
});

describe("an input that no request can mean", () => {
  const absurd: [option: string, endpointId: string, input: object][] = [
    ["input.num_images", image, { num_images: 1e9 }],
    ["input.num_images", image, { num_images: -1 }],
    ["input.num_images", image, { num_images: "two" }],
    ["input.image_size.width", image, { image_size: { width: "wide", height: 512 } }],
    ["input.image_size.width", image, { image_size: { width: -512, height: 512 } }],
    ["input.seconds_total", "fal-ai/stable-audio", { seconds_total: 1e9 }],
    ["input.steps", "fal-ai/flux-lora-portrait-trainer", { steps: -5 }],
  ];

  test.for(absurd)("%s of %s in %j is refused under a budget: nothing is sent and nothing is held", async (given) => {
    const [option, endpointId, asked] = given;
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, day({}) as MeterOptions);
    const whole = { prompt: "a cat", ...asked };
    for (const call of [fal.run(endpointId, { input: whole }), fal.subscribe(endpointId, { input: whole })]) {
      const error = await failure(call);
      expect(error.name).toBe("OptionsError");
      expect(error.option).toContain(option.split(".").slice(0, 2).join("."));
    }
    await expect(fal.estimate(endpointId, whole)).rejects.toMatchObject({ name: "OptionsError" });
    expect(emulator.requests).toEqual([]);
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0" }]);
    expect(plain(await meter.spend())).toMatchObject({ calls: 0, held: "0", unknown: 0 });
  });

  test.for(absurd)("%s of %s in %j goes to fal without a budget, as it would from the client alone", async (given) => {
    const [, endpointId, asked] = given;
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator);
    await fal.run(endpointId, { input: { prompt: "a cat", ...asked } }).catch((error: Error) => {
      expect(isMeterError(error)).toBe(false);
    });
    expect(emulator.requests).toHaveLength(1);
    expect(plain(await meter.spend())).toMatchObject({ held: "0" });
  });
});

test("an estimate sends nothing, holds nothing, and is what is held", async () => {
  const emulator = await openEmulator();
  const { fal, meter } = openClient(emulator, day({}) as MeterOptions);
  const estimate = await fal.estimate(image, { ...input, num_images: 2 });
  expect(plain(estimate)).toMatchObject({ endpointId: image, currency: "USD", expected: "0.08", high: "0.08" });
  expect(plain(await fal.estimate(unpriced, {}))).toMatchObject({ high: null, basis: "unknown" });
  expect(emulator.requests).toEqual([]);
  await fal.queue.submit(image, { input: { ...input, num_images: 2 } });
  expect(plain(await meter.budgets())).toMatchObject([{ held: "0.08" }]);
});
