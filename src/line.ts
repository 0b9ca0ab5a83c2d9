/** The stations of a meter, built over its ledger and joined. */
import { createAlerts } from "./budget/alerts.ts";
import type { Budget } from "./budget/budget.ts";
import { createGate } from "./budget/hold.ts";
import type { Remaining } from "./budget/remaining.ts";
import type { Windows } from "./budget/window.ts";
import type { Deliveries } from "./cache/deliveries.ts";
import { createJoins } from "./cache/joins.ts";
import { createResults, type Results } from "./cache/results.ts";
import { createUploads, type Uploads } from "./cache/uploads.ts";
import type { EndpointId } from "./call.ts";
import { StoreError } from "./errors.ts";
import type { Events } from "./events.ts";
import { createJobs, type Jobs } from "./job.ts";
import { createLanes } from "./limit/lane.ts";
import { createRate } from "./limit/rate.ts";
import { createSharedPaces, type SharedPaces } from "./limit/shared.ts";
import { createWaitingRoom } from "./limit/waiting-room.ts";
import type { ResolvedOptions, StoreChoice } from "./options.ts";
import { discountTiers } from "./price/discount.ts";
import type { PriceBook } from "./price/price-book.ts";
import type { Pricer } from "./price/pricer.ts";
import { createPurchases, type Purchases } from "./purchase.ts";
import { createSettler, type Settler } from "./settle/settler.ts";
import type { Bought } from "./sharing.ts";
import type { Store } from "./store/store.ts";
import { type MediaFacts, mediaFacts } from "./wire/media-facts.ts";

/** Everything that needs the store; made when it is first needed, so that making a meter touches nothing. */
export interface Line {
  store: Store;
  settler: Settler;
  book: PriceBook;
  purchases: Purchases;
  jobs: Jobs;
  results: Results | null;
  uploads: Uploads<MediaFacts>;
  sharedPaces: SharedPaces | null;
}

/** What there is before the ledger is opened, and what is read from it first. */
export interface Surroundings {
  events: Events;
  windows: Windows;
  pricer: Pricer;
  deliveries: Deliveries;
  book: PriceBook;
  remaining: Remaining;
}

export function buildLine(options: ResolvedOptions, store: Store, around: Surroundings): Line {
  const { clock, rules, limits } = options;
  const { events, windows, pricer, deliveries, book, remaining } = around;
  const alerts = createAlerts(rules, windows, events);
  const moved: typeof alerts.moved = (counters, at) => {
    remaining.moved(counters);
    alerts.moved(counters, at);
  };
  const tiers = discountTiers(options.discounts);
  const pricesAt = (endpointId: EndpointId, at: number) => ({
    unitPrice: pricer.unitPrice(endpointId, at),
    tiers,
    ordinalCounter: `purchases|${windows.at("month", at).id}`,
  });
  const settler = createSettler({ store, events, clock, pricesAt, onCounters: moved, onSettled: book.settled });
  const results = options.cache ? createResults(options.cache, store, clock) : null;
  const uploads = createUploads(options.cache?.persist ? store : null, clock, mediaFacts);
  const jobs = createJobs({
    clock,
    events,
    store,
    results,
    ttlMs: options.cache?.ttlMs ?? DAY_MS,
    deliveries,
    settler,
    pricesAt,
  });
  // One queue: a call that has its place and waits for its start still waits.
  const room = limits && createWaitingRoom(limits);
  // A memory of one's own has nobody to share with.
  const sharedPaces =
    limits && options.store.kind !== "memory" ? createSharedPaces({ ...options, store, events }) : null;
  const purchases = createPurchases({
    clock,
    events,
    store,
    tags: options.tags,
    draft: options.draft,
    pricer,
    live: book.live,
    uploads,
    cache: options.cache && results ? { options: options.cache, results, uploads } : null,
    joins: createJoins<Bought>(),
    deliveries,
    gate: createGate({ ...options, store, events, windows, alerts: { moved } }),
    lanes: limits && room ? createLanes(limits, clock, room, sharedPaces) : null,
    rate: limits && room ? createRate(limits, clock, room, sharedPaces) : null,
    settler,
    jobs,
  });
  register(options, store, events);
  return { store, settler, book, purchases, jobs, results, uploads, sharedPaces };
}

const DAY_MS = 86_400_000;

/** Writes the budgets down, so that a report in another process can show them. */
function register({ budgets, rules, timezone, weekStart, clock }: ResolvedOptions, store: Store, events: Events) {
  const at = clock.now();
  budgets.forEach((budget, index) => {
    const rule = rules[index];
    if (!rule) return;
    const written: Budget = { ...budget, name: rule.name, limit: rule.limitDollars.toFixed() };
    const value = JSON.stringify({ budget: written, key: rule.key, timezone, weekStart });
    store.putNote({ kind: "budget", key: rule.key, value, at, expiresAt: null }).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : typeof error;
      events.emit({ type: "store-failed", at, store: store.name, verb: "putNote", message });
    });
  });
}

export async function openStore(choice: StoreChoice): Promise<Store> {
  if (choice.kind === "given") return choice.store;
  if (choice.kind === "redis") {
    const { connectRedisStore } = await import("./store/redis.ts");
    return connectRedisStore({ url: choice.url });
  }
  if (choice.kind === "sqlite") {
    if (choice.fallback === "none" || hasFiles()) {
      try {
        const { openSqliteStore } = await import("./store/sqlite.ts");
        return await openSqliteStore(choice.path);
      } catch (error) {
        if (choice.fallback === "none" || !(error instanceof StoreError) || error.reason !== "read-only") throw error;
      }
    }
    console.warn(
      "fal-meter: there is no place to write the ledger, so it is kept in memory and forgotten at exit. Set store to choose another.",
    );
  }
  const { createMemoryStore } = await import("./store/memory.ts");
  return createMemoryStore();
}

function hasFiles(): boolean {
  return typeof process !== "undefined" && typeof process.versions?.node === "string";
}

/** Whether it matters what is in an uploaded file: to a cache key, to a cap, or to rates of one's own. */
export function watchesUploads({ cache, rules, prices }: ResolvedOptions): boolean {
  const { ownRates, contractRates, credits, live } = prices;
  return (
    cache !== null ||
    rules.length > 0 ||
    ownRates.size > 0 ||
    contractRates.size > 0 ||
    credits.length > 0 ||
    live !== null
  );
}
