import { setBackMs } from "./bounds.ts";
import type { Connection } from "./sqlite-connection.ts";
import type { Permit, PermitRequest, TakeAnswer } from "./store.ts";

export interface SqlitePermits {
  take(request: PermitRequest): TakeAnswer;
  keep(permits: readonly Permit[], at: number): number;
}

/** Permits of every pace that have ended go with the next one that is taken, so there are never more than the paces allow. */
export function createSqlitePermits({ query }: Connection): SqlitePermits {
  const dropEnded = query("DELETE FROM permits WHERE ends_at <= ?");
  const has = query("SELECT 1 FROM permits WHERE pace = ? AND id = ? AND ends_at > ?");
  const standing = query(
    `SELECT count(*) AS count, max(at) AS latest, min(coalesce(back_ends_at, ends_at)) AS first, max(back_ends_at) AS back
     FROM permits WHERE pace = ?`,
  );
  const setBack = query(
    `UPDATE permits SET back_ends_at = min(coalesce(back_ends_at, ends_at), ?1 + ends_at - at) WHERE pace = ?3 AND at > ?2`,
  );
  const dropBack = query("DELETE FROM permits WHERE pace = ?3 AND at > ?2 AND back_ends_at <= ?1");
  const notBack = query("UPDATE permits SET back_ends_at = NULL WHERE pace = ?");
  const put = query(
    `INSERT INTO permits (pace, id, at, ends_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (pace, id) DO UPDATE SET at = excluded.at, ends_at = excluded.ends_at, back_ends_at = NULL`,
  );
  const remove = query("DELETE FROM permits WHERE pace = ? AND id = ?");

  /**
   * For whoever's clock is before a permit was taken, it ends as long after the first of them as it was meant to last. It may be that
   * the clock was set back, or that one caller read it long ago: so that end is beside the other and not in its place.
   */
  function standingAt(pace: string, at: number) {
    const found = standing.get(pace)!;
    if (found.latest === null || Number(found.latest) <= at + setBackMs) {
      if (found.back === null) return found;
      notBack.run(pace);
    } else {
      setBack.run(at, at + setBackMs, pace);
      dropBack.run(at, at + setBackMs, pace);
    }
    return standing.get(pace)!;
  }

  return {
    take({ id, at, paces }) {
      dropEnded.run(at);
      for (const { pace, count } of paces) {
        const found = standingAt(pace, at);
        if (Number(found.count) < count || has.get(pace, id, at)) continue;
        return { outcome: "full", pace, freeInMs: Number(found.first) - at };
      }
      for (const { pace, endsInMs } of paces) put.run(pace, id, at, at + endsInMs);
      return { outcome: "taken" };
    },
    keep(permits, at) {
      let stood = 0;
      for (const { id, pace, endsInMs } of permits) {
        if (!has.get(pace, id, at)) continue;
        stood += 1;
        if (endsInMs > 0) put.run(pace, id, at, at + endsInMs);
        else remove.run(pace, id);
      }
      return stood;
    },
  };
}
