import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";
import { OptionsError } from "../../src/errors.ts";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { decimal } from "../../src/money.ts";
import { instrument } from "../../src/otel/otel.ts";
import { failure, image, input, openClient, openEmulator } from "../flow/open.ts";

function collected() {
  const spanExporter = new InMemorySpanExporter();
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const metering = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })],
  });
  onTestFinished(async () => {
    await tracing.shutdown();
    await metering.shutdown();
  });
  return {
    tracer: tracing.getTracer("test"),
    meter: metering.getMeter("test"),
    spans: () => spanExporter.getFinishedSpans(),
    async points(name: string) {
      await metering.forceFlush();
      const metrics =
        metricExporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
      return metrics
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })));
    },
  };
}

const facts = { purchaseId: "p", endpointId: "fal-ai/flux/dev", tags: { customer: "acme" } };
const priced: MeterEvent = {
  type: "call-priced",
  size: null,
  ...facts,
  at: 1_000,
  low: decimal("0.02"),
  expected: decimal("0.025"),
  high: decimal("0.03"),
  basis: "rate-card",
};
const settled: MeterEvent = {
  type: "call-settled",
  ...facts,
  at: 3_500,
  outcome: "charged",
  requestId: "r",
  estimated: decimal("0.025"),
  actual: decimal("0.025"),
  basis: "billed-units",
  overrun: false,
};

describe("instrument", () => {
  it("makes one span of a purchase, with what fal billed", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets: [{ name: "Today", limit: 5, per: "day" }] });
    const { tracer, meter, spans, points } = collected();
    instrument(fal.meter, { tracer, meter });
    const { requestId } = await fal.subscribe(image, { input });
    const [span, ...others] = spans();
    expect(others).toEqual([]);
    expect(span?.name).toBe(`fal ${image}`);
    expect(span?.attributes).toMatchObject({
      "gen_ai.request.model": image,
      "gen_ai.usage.cost.amount": 0.04,
      "gen_ai.usage.cost.currency": "USD",
      "gen_ai.usage.cost.source": "provider",
      "fal_meter.outcome": "charged",
      "fal_meter.basis": "billed-units",
      "fal_meter.request.id": requestId,
      "fal_meter.estimate.expected": 0.04,
    });
    expect(span?.events.map(({ name }) => name)).toEqual(["budget-held", "call-sent"]);
    expect(await points("gen_ai.client.operation.cost")).toMatchObject([{ value: { sum: 0.04, count: 1 } }]);
    expect(await points("fal_meter.calls")).toMatchObject([
      { attributes: { "fal_meter.outcome": "charged" }, value: 1 },
    ]);
    expect(await points("fal_meter.held")).toMatchObject([{ value: 0.04 }]);
  });

  it("tells a hit and a refusal from a purchase, and makes no cost of them", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, {
      budgets: [{ name: "Today", limit: "0.05", per: "day" }],
      cache: { ttl: "1h", unseeded: true },
    });
    const { tracer, meter, spans, points } = collected();
    instrument(fal.meter, { tracer, meter });
    await fal.subscribe(image, { input });
    await fal.subscribe(image, { input });
    await failure(fal.subscribe(image, { input: { ...input, prompt: "another" } }));
    expect(spans().map(({ attributes }) => attributes["fal_meter.outcome"])).toEqual(["charged", "hit", "refused"]);
    const [, hit, refused] = spans();
    expect(hit?.attributes).toMatchObject({ "fal_meter.saved": 0.04 });
    expect(hit?.attributes).not.toHaveProperty("gen_ai.usage.cost.amount");
    expect(refused?.status).toMatchObject({ code: 2, message: 'budget "Today" cannot hold it' });
    expect(await points("fal_meter.refused")).toMatchObject([
      { attributes: { "fal_meter.budget": "Today" }, value: 1 },
    ]);
    expect(await points("fal_meter.saved")).toMatchObject([{ value: 0.04 }]);
    expect(await points("gen_ai.client.operation.cost")).toMatchObject([{ value: { count: 1 } }]);
  });

  it("measures from the price to the bill by the meter's clock", async () => {
    const events = createEvents();
    const { tracer, meter, spans, points } = collected();
    instrument(events, { tracer, meter });
    events.emit(priced);
    events.emit(settled);
    expect(spans()[0]?.duration).toEqual([2, 500_000_000]);
    expect(await points("fal_meter.purchase.duration")).toMatchObject([{ value: { sum: 2.5 } }]);
  });

  it("leaves an unknown cost out, for zero would be a claim", async () => {
    const events = createEvents();
    const { tracer, meter, spans, points } = collected();
    instrument(events, { tracer, meter });
    events.emit({ ...priced, low: null, expected: null, high: null });
    events.emit({ ...settled, actual: null, estimated: null, basis: "unknown" });
    expect(spans()[0]?.attributes).not.toHaveProperty("gen_ai.usage.cost.amount");
    expect(spans()[0]?.attributes).not.toHaveProperty("fal_meter.estimate.expected");
    expect(await points("gen_ai.client.operation.cost")).toEqual([]);
    expect(await points("fal_meter.calls")).toMatchObject([{ value: 1 }]);
  });

  it("calls what was worked out here local, and what fal billed the provider's", () => {
    const events = createEvents();
    const { tracer, meter, spans } = collected();
    instrument(events, { tracer, meter });
    for (const basis of ["billed-units", "billing-event", "estimate", "rate-card"]) {
      events.emit({ ...priced, purchaseId: basis });
      events.emit({ ...settled, purchaseId: basis, basis });
    }
    expect(spans().map(({ attributes }) => attributes["gen_ai.usage.cost.source"])).toEqual([
      "provider",
      "provider",
      "local",
      "local",
    ]);
  });

  it("keeps tags to itself unless asked, and always off the metrics", async () => {
    for (const tags of [false, true]) {
      const events = createEvents();
      const { tracer, meter, spans, points } = collected();
      instrument(events, { tracer, meter, tags });
      events.emit(priced);
      events.emit(settled);
      expect(Object.hasOwn(spans()[0]?.attributes ?? {}, "fal_meter.tag.customer")).toBe(tags);
      expect(JSON.stringify(await points("gen_ai.client.operation.cost"))).not.toContain("acme");
    }
  });

  it("keeps at most 10,000 spans open, and ends the oldest beyond", () => {
    const events = createEvents();
    const { tracer, meter, spans } = collected();
    instrument(events, { tracer, meter });
    for (let count = 0; count <= 10_000; count += 1) events.emit({ ...priced, purchaseId: `p${count}` });
    expect(
      spans().map(({ attributes }) => [attributes["fal_meter.purchase.id"], attributes["fal_meter.outcome"]]),
    ).toEqual([["p0", "left-open"]]);
  });

  it("stops when told, and leaves no span open", () => {
    const events = createEvents();
    const { tracer, meter, spans } = collected();
    const stop = instrument(events, { tracer, meter });
    events.emit(priced);
    stop();
    expect(spans()).toHaveLength(1);
    events.emit({ ...priced, purchaseId: "later" });
    events.emit({ ...settled, purchaseId: "later" });
    expect(spans()).toHaveLength(1);
  });

  it("works with whatever the process registered, and without anything", () => {
    const events = createEvents();
    const stop = instrument(events);
    events.emit(priced);
    events.emit(settled);
    stop();
  });

  it("refuses what is no meter and options it does not know", () => {
    expect(() => instrument({} as never)).toThrow(OptionsError);
    expect(() => instrument(createEvents(), { spans: true } as never)).toThrow("instrument.spans");
  });
});
