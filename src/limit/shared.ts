import { type Clock, idleFor } from "../clock.ts";
import { StoreError } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Permit, PermitRequest, Store } from "../store/store.ts";
import { createLine } from "./line.ts";
import type { Turn } from "./waiting-room.ts";

/** One pace, as all processes know it that share a store. */
export interface SharedPace {
  /** Names it. */
  readonly pace: string;
  readonly count: number;
  /** What is taken ends by itself after this, so that a holder that dies gives it back. */
  readonly leaseMs: number;
}

/** A place under every pace that it was taken for. */
export interface SharedPermit {
  /** When it was asked for: its leases count from then or later. */
  readonly takenAt: number;
  /** It ends so long from now, by each pace. Nothing waits for it to be written down. */
  endIn(msOf: (pace: string) => number): void;
  /** Is renewed for so long from now, unless it ends by `endIn` or is given back before. The last word counts. */
  renewFor(ms: number): void;
  giveBack(): void;
}

/** Paces over all processes that share a store. */
export interface SharedPaces {
  /**
   * Waits until every one of these paces has room; the same paces go by priority. `mustWait` is called when there is none yet, and
   * what it throws ends the waiting. `null`: the store failed, and the policy lets calls pass without it.
   * @throws StoreError; the turn's signal's reason when it aborts first
   */
  permit(turn: Turn, paces: readonly SharedPace[], mustWait: () => void): Promise<SharedPermit | null>;
  /** Resolves once everything is written down. */
  idle(): Promise<void>;
}

export interface SharedParts {
  store: Store;
  clock: Clock;
  events: Events;
  /** What to do with a call when the store fails. */
  onStoreFailure: "refuse" | "allow";
}

interface Renewal {
  readonly paces: readonly SharedPace[];
  readonly forMs: number;
  readonly until: number;
}

interface Waiter {
  readonly priority: number;
  readonly mustWait: () => void;
  readonly go: (permit: SharedPermit | null) => void;
  readonly fail: (error: unknown) => void;
}

interface Waiting {
  readonly line: ReturnType<typeof createLine<Waiter>>;
  /** Those who do not know yet that they have to wait. */
  readonly untold: Set<Waiter>;
}

/** What other processes give back is only seen by asking again. */
const ASK_AGAIN_MS = { first: 5, most: 250 };
/** So often within a lease, for a renewal may be late or lost. */
const RENEWALS = 3;

export function createSharedPaces({ store, clock, events, onStoreFailure }: SharedParts): SharedPaces {
  const waiting = new Map<string, Waiting>();
  const renewed = new Map<string, Renewal>();
  const writing = new Set<Promise<unknown>>();
  let renewing: AbortController | null = null;

  function told(verb: string, error: unknown) {
    if (error instanceof StoreError && error.reason === "closed") return;
    const message = error instanceof Error ? error.message : typeof error;
    events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb, message });
  }

  /** A permit that is not renewed or given back ends by its lease: slower, and never wrong. */
  function write(permits: readonly Permit[]) {
    const written = store.keep(permits, clock.now()).catch((error: unknown) => told("keep", error));
    writing.add(written);
    void written.finally(() => writing.delete(written));
  }

  function permitOf(id: string, takenAt: number, paces: readonly SharedPace[]): SharedPermit {
    const endIn = (msOf: (pace: string) => number) => {
      renewed.delete(id);
      if (renewed.size === 0) renewing?.abort();
      write(paces.map(({ pace }) => ({ id, pace, endsInMs: Math.ceil(msOf(pace)) })));
    };
    return {
      takenAt,
      endIn,
      giveBack: () => endIn(() => 0),
      renewFor(forMs) {
        renewed.set(id, { paces, forMs, until: clock.now() + forMs });
        void renewAll();
      },
    };
  }

  async function renewAll() {
    if (renewing) return;
    const mine = new AbortController();
    renewing = mine;
    while (renewed.size > 0 && !mine.signal.aborted) {
      const leases = [...renewed.values()].flatMap(({ paces }) => paces.map(({ leaseMs }) => leaseMs));
      await idleFor(clock, Math.min(...leases) / RENEWALS, mine.signal);
      if (!mine.signal.aborted) write([...renewed].flatMap(([id, renewal]) => renewals(id, renewal)));
    }
    renewing = null;
    // One that came while the last was leaving.
    if (renewed.size > 0) void renewAll();
  }

  function renewals(id: string, { paces, forMs, until }: Renewal): Permit[] {
    // A clock that was set back makes nothing last longer than it was meant to from now on.
    const left = Math.min(until - clock.now(), forMs);
    if (left <= 0) renewed.delete(id);
    return paces.map(({ pace, leaseMs }) => ({ id, pace, endsInMs: Math.ceil(Math.max(0, Math.min(leaseMs, left))) }));
  }

  /** One process asks for one place at a time, for whoever stands first when it comes. */
  async function serve(key: string, paces: readonly SharedPace[], { line, untold }: Waiting) {
    let pause = ASK_AGAIN_MS.first;
    while (line.length > 0) {
      const at = clock.now();
      const request: PermitRequest = {
        id: crypto.randomUUID(),
        at,
        paces: paces.map(({ pace, count, leaseMs }) => ({ pace, count, endsInMs: leaseMs })),
      };
      try {
        const answer = await store.take(request);
        if (answer.outcome === "taken") {
          const permit = permitOf(request.id, at, paces);
          const first = line.shift();
          if (first) first.go(permit);
          else permit.giveBack();
          pause = ASK_AGAIN_MS.first;
          continue;
        }
        for (const waiter of untold) tell(waiter);
        await clock.sleep(Math.max(1, Math.min(answer.freeInMs, pause)));
        pause = Math.min(pause * 2, ASK_AGAIN_MS.most);
      } catch (error) {
        told("take", error);
        for (let waiter = line.shift(); waiter; waiter = line.shift()) {
          if (onStoreFailure === "allow" && error instanceof StoreError) waiter.go(null);
          else waiter.fail(error);
        }
      }
    }
    waiting.delete(key);

    function tell(waiter: Waiter) {
      untold.delete(waiter);
      try {
        waiter.mustWait();
      } catch (error) {
        line.leave(waiter);
        waiter.fail(error);
      }
    }
  }

  return {
    permit({ priority, signal }, paces, mustWait) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const key = paces.map(({ pace }) => pace).join("\n");
        const own = waiting.get(key) ?? { line: createLine<Waiter>(), untold: new Set() };
        const giveUp = () => {
          own.line.leave(waiter);
          done();
          reject(signal?.reason);
        };
        const done = () => {
          own.untold.delete(waiter);
          signal?.removeEventListener("abort", giveUp);
        };
        const waiter: Waiter = {
          priority,
          mustWait,
          go(permit) {
            done();
            resolve(permit);
          },
          fail(error) {
            done();
            reject(error);
          },
        };
        signal?.addEventListener("abort", giveUp, { once: true });
        own.line.join(waiter);
        own.untold.add(waiter);
        if (waiting.has(key)) return;
        waiting.set(key, own);
        void serve(key, paces, own);
      });
    },

    async idle() {
      while (writing.size > 0) await Promise.all(writing);
    },
  };
}
