/** Answers for calls that buy nothing, because the same was bought already or is being bought. Part of the line. */
import { toResponse } from "./cache/results.ts";
import type { Clock } from "./clock.ts";
import { describeFailure } from "./errors.ts";
import type { Events } from "./events.ts";
import { sharedEntry } from "./ledger/entry.ts";
import { fromNano } from "./money.ts";
import { callFacts, type Order, occurrenceOf } from "./order.ts";
import type { Entry, Store, StoredResult } from "./store/store.ts";
import { jsonAnswer } from "./wire/answer.ts";
import { jobUrls } from "./wire/operation.ts";

/** What a paid request turned into: fal's own answer, or the ticket or the result of a job that another process bought. */
export type Bought =
  | {
      kind: "answered";
      response: Response;
      requestId: string | null /** For those who join. */;
      copy: StoredResult | null;
    }
  | { kind: "elsewhere"; requestId: string }
  | { kind: "stored"; result: StoredResult };

export interface SharingParts {
  clock: Clock;
  events: Events;
  store: Store;
}

export function createSharing({ clock, events, store }: SharingParts) {
  /** An entry that holds no money: losing it loses a line of a report, so it never fails a call. */
  async function write(entry: Entry) {
    await store.record(entry).catch((error: unknown) => {
      const message = describeFailure(error);
      events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb: "record", message });
    });
  }

  /** Bought already: hands back that job's ticket, or its answer, at no cost. */
  async function hit(order: Order, result: StoredResult): Promise<Response> {
    const at = clock.now();
    const { requestId, cost } = result;
    events.emit({
      type: "cache-hit",
      ...callFacts(order, at),
      requestId,
      saved: cost === null ? null : fromNano(cost),
    });
    const share = { requestId: requestId || null, saved: cost, basis: "cached" };
    await write(sharedEntry("hit", share, occurrenceOf(order, at)));
    return order.call.transport === "queue" && requestId ? ticket(order, requestId) : toResponse(result);
  }

  /** Being bought now: one purchase, and a ticket or a copy for everyone else. */
  async function join(order: Order, bought: Exclude<Bought, { kind: "stored" }>): Promise<Response> {
    const at = clock.now();
    const { requestId } = bought;
    events.emit({ type: "call-joined", ...callFacts(order, at), requestId, saved: order.estimate.expected });
    const share = { requestId, saved: order.record.expected, basis: "joined" };
    await write(sharedEntry("join", share, occurrenceOf(order, at)));
    if (bought.kind === "elsewhere") return ticket(order, bought.requestId);
    if (order.call.transport === "queue" && bought.response.ok && requestId !== null) {
      await store.share(requestId);
      return ticket(order, requestId);
    }
    if (!bought.copy) throw new TypeError("an answer that is shared has a copy");
    return toResponse(bought.copy);
  }

  function ticket(order: Order, requestId: string): Response {
    const urls = jobUrls(order.call.endpointId, requestId);
    return jsonAnswer({ status: "IN_QUEUE", request_id: requestId, ...urls, queue_position: 0 }, 200, requestId);
  }

  return { hit, join, write };
}
