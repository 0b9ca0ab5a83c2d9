/** A span for each purchase, from its price to its bill. */
import { type Span, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type { MeterEvent, MeterEventOf } from "../events.ts";
import { amount, cost } from "./cost.ts";

const OPEN_MOST = 10_000;

interface OpenSpan {
  span: Span;
  /** By the meter's clock. */
  at: number;
}

type CallEvent = Extract<MeterEvent, { purchaseId: string }>;

function isOfCall(event: MeterEvent): event is CallEvent {
  return "purchaseId" in event;
}

export function createSpans(tracer: Tracer, withTags: boolean) {
  const open = new Map<string, OpenSpan>();

  function start(event: MeterEventOf<"call-priced">): void {
    const [oldest] = open;
    if (oldest && open.size >= OPEN_MOST) end(oldest[0], event.at, "left-open");
    const { endpointId, basis, low, expected, high, tags, at } = event;
    const span = tracer.startSpan(`fal ${endpointId}`, {
      kind: SpanKind.CLIENT,
      // A number below the process's own start would be read as time since then.
      startTime: new Date(at),
      attributes: {
        "gen_ai.provider.name": "fal",
        "gen_ai.request.model": endpointId,
        "fal_meter.endpoint": endpointId,
        "fal_meter.purchase.id": event.purchaseId,
        "fal_meter.estimate.basis": basis,
        ...amount("fal_meter.estimate.low", low),
        ...amount("fal_meter.estimate.expected", expected),
        ...amount("fal_meter.estimate.high", high),
        ...(withTags &&
          Object.fromEntries(Object.entries(tags).map(([name, value]) => [`fal_meter.tag.${name}`, value]))),
      },
    });
    open.set(event.purchaseId, { span, at });
  }

  function end(purchaseId: string, at: number, outcome: string, problem?: string): void {
    const known = open.get(purchaseId);
    if (!known) return;
    open.delete(purchaseId);
    known.span.setAttribute("fal_meter.outcome", outcome);
    if (problem !== undefined) known.span.setStatus({ code: SpanStatusCode.ERROR, message: problem });
    // Meters of several processes may disagree on the time by a little.
    known.span.end(new Date(Math.max(at, known.at)));
  }

  function mark(event: CallEvent, attributes: Record<string, string | number>): void {
    open.get(event.purchaseId)?.span.addEvent(event.type, attributes, new Date(event.at));
  }

  function settled(event: MeterEventOf<"call-settled">): void {
    const { purchaseId, outcome, requestId, actual, basis, overrun, at } = event;
    const span = open.get(purchaseId)?.span;
    span?.setAttributes({
      ...cost(actual, basis),
      "fal_meter.basis": basis,
      "fal_meter.overrun": overrun,
      ...(requestId !== null && { "fal_meter.request.id": requestId }),
    });
    end(purchaseId, at, outcome);
  }

  function shared(event: MeterEventOf<"cache-hit" | "call-joined">, outcome: "hit" | "joined"): void {
    const span = open.get(event.purchaseId)?.span;
    span?.setAttributes({
      ...amount("fal_meter.saved", event.saved),
      ...(event.requestId && { "fal_meter.request.id": event.requestId }),
    });
    end(event.purchaseId, event.at, outcome);
  }

  return {
    /** When the purchase of an event was priced, where that was seen. */
    startOf: (event: MeterEvent): number | null => (isOfCall(event) ? (open.get(event.purchaseId)?.at ?? null) : null),

    heard(event: MeterEvent): void {
      switch (event.type) {
        case "call-priced":
          start(event);
          return;
        case "budget-held":
          mark(event, {
            ...amount("fal_meter.held", event.amount),
            "fal_meter.budgets": event.budgets.join(", "),
          });
          return;
        case "call-queued":
          mark(event, { "fal_meter.waiting": event.waiting });
          return;
        case "call-sent":
          mark(event, { "fal_meter.waited_ms": event.waitedMs });
          return;
        case "cache-hit":
          shared(event, "hit");
          return;
        case "call-joined":
          shared(event, "joined");
          return;
        case "call-settled":
          settled(event);
          return;
        case "budget-refused":
          open.get(event.purchaseId)?.span.setAttribute("fal_meter.budget", event.budget);
          end(event.purchaseId, event.at, "refused", `budget "${event.budget}" cannot hold it`);
          return;
        case "hold-expired":
          end(event.purchaseId, event.at, "expired", "it never settled");
          return;
        case "hold-recovered":
          end(event.purchaseId, event.at, event.outcome);
          return;
      }
    },

    close(): void {
      for (const { span } of open.values()) span.end();
      open.clear();
    },
  };
}
