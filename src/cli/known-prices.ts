/** The prices that this machine knows: the bundled ones, and what a ledger has read and learned. */
import { systemClock } from "../clock.ts";
import { createEvents } from "../events.ts";
import type { LivePrices, PricingApi } from "../price/live-prices.ts";
import { createPriceBook } from "../price/price-book.ts";
import { createPricer, type Pricer } from "../price/pricer.ts";
import { resolvePrices } from "../price/prices-options.ts";
import type { Store } from "../store/store.ts";
import { openLedger } from "./ledger.ts";

/** What every command about prices takes. */
export interface PricesFlags {
  store?: string;
  json?: true;
}

export interface KnownPrices {
  pricer: Pricer;
  live: LivePrices;
}

const nobody: PricingApi = { list: async () => ({ kind: "failed", why: "nobody is asked" }) };

/** Loads what the store keeps, where there is one; `api` is asked by `live.refresh` alone. */
export async function knownPrices(store: Store | null, api: PricingApi = nobody): Promise<KnownPrices> {
  const options = resolvePrices({ source: "live" });
  const pricer = createPricer(options);
  const parts = { clock: systemClock, events: createEvents(), pricer };
  const book = createPriceBook({ ...parts, options, api, store: store ?? (await emptyStore()) });
  await book.load();
  return { pricer, live: book.live! };
}

async function emptyStore(): Promise<Store> {
  const { createMemoryStore } = await import("../store/memory.ts");
  return createMemoryStore();
}

/** The store of a ledger that is there, closed once `use` is done with it. */
export async function withLedger<Result>(
  given: string | undefined,
  use: (store: Store | null) => Promise<Result>,
): Promise<Result> {
  const ledger = await openLedger(given, process.env);
  if (ledger.kind === "missing") return use(null);
  try {
    return await use(ledger.store);
  } finally {
    await ledger.store.close();
  }
}
