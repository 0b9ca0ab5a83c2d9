import type { Clock } from "../clock.ts";

/**
 * Things that fall due after a while. A timer runs only while somebody watches, so that a place kept for ten minutes, or
 * a start counted for an hour, never keeps a process alive that has nothing left to do. Unwatched, they fall due at
 * the next `sweep`.
 */
export interface Deadlines {
  /** Calls `due` after `ms` milliseconds. All of one `Deadlines` have the same `ms`, or there is only one at a time. Returns what calls it off. */
  add(ms: number, due: () => void): () => void;
  /** Calls what is due by now. */
  sweep(): void;
  /** Makes deadlines fall due by themselves until the returned function is called. */
  watch(): () => void;
}

interface Deadline {
  ms: number;
  at: number;
  due: () => void;
}

export function createDeadlines(clock: Clock): Deadlines {
  // In the order added, which is the order in which they fall due.
  const open = new Set<Deadline>();
  let watchers = 0;
  let nap: AbortController | null = null;

  function sweep() {
    const now = clock.now();
    for (const deadline of open) {
      // Only a clock that was set back can make a deadline further away than its whole length.
      if (deadline.at > now + deadline.ms) deadline.at = now + deadline.ms;
      if (deadline.at > now) return;
      open.delete(deadline);
      deadline.due();
    }
  }

  async function sleepOn() {
    if (nap || watchers === 0) return;
    const mine = new AbortController();
    nap = mine;
    try {
      while (nap === mine) {
        const [next] = open;
        if (!next) break;
        await clock.sleep(Math.max(1, Math.ceil(next.at - clock.now())), mine.signal);
        sweep();
      }
    } catch (error) {
      if (!mine.signal.aborted) throw error;
    } finally {
      if (nap === mine) nap = null;
    }
  }

  return {
    sweep,
    add(ms, due) {
      const deadline = { ms, at: clock.now() + ms, due };
      open.add(deadline);
      void sleepOn();
      return () => open.delete(deadline);
    },
    watch() {
      watchers++;
      void sleepOn();
      let watching = true;
      return () => {
        if (!watching) return;
        watching = false;
        watchers--;
        if (watchers > 0) return;
        nap?.abort();
        nap = null;
      };
    },
  };
}
