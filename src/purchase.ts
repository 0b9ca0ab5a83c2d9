/**
 * The order of a purchase, and the only file that knows it.
 *
 * Price first, because a hit must record what it saved. Cache before budget, because a hit costs nothing and must not be
 * refused. Budget before queue, because a queued call is already a promise to spend. Settle in the same breath as the
 * answer, so that a hold never outlives knowledge. The order is a correctness rule: one straight line, not a list of
 * middleware that somebody may reorder.
 */
import type { Gate } from "./budget/hold.ts";
import { lifetime } from "./cache/cacheability.ts";
import type { Deliveries } from "./cache/deliveries.ts";
import type { Joins } from "./cache/joins.ts";
import type { ResolvedCache } from "./cache/options.ts";
import { answerToKeep, type Results } from "./cache/results.ts";
import type { Uploads } from "./cache/uploads.ts";
import type { EndpointId, Scope, Transport } from "./call.ts";
import { BudgetExceededError, describeFailure, MeterError, OutcomeUnknownError } from "./errors.ts";
import type { Events } from "./events.ts";
import type { Jobs } from "./job.ts";
import { refusalEntry, sizeOf } from "./ledger/entry.ts";
import type { Lanes, Place } from "./limit/lane.ts";
import type { Rate } from "./limit/rate.ts";
import { retryAfterMs } from "./limit/retry-after.ts";
import { fromNano, type Nano } from "./money.ts";
import { callFacts, type Order, type OrderParts, occurrenceOf, readOrder } from "./order.ts";
import { WAIT_MS_MAX } from "./settle/expiry.ts";
import { verdictOn } from "./settle/settlement.ts";
import type { OpenPurchase, Settler } from "./settle/settler.ts";
import { type Bought, createSharing } from "./sharing.ts";
import type { Hold, Store, StoredResult } from "./store/store.ts";
import { billOf, isJson, isWholeJson, parseJson, requestIdOf, submittedId } from "./wire/answer.ts";
import { fateOf } from "./wire/fate.ts";
import { LostBody, tellingEnd, tryReading } from "./wire/reading.ts";
import { type WireRequest, withSignal } from "./wire/request.ts";

/** The stations, in the order in which a purchase meets them. */
export interface Stations extends OrderParts {
  cache: { options: ResolvedCache; uploads: Uploads; results: Results } | null;
  joins: Joins<Bought>;
  deliveries: Deliveries;
  gate: Gate;
  lanes: Lanes | null;
  rate: Rate | null;
  settler: Settler;
  jobs: Jobs;
  store: Store;
  events: Events;
}

const noEvidence = { requestId: null, inferenceSeconds: null };

/** How long another process may take to learn its request id, or to answer a run, before this one buys for itself. */
const PATIENCE_MS = { queue: 30_000, run: 120_000, stream: 0 };
const POLL_MS = { first: 10, most: 250 };

type Paid = { transport: Transport; endpointId: EndpointId };

export interface Purchases {
  /** Answers a paid request as fal would, having priced, held, paced and settled it. */
  buy(paid: Paid, request: WireRequest, scope: Scope, via: typeof fetch): Promise<Response>;
}

