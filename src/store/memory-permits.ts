import { setBackMs } from "./bounds.ts";
import type { Permit, PermitRequest, TakeAnswer } from "./store.ts";

export interface MemoryPermits {
  take(request: PermitRequest): TakeAnswer;
  keep(permits: readonly Permit[], at: number): number;
}

interface Standing {
  at: number;
  endsAt: number;
  /**
   * Its end for whoever's clock is before it was taken, counted from the first of them. It may be that the clock was set back, or
   * that one caller read it long ago: so this end is beside the other and not in its place.
   */
  backEndsAt: number | null;
}

/** What has ended goes when its pace is asked for the next time, so there are never more than a pace allows. */
export function createMemoryPermits(): MemoryPermits {
  const paces = new Map<string, Map<string, Standing>>();

  function standing(pace: string, now: number): Map<string, Standing> {
    const permits = paces.get(pace) ?? new Map<string, Standing>();
    for (const [id, permit] of permits) {
      const length = permit.endsAt - permit.at;
      const setBack = permit.at > now + setBackMs;
      permit.backEndsAt = setBack ? Math.min(permit.backEndsAt ?? Number.POSITIVE_INFINITY, now + length) : null;
      if (endOf(permit) <= now) permits.delete(id);
    }
    return permits;
  }

  return {
    take({ id, at, paces: wanted }) {
      const found = wanted.map(({ pace }) => standing(pace, at));
      for (const [index, { pace, count }] of wanted.entries()) {
        const permits = found[index]!;
        if (permits.has(id) || permits.size < count) continue;
        const first = Math.min(...[...permits.values()].map(endOf));
        return { outcome: "full", pace, freeInMs: first - at };
      }
      for (const [index, { pace, endsInMs }] of wanted.entries())
        paces.set(pace, found[index]!.set(id, { at, endsAt: at + endsInMs, backEndsAt: null }));
      return { outcome: "taken" };
    },
    keep(permits, at) {
      let stood = 0;
      for (const { id, pace, endsInMs } of permits) {
        const held = standing(pace, at);
        if (!held.has(id)) continue;
        stood += 1;
        if (endsInMs > 0) held.set(id, { at, endsAt: at + endsInMs, backEndsAt: null });
        else held.delete(id);
      }
      return stood;
    },
  };
}

function endOf({ endsAt, backEndsAt }: Standing): number {
  return backEndsAt ?? endsAt;
}
