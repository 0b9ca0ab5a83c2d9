/** Everything that is learned of prices while calls are made: fal's live prices, the ledger's own bills, and what prepaid credit is left. */
import type { Clock } from "../clock.ts";
import { describeFailure } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Entry, Store } from "../store/store.ts";
import { createCreditBalance } from "./credit-balance.ts";
import { type Billed, createLearnedBills } from "./learned-bills.ts";
import { createLivePrices, type LivePrices, type PricingApi } from "./live-prices.ts";
import type { Pricer } from "./pricer.ts";
import type { ResolvedPrices } from "./prices-options.ts";

export interface PriceBookParts {
  options: ResolvedPrices;
  api: PricingApi;
  store: Store;
  clock: Clock;
  events: Events;
  pricer: Pricer;
}

export interface PriceBook {
  /** `null` where prices come from the bundled list alone. */
  readonly live: LivePrices | null;
  /** Takes over what the store keeps. A store that fails here leaves the prices as they are bundled. */
  load(): Promise<void>;
  /** Tells of a purchase that was settled. */
  settled(entry: Entry): void;
  /** Tells of a bill that came later. */
  learn(billed: Billed): void;
  /** Writes what was learned and is not yet written. */
  idle(): Promise<void>;
}

export function createPriceBook({ options, api, ...parts }: PriceBookParts): PriceBook {
  const { store, clock, events } = parts;
  const live = options.live && createLivePrices({ ...parts, api, maxAgeMs: options.live.maxAgeMs });
  const learned = createLearnedBills(parts);
  const credits = options.credits.length > 0 ? createCreditBalance({ ...parts, credits: options.credits }) : null;
  return {
    live,
    async load() {
      try {
        await Promise.all([live?.load(), learned.load(), credits?.load()]);
      } catch (error) {
        const message = describeFailure(error);
        events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb: "listNotes", message });
      }
    },
    settled(entry) {
      if (entry.outcome === "charged") learned.learn(entry);
      credits?.spent();
    },
    learn: learned.learn,
    async idle() {
      await learned.idle();
      await credits?.idle();
    },
  };
}
