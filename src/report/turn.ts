import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";

/** One process at a time, over all that share a store. */
export interface Turn {
  /** Does `work` while no other process has the turn; `null` when its turn did not come. `hold` keeps the turn for another lease. */
  take<Result>(work: (hold: () => Promise<void>) => Promise<Result>, patience?: Patience): Promise<Result | null>;
}

/** How long to wait for a turn. */
export interface Patience {
  /** In milliseconds. @default the turn's own */
  waitMs?: number;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

export interface TurnOptions {
  store: Store;
  clock: Clock;
  /** Whose turn: the same in every process. */
  name: string;
  /** A taker not heard of for so long is dead. */
  leaseMs: number;
  waitMs: number;
}

const ASK_EVERY_MS = 20;

/**
 * The one permit of a pace. A dead taker's ends with its lease; one that is only stalled beyond its lease may find another at work, so
 * work done in a turn must bear to be done twice.
 */
export function createTurn({ store, clock, name, leaseMs, waitMs }: TurnOptions): Turn {
  return {
    async take(work, patience = {}) {
      const id = crypto.randomUUID();
      const paces = [{ pace: name, count: 1, endsInMs: leaseMs }];
      const endIn = (endsInMs: number) => store.keep([{ id, pace: name, endsInMs }], clock.now());
      const until = clock.now() + (patience.waitMs ?? waitMs);
      while ((await store.take({ id, at: clock.now(), paces })).outcome === "full") {
        if (clock.now() >= until || patience.signal?.aborted) return null;
        await clock.sleep(ASK_EVERY_MS, patience.signal).catch(() => {});
      }
      try {
        return await work(async () => void (await endIn(leaseMs)));
      } finally {
        // Where that fails, the lease ends it.
        await endIn(0).catch(() => {});
      }
    },
  };
}
