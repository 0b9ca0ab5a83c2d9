import type { Connection } from "./redis-connection.ts";
import { scripts } from "./redis-scripts.ts";
import type { Store } from "./store.ts";

/** The verbs of shared paces. */
export function createRedisPermits({ run }: Connection): Pick<Store, "take" | "keep"> {
  return {
    async take({ id, paces }) {
      const wanted = paces.map(({ pace, count, endsInMs }) => [pace, count, endsInMs]);
      const rows = paces.map(({ pace }) => `p:${pace}`);
      const [full, freeInMs] = (await run(scripts.take, rows, [id, JSON.stringify(wanted)])) as [number?, string?];
      if (full === undefined) return { outcome: "taken" };
      return { outcome: "full", pace: paces[full]!.pace, freeInMs: Number(freeInMs) };
    },
    async keep(permits) {
      const wanted = permits.map(({ id, pace, endsInMs }) => [id, pace, endsInMs]);
      const rows = [...new Set(permits.map(({ pace }) => `p:${pace}`))];
      return Number(await run(scripts.keep, rows, [JSON.stringify(wanted)]));
    },
  };
}
