/** Follows how far prepaid credits are used up, by what the ledger spent since they were bought. */
import type { Clock } from "../clock.ts";
import { describeFailure } from "../errors.ts";
import type { Events } from "../events.ts";
import { fromNano } from "../money.ts";
import type { Store } from "../store/store.ts";
import { type Credit, creditStandings } from "./credits.ts";
import type { Pricer } from "./pricer.ts";

export interface CreditBalanceParts {
  credits: readonly Credit[];
  store: Store;
  clock: Clock;
  events: Events;
  pricer: Pick<Pricer, "setUsedUp">;
}

export interface CreditBalance {
  /** Reads the ledger now. */
  load(): Promise<void>;
  /** Tells that money was spent. The ledger is read again in the background, at most once in ten seconds. */
  spent(): void;
  /** Resolves once nothing is being read. */
  idle(): Promise<void>;
}

const READ_EVERY_MS = 10_000;

export function createCreditBalance({ credits, store, clock, events, pricer }: CreditBalanceParts): CreditBalance {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    readAt = clock.now();
    const since = Math.min(...credits.map(({ boughtAt }) => boughtAt));
    const rows = await store.totals({ since, by: ["bucket"] });
    const spendings = rows
      .map(({ bucket, spent }) => ({ at: Math.max(bucket ?? since, since), amount: fromNano(spent) }))
      .sort((a, b) => a.at - b.at);
    const standings = creditStandings(credits, spendings, readAt);
    pricer.setUsedUp(new Set(standings.flatMap(({ credit, left }) => (left.gt(0) ? [] : [credit]))));
  }

  return {
    load: read,
    spent() {
      if (reading || clock.now() < readAt + READ_EVERY_MS) return;
      reading = read()
        .catch((error: unknown) => {
          const message = describeFailure(error);
          events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb: "totals", message });
        })
        .then(() => {
          reading = undefined;
        });
    },
    idle: async () => reading,
  };
}
