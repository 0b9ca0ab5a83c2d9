import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";

/** One process at a time, over all that share a store. */
export interface Turn {
  /** Does `work` while no other process has the turn; `null` when its turn did not come. */
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
  /** Whose turn: of the kind of note that tickets are kept under. */
  kind: string;
  /** This taker, unique over all processes. */
  taker: string;
  /** A taker not heard of for so long is dead. */
  leaseMs: number;
  waitMs: number;
}

interface Ticket {
  taker: string;
  /** 0 while it is being drawn: it may come out lower than any, so it goes first until it is known. */
  number: number;
}

const LOOK_EVERY_MS = 20;

/**
 * Lamport's bakery over notes. Notes can only be put and read, so nobody can claim a thing by testing and setting it at once; but
 * each taker may write a ticket of its own, and whoever drew the lowest goes first. A dead taker's ticket ends with its lease;
 * one that is only stalled beyond its lease may find another at work, so work done in a turn must bear to be done twice.
 */
export function createTurn({ store, clock, kind, taker, leaseMs, waitMs }: TurnOptions): Turn {
  const draw = (number: number) => {
    const at = clock.now();
    return store.putNote({ kind, key: taker, value: JSON.stringify({ taker, number }), at, expiresAt: at + leaseMs });
  };

  async function others(): Promise<Ticket[]> {
    const notes = await store.listNotes(kind, clock.now());
    return notes.map(({ value }) => JSON.parse(value) as Ticket).filter((ticket) => ticket.taker !== taker);
  }

  async function come(number: number, patience: Patience): Promise<boolean> {
    const until = clock.now() + (patience.waitMs ?? waitMs);
    for (;;) {
      const ahead = (await others()).some((ticket) => goesFirst(ticket, { taker, number }));
      if (!ahead) return true;
      if (clock.now() >= until || patience.signal?.aborted) return false;
      await clock.sleep(LOOK_EVERY_MS, patience.signal).catch(() => {});
      await draw(number);
    }
  }

  return {
    async take(work, patience = {}) {
      await draw(0);
      try {
        const number = 1 + (await others()).reduce((highest, ticket) => Math.max(highest, ticket.number), 0);
        await draw(number);
        return (await come(number, patience)) ? await work(() => draw(number)) : null;
      } finally {
        await store.deleteNote(kind, taker);
      }
    },
  };
}

function goesFirst(a: Ticket, b: Ticket): boolean {
  return a.number < b.number || (a.number === b.number && a.taker < b.taker);
}
