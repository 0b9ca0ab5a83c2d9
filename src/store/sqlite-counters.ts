import type { CounterTable, OrdinalTable } from "./booking.ts";
import { counterKeptMs, ordinalsMax, sweepBatch, sweepEveryMs } from "./bounds.ts";
import type { Connection } from "./sqlite-connection.ts";
import type { Row } from "./sqlite-driver.ts";
import type { Charge, CounterState } from "./store.ts";

export interface SqliteCounters extends CounterTable {
  list(prefix: string, at: number): CounterState[];
}

/**
 * Every verb but `list` runs inside a writing transaction.
 *
 * A rolling counter keeps its running sums and one member per amount. What has left is dropped when the counter is next
 * written, each once, so a hold costs the same however long the window is.
 */
export function createSqliteCounters({ query }: Connection): SqliteCounters {
  const find = query("SELECT spent, held FROM counters WHERE id = ?");
  const page = query("SELECT id, length_ms, spent, held FROM counters WHERE id >= ? AND id < ? ORDER BY id");
  const add = query(
    `INSERT INTO counters (id, length_ms, spent, held, drop_at) VALUES (?, NULL, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET spent = spent + excluded.spent, held = held + excluded.held`,
  );
  const addRolling = query(
    `INSERT INTO counters (id, length_ms, spent, held, drop_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET spent = spent + excluded.spent, held = held + excluded.held,
       drop_at = max(drop_at, excluded.drop_at)`,
  );
  const move = query("UPDATE counters SET spent = spent + ?, held = held - ? WHERE id = ? RETURNING spent, held");
  const addMember = query(
    `INSERT INTO members (counter, at, id, spent, held) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (counter, at, id) DO UPDATE SET spent = spent + excluded.spent, held = held + excluded.held`,
  );
  const moveMember = query(
    "UPDATE members SET spent = spent + ?, held = held - ? WHERE counter = ? AND at = ? AND id = ? RETURNING spent, held",
  );
  const dropMember = query("DELETE FROM members WHERE counter = ? AND at = ? AND id = ?");
  const dropLeft = query("DELETE FROM members WHERE counter = ? AND at <= ? RETURNING spent, held");
  const sumLeft = query("SELECT sum(spent) AS spent, sum(held) AS held FROM members WHERE counter = ? AND at <= ?");
  const oldest = query("SELECT at FROM members WHERE counter = ? AND at > ? ORDER BY at LIMIT 1");
  const ended = query("SELECT id FROM counters WHERE drop_at < ? LIMIT ?");
  const dropCounter = query("DELETE FROM counters WHERE id = ?");
  const dropMembers = query("DELETE FROM members WHERE counter = ?");
  let sweepAt = Number.NEGATIVE_INFINITY;

  function rollingState(id: string, lengthMs: number, row: Row, at: number): CounterState {
    const left = sumLeft.get(id, at - lengthMs);
    const next = oldest.get(id, at - lengthMs);
    return {
      counter: id,
      spent: (row.spent as bigint) - ((left?.spent as bigint | null) ?? 0n),
      held: (row.held as bigint) - ((left?.held as bigint | null) ?? 0n),
      nextReleaseAt: next ? Number(next.at) + lengthMs : null,
    };
  }

  function state({ counter, window }: Charge, at: number): CounterState {
    const row = find.get(counter);
    if (row && window.kind === "rolling") return rollingState(counter, window.lengthMs, row, at);
    return fixedState(counter, row);
  }

  function decay(counter: string, leftAt: number): void {
    const left = dropLeft.all(counter, leftAt);
    if (left.length === 0) return;
    let [spent, held] = [0n, 0n];
    for (const member of left) {
      spent += member.spent as bigint;
      held += member.held as bigint;
    }
    move.get(-spent, held, counter);
  }

  return {
    state,
    hold({ counter, window }, id, at, amount) {
      if (window.kind === "fixed") {
        add.run(counter, 0n, amount, window.endsAt === null ? null : window.endsAt + counterKeptMs);
        return;
      }
      decay(counter, at - window.lengthMs);
      addRolling.run(counter, window.lengthMs, 0n, amount, at + window.lengthMs + counterKeptMs);
      addMember.run(counter, at, id, 0n, amount);
    },
    post(charge, { id, at, held, spent, now }) {
      const { counter, window } = charge;
      if (held === 0n && spent === 0n) return state(charge, now);
      if (window.kind === "fixed") {
        const row = move.get(spent, held, counter);
        if (row || (window.endsAt !== null && window.endsAt <= now)) return fixedState(counter, row);
        add.run(counter, spent, 0n, window.endsAt === null ? null : window.endsAt + counterKeptMs);
        return fixedState(counter, { spent, held: 0n });
      }
      decay(counter, now - window.lengthMs);
      if (held !== 0n) {
        // A member that is gone has left the window, and its money with it.
        const member = moveMember.get(spent, held, counter, at, id);
        if (member) move.get(spent, held, counter);
        if (member?.spent === 0n && member.held === 0n) dropMember.run(counter, at, id);
      } else if (at + window.lengthMs > now) {
        addRolling.run(counter, window.lengthMs, spent, 0n, at + window.lengthMs + counterKeptMs);
        addMember.run(counter, at, id, spent, 0n);
      }
      return state(charge, now);
    },
    sweep(at) {
      if (at < sweepAt && sweepAt - at <= sweepEveryMs) return;
      const batch = ended.all(at, sweepBatch);
      for (const { id } of batch) {
        dropMembers.run(id!);
        dropCounter.run(id!);
      }
      sweepAt = batch.length < sweepBatch ? at + sweepEveryMs : at;
    },
    list(prefix, at) {
      // The last code point there is closes the range of everything that starts with the prefix.
      return page
        .all(prefix, `${prefix}\u{10ffff}`)
        .map((row) =>
          row.length_ms === null
            ? fixedState(row.id as string, row)
            : rollingState(row.id as string, Number(row.length_ms), row, at),
        );
    },
  };
}

export function createSqliteOrdinals({ query }: Connection): OrdinalTable {
  const next = query(
    `INSERT INTO ordinals (counter, count, used_at) VALUES (?, 1, ?)
     ON CONFLICT (counter) DO UPDATE SET count = count + 1, used_at = excluded.used_at RETURNING count`,
  );
  const kept = query("SELECT count(*) AS kept FROM ordinals");
  const dropOldest = query(
    "DELETE FROM ordinals WHERE counter = (SELECT counter FROM ordinals ORDER BY used_at LIMIT 1)",
  );
  return {
    next(counter, at) {
      const count = Number(next.get(counter, at)!.count);
      if (count === 1 && Number(kept.get()!.kept) > ordinalsMax) dropOldest.run();
      return count;
    },
  };
}

function fixedState(counter: string, row: Row | undefined): CounterState {
  return {
    counter,
    spent: (row?.spent as bigint | undefined) ?? 0n,
    held: (row?.held as bigint | undefined) ?? 0n,
    nextReleaseAt: null,
  };
}
