import type { CounterTable, OrdinalTable } from "./booking.ts";
import { counterKeptMs, ordinalsMax, sweepBatch, sweepEveryMs } from "./bounds.ts";
import { createRollingWindow, type Member, type RollingWindow } from "./rolling.ts";
import type { Charge, CounterState } from "./store.ts";

interface FixedCounter {
  kind: "fixed";
  endsAt: number | null;
  spent: bigint;
  held: bigint;
}

interface RollingCounter {
  kind: "rolling";
  window: RollingWindow;
  /** The members of holds that are still open. */
  open: Map<string, Member>;
  emptyAt: number;
}

export interface MemoryCounters extends CounterTable {
  list(prefix: string, at: number): CounterState[];
}

export function createMemoryCounters(): MemoryCounters {
  const counters = new Map<string, FixedCounter | RollingCounter>();
  let sweepAt = Number.NEGATIVE_INFINITY;
  let sweeping: Iterator<[string, FixedCounter | RollingCounter]> | null = null;

  function made({ counter, window }: Charge): FixedCounter | RollingCounter {
    let found = counters.get(counter);
    if (found) return found;
    found =
      window.kind === "fixed"
        ? { kind: "fixed", endsAt: window.endsAt, spent: 0n, held: 0n }
        : { kind: "rolling", window: createRollingWindow(window.lengthMs), open: new Map(), emptyAt: 0 };
    counters.set(counter, found);
    return found;
  }

  function stateOf(id: string, at: number): CounterState {
    const found = counters.get(id);
    if (!found) return { counter: id, spent: 0n, held: 0n, nextReleaseAt: null };
    if (found.kind === "rolling") return found.window.state(id, at);
    return { counter: id, spent: found.spent, held: found.held, nextReleaseAt: null };
  }

  function ended(counter: FixedCounter | RollingCounter, at: number): boolean {
    const endsAt = counter.kind === "fixed" ? counter.endsAt : counter.emptyAt;
    return endsAt !== null && endsAt + counterKeptMs < at;
  }

  return {
    state: (charge, at) => stateOf(charge.counter, at),
    hold(charge, id, at, amount) {
      const found = made(charge);
      if (found.kind === "fixed") {
        found.held += amount;
        return;
      }
      found.window.decay(at);
      found.open.set(id, found.window.add(at, 0n, amount));
      found.emptyAt = found.window.endsAt() ?? at;
    },
    post(charge, { id, at, held, spent, now }) {
      const { window } = charge;
      const leavesAt = window.kind === "rolling" ? at + window.lengthMs : window.endsAt;
      const open = leavesAt === null || leavesAt > now;
      const nothing = held === 0n && spent === 0n;
      if (nothing || (!counters.has(charge.counter) && !open)) return stateOf(charge.counter, now);
      const found = made(charge);
      if (found.kind === "fixed") {
        found.held -= held;
        found.spent += spent;
        return stateOf(charge.counter, now);
      }
      found.window.decay(now);
      const member = found.open.get(id);
      found.open.delete(id);
      if (member) found.window.post(member, held, spent);
      else if (open && held === 0n) found.window.add(at, spent, 0n);
      found.emptyAt = Math.max(found.emptyAt, found.window.endsAt() ?? 0);
      return stateOf(charge.counter, now);
    },
    sweep(at) {
      if (at < sweepAt && sweepAt - at <= sweepEveryMs) return;
      // One pass goes on where the last one stopped, so that a sweep is short however many counters there are.
      sweeping ??= counters.entries();
      for (let i = 0; i < sweepBatch; i += 1) {
        const next = sweeping.next();
        if (next.done) {
          sweeping = null;
          sweepAt = at + sweepEveryMs;
          return;
        }
        const [id, counter] = next.value;
        if (ended(counter, at)) counters.delete(id);
      }
    },
    list(prefix, at) {
      const ids = [...counters.keys()].filter((id) => id.startsWith(prefix)).sort();
      return ids.map((id) => stateOf(id, at));
    },
  };
}

export function createMemoryOrdinals(): OrdinalTable {
  const counts = new Map<string, number>();
  return {
    next(counter) {
      const count = (counts.get(counter) ?? 0) + 1;
      counts.delete(counter);
      counts.set(counter, count);
      if (counts.size > ordinalsMax) counts.delete(counts.keys().next().value!);
      return count;
    },
  };
}
