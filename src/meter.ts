/** createMeter: builds the stations once, and hands out the metered fetch and the read side. */
import { createAlerting } from "./alerting.ts";
import { createRemaining, type Remaining } from "./budget/remaining.ts";
import type { BudgetStanding } from "./budget/standing.ts";
import { createWindows } from "./budget/window.ts";
import { createDeliveries } from "./cache/deliveries.ts";
import { requestKey } from "./cache/key.ts";
import type { InvalidationQuery } from "./cache/results.ts";
import type { EndpointId, Scope } from "./call.ts";
import { MeterError, OptionsError, onlyKeys, StoreError } from "./errors.ts";
import { createEvents, type Events, type MeterEventType, type MeterListener } from "./events.ts";
import type { Receipt } from "./ledger/receipt.ts";
import { retryAfterMs } from "./limit/retry-after.ts";
import { buildLine, type Line, openStore, watchesUploads } from "./line.ts";
import {
  environment,
  type MeterOptions,
  mergeScopes,
  type ResolvedOptions,
  resolveOptions,
  resolveScope,
  type StoreChoice,
} from "./options.ts";
import { quote } from "./order.ts";
import type { Estimate } from "./price/estimate.ts";
import { createPriceBook } from "./price/price-book.ts";
import { createPricer } from "./price/pricer.ts";
import { type AdviseOptions, calendarsOf, createReadSide, type StatementOptions } from "./read-side.ts";
import type { Advice } from "./report/advice/advise.ts";
import { createCallLog } from "./report/call-log.ts";
import type { Report, ReportOptions } from "./report/report.ts";
import type { Statement } from "./report/statement.ts";
import { readInstant, type SpendQuery, type SpendSummary } from "./report/summary.ts";
import type { Trend } from "./report/trend.ts";
import { createAftermath } from "./settle/aftermath.ts";
import type { Reconciled, ReconcileOptions } from "./settle/reconcile.ts";
import type { WebhookSettlement } from "./settle/webhook.ts";
import { createTransfers } from "./transfers.ts";
import { operationOf } from "./wire/operation.ts";
import { createPlatform } from "./wire/platform.ts";
import { type FetchArguments, readRequest } from "./wire/request.ts";
import type { WebhookDelivery } from "./wire/webhook.ts";

export interface Meter {
  /** Goes into anything that takes a `fetch`; requests that are not fal's pass through. */
  readonly fetch: typeof fetch;
  /**
   * The same meter for calls of one kind: their tags, priority, cost cap, cache and draft use.
   * `via`, where given, does the sending instead of the meter's own `fetch` option.
   * @throws OptionsError naming `scope.…`
   */
  with(scope: Scope, via?: typeof fetch): Meter;
  /** What a call would cost. Buys nothing; with live prices it may ask fal for one. @throws OptionsError for an absurd input, naming the field */
  estimate(endpointId: EndpointId, input?: unknown): Promise<Estimate>;
  /** Sums over the ledger. */
  spend(query?: SpendQuery): Promise<SpendSummary>;
  /** One purchase by fal's request id (or by our purchase id); `undefined` where the ledger knows none. */
  receipt(requestId: string): Promise<Receipt | undefined>;
  /** How each budget stands now. */
  budgets(): Promise<BudgetStanding[]>;
  /** What was spent day by day, week by week or month by month, and against the period before. @throws OptionsError naming `report.…` */
  report(options: ReportOptions): Promise<Report>;
  /**
   * The bill of a calendar month in the meter's zone, such as `"2026-11"`: lines, discounts, corrections, credit, what is due.
   * @default the current month. @throws OptionsError naming `statement.…`
   */
  statement(month?: string, options?: StatementOptions): Promise<Statement>;
  /** What could have cost less, by the purchases that show it, the largest saving first. @throws OptionsError naming `advise.…` */
  advise(options?: AdviseOptions): Promise<Advice[]>;
  /** The last hours and days, how fast budgets burn, what the month will have cost, and days that left their pattern. */
  trend(): Promise<Trend>;
  /** The cache key of a request, for `invalidate`. Blobs are read. */
  keyOf(endpointId: EndpointId, input: unknown): Promise<string>;
  /** Forgets kept answers; all of what is given must match. Answers how many went. */
  invalidate(query: InvalidationQuery): Promise<number>;
  /** Asks fal what became of purchases that are still open and, with `billing`, holds the ledger against fal's own billing. */
  reconcile(options?: ReconcileOptions): Promise<Reconciled>;
  /**
   * Settles the job that a webhook of fal's tells of, having checked its signature; it may be handed over twice.
   * The body must be as it came: text or bytes, not JSON that was parsed before.
   * @throws WebhookError for what is not fal's: answer that with an error status
   */
  settleWebhook(delivery: Request | WebhookDelivery): Promise<WebhookSettlement>;
  /** Hears one type of event, or all with `"*"`. Returns the function that stops it. */
  on<T extends MeterEventType>(type: T | "*", listener: MeterListener<T>): () => void;
  /** Whether realtime connections, which cannot be billed from outside, are refused or pass unmetered. */
  readonly realtime: "refuse" | "unmetered";
  /** Closes the ledger. Calls under way keep their holds. */
  close(): Promise<void>;
}