export function createPurchases(stations: Stations): Purchases {
  const { clock, events, store, cache, joins, deliveries, gate, lanes, rate, settler, jobs } = stations;

  const sharing = createSharing(stations);

  async function buy(paid: Paid, request: WireRequest, scope: Scope, via: typeof fetch): Promise<Response> {
    request.signal?.throwIfAborted();
    const order = await readOrder(paid, request, scope, via, stations);
    const { low, expected, high, basis } = order.estimate;
    const size = sizeOf(order.record);
    events.emit({ type: "call-priced", ...callFacts(order, clock.now()), size, low, expected, high, basis });

    const undelivered = order.key !== null && mayRedeliver(order) ? deliveries.redeliver(order.key) : undefined;
    if (undelivered) return sharing.hit(order, undelivered);
    if (order.sharing !== "cacheable" || order.key === null || !cache)
      return answer(await purchase(order, request.signal, null));

    const refresh = scope.cache === "refresh";
    const kept = refresh ? undefined : await cache.results.get({ key: order.key });
    if (kept) return sharing.hit(order, kept);
    // A job has a ticket to share wherever its answer is kept; a run has only its answer.
    const joinable = !refresh && (cache.options.persist || paid.transport === "queue");
    const joinSince = joinable ? clock.now() - cache.options.ttlMs : null;
    // A run is answered with a result and a submit with a ticket: neither can stand in for the other.
    const flight = `${paid.transport}:${order.key}${refresh ? ":refresh" : ""}`;
    const joined = await joins.join(flight, request.signal, (signal) => purchase(order, signal, joinSince));
    if (joined.value.kind === "stored") return sharing.hit(order, joined.value.result);
    if (joined.value.kind === "answered" && joined.role === "leader") return joined.value.response;
    return sharing.join(order, joined.value);
  }

  /** The same request again because its download failed; not one that fal must see, and not one that asks for something new. */
  function mayRedeliver({ webhook, sharing, scope }: Order): boolean {
    return (
      !webhook && scope.cache === undefined && (sharing === "cacheable" || sharing === "unseeded" || sharing === "off")
    );
  }

  /** One paid request: held, queued, sent, settled. */
  async function purchase(order: Order, signal: AbortSignal | undefined, joinSince: number | null): Promise<Bought> {
    const held = await hold(order, joinSince);
    if (held.outcome === "joined") return elsewhere(order, held.hold, signal);
    const open = held.outcome === "held" ? held.purchase : null;
    const meanwhile = joinSince === null ? undefined : await boughtMeanwhile(order);
    if (meanwhile) {
      if (open) await settler.conclude(open, verdictOn({ kind: "never-sent", why: "bought meanwhile" }), noEvidence);
      return { kind: "stored", result: meanwhile };
    }
    let place: Place | undefined;
    let response: Response;
    let sent = false;
    const queuedAt = clock.now();
    const { endpointId, priority } = order.call;
    const onWait = (waiting: number) => events.emit({ type: "call-queued", ...callFacts(order, clock.now()), waiting });
    const turn = { endpointId, priority, onWait, ...(signal && { signal }) };
    try {
      place = await lanes?.enter(turn);
      const send = () => {
        signal?.throwIfAborted();
        if (open && clock.now() - open.at > WAIT_MS_MAX) throw waitedTooLong(endpointId);
        sent = true;
        place?.sent();
        events.emit({ type: "call-sent", ...callFacts(order, clock.now()), waitedMs: clock.now() - queuedAt });
        return order.via(...(signal ? withSignal(order.args, signal) : order.args));
      };
      response = rate ? await rate.start(turn, send) : await send();
    } catch (failure) {
      place?.leave();
      throw await fail(order, open, failure, sent, signal);
    }
    try {
      return await settle(order, open, response, place);
    } catch (error) {
      place?.leave();
      throw error;
    }
  }

  /**
   * Somebody's answer may have been kept after this call looked and before it had its hold. An answer is kept before its own
   * hold is resolved, so one look after holding misses nothing.
   */
  async function boughtMeanwhile(order: Order): Promise<StoredResult | undefined> {
    return order.key === null ? undefined : cache?.results.get({ key: order.key });
  }

  async function hold(order: Order, joinSince: number | null) {
    const { call, record, unpriced, maxCost, digest } = order;
    const key = order.sharing === "cacheable" ? order.key : null;
    try {
      return await gate.hold({ call, estimate: record, unpriced, maxCost, key, digest, joinSince });
    } catch (error) {
      if (error instanceof BudgetExceededError)
        await sharing.write(refusalEntry(error.budget, record.high, occurrenceOf(order, clock.now())));
      throw error;
    }
  }

  /** Reads the answer, works out what it means for the hold, and writes that down before the caller sees it. */
  async function settle(
    order: Order,
    open: OpenPurchase | null,
    response: Response,
    place: Place | undefined,
  ): Promise<Bought> {
    const { transport, endpointId } = order.call;
    if (response.status === 429) limited(order, response);
    else if (response.ok) lanes?.report(endpointId, "ok");
    const body = isRead(transport, response) ? await tryReading(response) : null;
    const bill = billOf(response.headers);
    const submitted =
      transport === "queue" && response.ok && body instanceof Uint8Array ? submittedId(parseJson(body)) : null;
    const requestId = submitted ?? requestIdOf(response.headers);
    const verdict = verdictOn(
      body instanceof LostBody
        ? { kind: "cut", status: response.status, bill, why: describeFailure(body.failure) }
        : { kind: "answered", transport, status: response.status, bill, requestId: submitted },
    );
    const kept = body instanceof Uint8Array ? await keep(order, response, body, requestId) : null;
    const cost = open ? await settler.conclude(open, verdict, { requestId, inferenceSeconds: null }) : null;
    // Where nothing was bought the caller meets the broken body as it is, and may send again.
    if (body instanceof LostBody)
      throw verdict.outcome === "free" ? body.failure : lost(order, open, cost, body.failure);
    if (verdict.outcome === "pending" && !order.webhook) {
      const shared = order.sharing === "cacheable";
      jobs.opened(verdict.requestId, {
        open,
        key: order.key,
        shared,
        lifetimeMs: lifetimeOf(order),
        place: place ?? null,
      });
    } else if (transport === "stream" && response.ok && place && response.body) {
      return { kind: "answered", response: tellingEnd(response, place.leave), requestId, copy: null };
    } else place?.leave();
    if (kept) {
      const copy = { ...kept, cost };
      if (cost !== kept.cost) await put(order, copy);
      return { kind: "answered", response, requestId, copy };
    }
    const shown = body ?? (response.ok ? null : new Uint8Array());
    const copy = order.key === null || !shown ? null : copyOf(order, order.key, response, shown, requestId, cost);
    return { kind: "answered", response, requestId, copy };
  }

  /**
   * A stream that goes well is the caller's to read. So is a failure that is no JSON: the client does not read it, and it may
   * never end. Whoever joined it shares its status.
   */
  function isRead(transport: Transport, response: Response): boolean {
    return response.ok ? transport !== "stream" : isJson(response);
  }

  /** Keeps the answer of a run: for a caller whose download of it fails, and, where the cache may, for equal calls. */
  async function keep(
    order: Order,
    response: Response,
    body: Uint8Array,
    requestId: string | null,
  ): Promise<StoredResult | null> {
    if (order.key === null || order.call.transport !== "run" || !response.ok || !isWholeJson(response, body))
      return null;
    const copy = copyOf(order, order.key, response, body, requestId, order.record.expected);
    deliveries.delivered(copy.key, copy);
    await put(order, copy);
    return copy;
  }

  async function put(order: Order, result: StoredResult) {
    if (order.sharing === "cacheable")
      await cache?.results.put(result).catch((error: unknown) => storeFailed("putResult", error));
  }

  function copyOf(
    order: Order,
    key: string,
    response: Response,
    body: Uint8Array,
    requestId: string | null,
    cost: Nano | null,
  ): StoredResult {
    const of = { ...order.call, key, requestId: requestId ?? "", cost };
    return answerToKeep(of, response, body, { storedAt: clock.now(), lifetimeMs: lifetimeOf(order) });
  }

  /** What a failure means for the hold, and the error that the caller sees. */
  async function fail(
    order: Order,
    open: OpenPurchase | null,
    failure: unknown,
    sent: boolean,
    signal: AbortSignal | undefined,
  ) {
    const why = describeFailure(failure);
    const fate = fateOf(failure);
    const verdict = verdictOn(sent ? { kind: "unanswered", fate, why } : { kind: "never-sent", why });
    if (open) await settler.conclude(open, verdict, { requestId: null, inferenceSeconds: null });
    return !sent || fate === "never-arrived" || signal?.aborted ? failure : lost(order, open, null, failure);
  }

  function lost({ call }: Order, open: OpenPurchase | null, billed: Nano | null, failure: unknown) {
    const amount = billed ?? open?.amount ?? null;
    const state = billed === null ? "held" : "billed";
    return new OutcomeUnknownError(
      call.endpointId,
      call.id,
      { state, amount: amount === null ? null : fromNano(amount) },
      failure,
    );
  }

  function limited(order: Order, response: Response) {
    const { endpointId } = order.call;
    const wait = retryAfterMs(response.headers.get("retry-after"), clock.now());
    if (wait !== null) rate?.pause(endpointId, wait);
    lanes?.report(endpointId, "limited");
    events.emit({ type: "rate-limited", at: clock.now(), endpointId, retryAfterMs: wait });
  }

  /** Another process is buying the same thing: waits for its ticket or its result, and not for ever. */
  async function elsewhere(order: Order, hold: Hold, signal: AbortSignal | undefined): Promise<Bought> {
    const deadline = clock.now() + PATIENCE_MS[order.call.transport];
    let wait = POLL_MS.first;
    let theirs: Hold | undefined = hold;
    while (theirs && theirs.state !== "unknown" && clock.now() < deadline) {
      if (order.call.transport === "queue" && theirs.requestId !== null)
        return { kind: "elsewhere", requestId: theirs.requestId };
      await clock.sleep(wait, signal);
      wait = Math.min(wait * 2, POLL_MS.most);
      theirs = await store.findHold({ id: hold.id });
    }
    const result = order.key === null ? undefined : await cache?.results.get({ key: order.key });
    return result ? { kind: "stored", result } : purchase(order, signal, null);
  }

  function answer(bought: Bought): Response {
    if (bought.kind === "answered") return bought.response;
    throw new TypeError("a purchase that joins nobody has an answer of its own");
  }

  function lifetimeOf(order: Order): number {
    return cache
      ? lifetime(cache.options.ttlMs, order.request.header("x-fal-object-lifecycle-preference"))
      : DELIVERY_MS;
  }

  function storeFailed(verb: string, error: unknown) {
    events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb, message: describeFailure(error) });
  }

  return { buy };
}

/** How long a delivered answer may wait for its download to fail, where no cache gives it a life of its own. */
const DELIVERY_MS = 600_000;

function waitedTooLong(endpointId: EndpointId): MeterError {
  return new MeterError(
    `${endpointId} waited for its turn for more than ${WAIT_MS_MAX / 3_600_000} hours and was given up. Nothing was sent. ` +
      "Send fewer calls at once, or raise limits.",
  );
}
