import type { Nano } from "../../src/money.ts";
import type { AheadClock } from "./ahead.ts";
import { overCap } from "./inspection.ts";
import type { Ledger } from "./ledger.ts";
import type { Plan } from "./plan.ts";

/** What was seen from outside. */
export interface Seen {
  looks: number;
  /** By how much counters were above their limits, at the most. */
  over: Map<string, Nano>;
}

/** Somebody who looks at the ledger from outside all the while. */
export interface Watch {
  /** Lets go of the ledger, as if nobody had it open. */
  leave(): Promise<void>;
}

const EVERY_MS = 3;

/** Writes down in `seen` what it sees. */
export async function watch(ledger: Ledger, plan: Plan, clock: AheadClock, seen: Seen): Promise<Watch> {
  const store = await ledger.open();
  let leaving = false;
  const looking = (async () => {
    while (!leaving) {
      const at = clock.now();
      for (const [counter, excess] of overCap(await store.counters({ prefix: "", at }), plan, at))
        if (excess > (seen.over.get(counter) ?? 0n)) seen.over.set(counter, excess);
      seen.looks++;
      await clock.sleep(EVERY_MS);
    }
  })();
  // Met by whoever leaves; until then it is nobody's.
  looking.catch(() => {});
  return {
    async leave() {
      leaving = true;
      await looking;
      await store.close();
    },
  };
}