/** @throws OptionsError naming the option, what was wanted and what came */
export function createMeter(options?: MeterOptions): Meter {
  const resolved = resolveOptions(options);
  const { clock } = resolved;
  const events = createEvents((error) =>
    resolved.logger?.error({}, `a listener failed: ${error instanceof Error ? error.message : typeof error}`),
  );
  const windows = createWindows(resolved.timezone, resolved.weekStart);
  const pricer = createPricer(resolved.prices);
  const deliveries = createDeliveries(clock);
  const remaining = createRemaining(resolved.rules, windows);
  listen(events, resolved, remaining);

  const closing = new AbortController();
  const platform = (credentials: string | undefined, via: typeof fetch) =>
    createPlatform({ fetch: via, clock, credentials, retryAfterMs, signal: closing.signal });
  const calendars = calendarsOf(windows, resolved.timezone);
  const aftermath = createAftermath({
    clock,
    events,
    platform,
    signal: closing.signal,
    rounds: resolved.reconcile,
    credentials: resolved.credentials,
    instant: (value, option) => readInstant(value, option, calendars),
    dayOf: (at) => windows.at("day", at).id,
    warn: (failure) => resolved.logger?.warn({}, `reconcile could not ask fal: ${failure}`),
  });
  const readSide = createReadSide({
    ...resolved,
    calendars,
    windows,
    pricer,
    credits: resolved.prices.credits,
    cacheTtlMs: resolved.cache?.ttlMs,
  });
  const alerting = createAlerting({
    ...resolved,
    events,
    windows,
    calendars,
    signal: closing.signal,
    warn: (failure) => resolved.logger?.warn({}, `alerts: ${failure}`),
  });
  const openLine = async () => {
    const store = await openStore(resolved.store);
    const api = platform(resolved.prices.live?.credentials ?? environment("FAL_KEY"), resolved.fetch);
    const book = createPriceBook({ options: resolved.prices, api, store, clock, events, pricer });
    await book.load();
    const opened = buildLine(resolved, store, { events, windows, pricer, deliveries, book, remaining });
    aftermath.begin(opened, resolved.fetch);
    alerting.begin(store);
    return opened;
  };

  let line: Promise<Line> | undefined;
  const ready = () => {
    if (closing.signal.aborted) return Promise.reject(closed(resolved.store));
    if (!line) {
      const opening = openLine();
      line = opening;
      // A store that could not be opened is tried again by the next call.
      opening.catch(() => {
        if (line === opening) line = undefined;
      });
    }
    return line;
  };

  const watching = watchesUploads(resolved);
  const transfers = createTransfers({
    clock,
    events,
    deliveries,
    uploadsFor: async (scope) =>
      watching || scope.maxCost !== undefined ? (await whenOpen("allow"))?.uploads : undefined,
  });

  async function meteredFetch(scope: Scope, via: typeof fetch, args: FetchArguments): Promise<Response> {
    const request = readRequest(args);
    if (!request) return via(...args);
    const operation = operationOf(request);
    switch (operation.kind) {
      case "paid": {
        request.signal?.throwIfAborted();
        const opened = await whenOpen(resolved.onStoreFailure);
        return opened ? opened.purchases.buy(operation, request, scope, via) : via(...args);
      }
      case "status":
      case "statusStream":
      case "result":
      case "cancel": {
        const opened = await whenOpen("allow");
        return opened ? opened.jobs[operation.kind](operation.requestId, request, via) : via(...args);
      }
      case "upload":
        return transfers.initiated(await via(...args), scope);
      case "token":
        if (resolved.realtime === "refuse") throw realtimeRefused();
        return via(...args);
      case "other":
        return request.method === "GET" ? transfers.download(request, via) : transfers.upload(request, scope, via);
    }
  }

  /** The line, or `null` where the ledger cannot be opened and the call may pass without it. */
  async function whenOpen(onFailure: "refuse" | "allow"): Promise<Line | null> {
    try {
      return await ready();
    } catch (error) {
      if (onFailure === "refuse" || !(error instanceof StoreError)) throw error;
      events.emit({ type: "store-failed", at: clock.now(), store: error.store, verb: "open", message: error.message });
      return null;
    }
  }

  function view(scope: Scope, via: typeof fetch): Meter {
    return {
      fetch: (...args: Parameters<typeof fetch>) => meteredFetch(scope, via, args as FetchArguments),
      with: (inner, innerVia = via) => view(mergeScopes(scope, resolveScope(inner)), innerVia),
      realtime: resolved.realtime,

      async estimate(endpointId, input) {
        if (typeof endpointId !== "string" || endpointId === "")
          throw new OptionsError("endpointId", 'an endpoint such as "fal-ai/flux/dev"', endpointId);
        const opened = await whenOpen("allow");
        const quoting = { clock, pricer, live: opened?.book.live ?? null, uploads: opened?.uploads ?? null };
        return (await quote(quoting, endpointId, input ?? {})).estimate;
      },

      spend: async (query) => readSide.spend((await ready()).store, query),
      receipt: async (requestId) => readSide.receipt((await ready()).store, requestId),
      budgets: async () => readSide.budgets((await ready()).store),
      report: async (options) => readSide.report((await ready()).store, options),
      statement: async (month, options) => readSide.statement((await ready()).store, month, options),
      advise: async (options) => readSide.advise((await ready()).store, options),
      trend: async () => readSide.trend((await ready()).store),

      keyOf: async (endpointId, input) =>
        requestKey(endpointId, input, resolved.cache ? (await ready()).uploads : undefined),

      async invalidate(query) {
        onlyKeys(query, "invalidate", ["endpoint", "tag", "key"]);
        const { results, store } = await ready();
        return results ? results.invalidate(query) : store.deleteResults(query);
      },

      async reconcile(options) {
        return aftermath.reconcile(await ready(), via, options);
      },

      async settleWebhook(delivery) {
        return aftermath.settleWebhook(await ready(), via, delivery);
      },

      on: (type, listener) => events.on(type, listener),

      async close() {
        closing.abort(closed(resolved.store));
        const last = await line?.catch(() => null);
        await aftermath.idle();
        await alerting.idle();
        await last?.book.idle();
        await last?.sharedPaces?.idle();
        await last?.store.close();
      },
    };
  }

  return view({}, resolved.fetch);
}

export function realtimeRefused(): MeterError {
  return new MeterError(
    "Realtime connections cannot be metered: fal bills them over a socket that nobody else sees. " +
      'Set realtime: "unmetered" to allow them without a budget, or use run, subscribe or stream.',
  );
}

function listen(events: Events, { logger, onEvent }: ResolvedOptions, remaining: Remaining) {
  if (onEvent) events.on("*", onEvent);
  if (logger) events.on("*", createCallLog(logger, remaining.left));
}

function closed(store: StoreChoice): StoreError {
  return new StoreError(store.kind, "closed", "the meter was closed");
}
