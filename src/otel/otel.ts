import { type Meter as MetricsMeter, metrics, type Tracer, trace } from "@opentelemetry/api";
import { OptionsError, onlyKeys } from "../errors.ts";
import type { Meter } from "../meter.ts";
import { createMeasures } from "./measures.ts";
import { createSpans } from "./spans.ts";

export interface InstrumentOptions {
  /** What spans are made with. @default the global provider's tracer "fal-meter" */
  tracer?: Tracer;
  /** What counters and histograms are made with. @default the global provider's meter "fal-meter" */
  meter?: MetricsMeter;
  /**
   * Puts a purchase's tags on its span as `fal_meter.tag.<name>`. They may name customers, so they are left out unless asked
   * for; they are never on a metric, where every value would be a series of its own. @default false
   */
  tags?: boolean;
}

/**
 * Tells OpenTelemetry of every purchase: a span from its price to its bill, and what it cost as metrics. Works from the
 * meter's events alone, so it can neither delay nor break a call. Answers the function that stops it; spans that are open
 * then are ended.
 *
 * Cost stands under the attributes that OpenTelemetry's semantic conventions for generative AI propose:
 * `gen_ai.usage.cost.amount`, `.currency` and `.source` (`provider` for fal's own bill, `local` for what was worked out here).
 * They carry doubles, for attributes know no decimals; the ledger stays the exact one.
 *
 * Gotcha: a queued job's span ends when its result is fetched. At most 10,000 spans are open at once; beyond, the oldest ends.
 * @throws OptionsError naming `instrument.…`
 */
export function instrument(meter: Pick<Meter, "on">, options: InstrumentOptions = {}): () => void {
  onlyKeys(options, "instrument", ["tracer", "meter", "tags"]);
  if (typeof meter?.on !== "function") throw new OptionsError("instrument.meter", "a fal-meter meter", typeof meter);
  const spans = createSpans(options.tracer ?? trace.getTracer("fal-meter"), options.tags ?? false);
  const measures = createMeasures(options.meter ?? metrics.getMeter("fal-meter"));
  const unheard = meter.on("*", (event) => {
    measures.heard(event, spans.startOf(event));
    spans.heard(event);
  });
  return () => {
    unheard();
    spans.close();
  };
}
