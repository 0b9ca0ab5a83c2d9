/** What compiles and what does not; checked by the compiler, and run so that it is seen to load. */
import type { FalClient, Result } from "@fal-ai/client";
import type { EndpointTypeMap } from "@fal-ai/client/endpoints";
import { expect, expectTypeOf, test } from "vitest";
import {
  ApiError,
  createFalClient,
  createMeter,
  type Decimal,
  type Estimate,
  fal,
  type Meter,
  type MeterEventOf,
  type MeteredConfig,
  type MeteredFalClient,
  type MeterOptions,
  type Receipt,
  type SpendSummary,
  ValidationError,
} from "../../src/index.ts";

const flux = "fal-ai/flux/dev";
type FluxInput = EndpointTypeMap[typeof flux]["input"];
type FluxOutput = EndpointTypeMap[typeof flux]["output"];

/** Never called: only its types count. */
function calls(client: MeteredFalClient) {
  return {
    run: () => client.run(flux, { input: { prompt: "a cat", num_images: 2 } }),
    subscribe: () => client.subscribe(flux, { input: { prompt: "a cat" }, logs: true }),
    result: () => client.queue.result(flux, { requestId: "id" }),
    scoped: () => client.with({ tags: { team: "a" }, maxCost: "0.10" }).run(flux, { input: { prompt: "a cat" } }),
    plain: () => client.run("acme/any", { input: { anything: 1 } }),
    // @ts-expect-error a prompt is a string
    badRun: () => client.run(flux, { input: { prompt: 3 } }),
    // @ts-expect-error a prompt is needed
    badSubscribe: () => client.subscribe(flux, { input: { num_images: 2 } }),
    // @ts-expect-error the size is none of flux's
    badSize: () => client.run(flux, { input: { prompt: "a cat", image_size: "enormous" } }),
    // @ts-expect-error meter options are no call options
    smuggled: () => client.run(flux, { input: { prompt: "a cat" }, maxCost: 1 }),
    // @ts-expect-error no such scope
    badScope: () => client.with({ maxcost: 1 }),
  };
}

test("the client is upstream's client, and more", () => {
  expectTypeOf<MeteredFalClient>().toExtend<FalClient>();
  expectTypeOf(fal).toExtend<FalClient>();
  expectTypeOf(createFalClient).returns.toEqualTypeOf<MeteredFalClient>();
  const upstream: FalClient = createFalClient({ meter: { store: "memory:" } });
  expect(Object.keys(upstream)).toEqual(expect.arrayContaining(["run", "subscribe", "stream", "queue", "storage"]));
});

test("its config is upstream's config, and a meter", () => {
  type Upstream = NonNullable<Parameters<typeof import("@fal-ai/client").createFalClient>[0]>;
  expectTypeOf<Upstream>().toExtend<MeteredConfig>();
  expectTypeOf<MeteredConfig>().toExtend<Upstream>();
  expectTypeOf<MeteredConfig["meter"]>().toEqualTypeOf<MeterOptions | Meter | undefined>();
});

test("endpoints keep their inputs and outputs", () => {
  type Calls = ReturnType<typeof calls>;
  expectTypeOf<ReturnType<Calls["run"]>>().resolves.toEqualTypeOf<Result<FluxOutput>>();
  expectTypeOf<ReturnType<Calls["subscribe"]>>().resolves.toEqualTypeOf<Result<FluxOutput>>();
  expectTypeOf<ReturnType<Calls["result"]>>().resolves.toEqualTypeOf<Result<FluxOutput>>();
  expectTypeOf<ReturnType<Calls["scoped"]>>().resolves.toEqualTypeOf<Result<FluxOutput>>();
  // biome-ignore lint/suspicious/noExplicitAny: upstream's own type for endpoints that it does not know
  expectTypeOf<ReturnType<Calls["plain"]>>().resolves.toEqualTypeOf<Result<any>>();
  expectTypeOf<FluxInput["prompt"]>().toEqualTypeOf<string>();
  expect(calls).toBeTypeOf("function");
});

test("the read side says what it gives", () => {
  expectTypeOf<MeteredFalClient["estimate"]>().returns.resolves.toEqualTypeOf<Estimate>();
  expectTypeOf<Estimate["high"]>().toEqualTypeOf<Decimal | null>();
  expectTypeOf<Meter["receipt"]>().returns.resolves.toEqualTypeOf<Receipt | undefined>();
  expectTypeOf<Meter["spend"]>().returns.resolves.toEqualTypeOf<SpendSummary>();
  expectTypeOf<Meter["fetch"]>().toEqualTypeOf<typeof fetch>();
  const meter = createMeter({ store: "memory:" });
  const stop = meter.on("call-settled", (event) => {
    expectTypeOf(event).toEqualTypeOf<MeterEventOf<"call-settled">>();
    expectTypeOf(event.actual).toEqualTypeOf<Decimal | null>();
  });
  stop();
  expectTypeOf(stop).returns.toEqualTypeOf<void>();
});

test("errors are upstream's own classes", async () => {
  const upstream = await import("@fal-ai/client");
  expect([ApiError, ValidationError]).toEqual([upstream.ApiError, upstream.ValidationError]);
  expectTypeOf(ApiError).toEqualTypeOf<typeof upstream.ApiError>();
});

test("options that are wrong do not compile", () => {
  const wrong: MeterOptions[] = [
    // @ts-expect-error no such mode
    { mode: "fast" },
    // @ts-expect-error no such option
    { budget: [] },
    // @ts-expect-error a budget needs a limit
    { budgets: [{ per: "day" }] },
    // @ts-expect-error no such window
    { budgets: [{ limit: 1, per: "year" }] },
    // @ts-expect-error no such duration
    { budgets: [{ limit: 1, per: { rolling: "soon" } }] },
    // @ts-expect-error split by an endpoint or a tag
    { budgets: [{ limit: 1, per: "day", splitBy: "customer" }] },
    // @ts-expect-error a count is a number
    { limits: { starts: { count: "ten", per: "1s" } } },
    // @ts-expect-error a cache has a ttl
    { cache: {} },
    // @ts-expect-error false, or options
    { cache: true },
    // @ts-expect-error tags are strings
    { tags: { customer: 3 } },
    // @ts-expect-error refuse, allow or assume
    { onUnknownPrice: "perhaps" },
    // @ts-expect-error a clock sleeps too
    { clock: { now: () => 0 } },
  ];
  const right: MeterOptions = {
    budgets: [{ limit: "0.04", per: { rolling: "90m" }, match: { endpoints: "fal-ai/*" }, splitBy: "tag:customer" }],
    limits: { concurrency: 2, starts: { count: 10, per: "1m" }, endpoints: { "fal-ai/*": { maxQueue: 3 } } },
    cache: { ttl: "1h" },
  };
  expect(wrong).toHaveLength(12);
  expect(createMeter({ ...right, store: "memory:" }).realtime).toBe("refuse");
});
