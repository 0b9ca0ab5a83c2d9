/** What purchases cost and how long they took, as counters and histograms. */
import type { Counter, Histogram, Meter as MetricsMeter } from "@opentelemetry/api";
import type { MeterEvent, MeterEventOf } from "../events.ts";
import { cost } from "./cost.ts";

interface Measures {
  cost: Histogram;
  duration: Histogram;
  waited: Histogram;
  held: Counter;
  saved: Counter;
  calls: Counter;
  refused: Counter;
}

export function createMeasures(metricsMeter: MetricsMeter) {
  const usd = { unit: "{USD}" };
  const measures: Measures = {
    cost: metricsMeter.createHistogram("gen_ai.client.operation.cost", {
      ...usd,
      description: "What a purchase cost; unknown amounts are left out.",
    }),
    duration: metricsMeter.createHistogram("fal_meter.purchase.duration", {
      unit: "s",
      description: "From the price of a purchase to its bill.",
    }),
    waited: metricsMeter.createHistogram("fal_meter.purchase.wait", {
      unit: "s",
      description: "What a call waited for its turn.",
    }),
    held: metricsMeter.createCounter("fal_meter.held", {
      ...usd,
      description: "Money held for calls, given back or not.",
    }),
    saved: metricsMeter.createCounter("fal_meter.saved", {
      ...usd,
      description: "What cached and joined calls would have cost.",
    }),
    calls: metricsMeter.createCounter("fal_meter.calls", { unit: "{call}", description: "Calls by how they ended." }),
    refused: metricsMeter.createCounter("fal_meter.refused", {
      unit: "{call}",
      description: "Calls that a budget refused.",
    }),
  };

  function shared({ endpointId, saved }: MeterEventOf<"cache-hit" | "call-joined">, outcome: string): void {
    const labels = { "gen_ai.request.model": endpointId };
    measures.calls.add(1, { ...labels, "fal_meter.outcome": outcome });
    if (saved) measures.saved.add(saved.toNumber(), labels);
  }

  return {
    heard(event: MeterEvent, pricedAt: number | null): void {
      switch (event.type) {
        case "budget-held":
          if (event.amount) measures.held.add(event.amount.toNumber(), { "gen_ai.request.model": event.endpointId });
          return;
        case "budget-refused":
          measures.refused.add(1, { "gen_ai.request.model": event.endpointId, "fal_meter.budget": event.budget });
          return;
        case "call-sent":
          measures.waited.record(event.waitedMs / 1_000, { "gen_ai.request.model": event.endpointId });
          return;
        case "cache-hit":
          shared(event, "hit");
          return;
        case "call-joined":
          shared(event, "joined");
          return;
        case "call-settled": {
          const labels = { "gen_ai.request.model": event.endpointId, "fal_meter.outcome": event.outcome };
          measures.calls.add(1, labels);
          if (event.actual) measures.cost.record(event.actual.toNumber(), { ...labels, ...cost(null, event.basis) });
          if (pricedAt !== null) measures.duration.record(Math.max(0, event.at - pricedAt) / 1_000, labels);
          return;
        }
      }
    },
  };
}
