import type { Entry, Store } from "../../src/store/store.ts";
import type { World } from "./world.ts";

/** Bugs that a simulation must find. Each stands between the meter and the parts that it trusts. */
export const plants = [
  "skips a counter",
  "refunds a doubt",
  "settles twice",
  "sends again",
  "charges another window",
  "loses a hold",
  "confuses keys",
  "forgets places",
  "forgets starts",
] as const;

export type Plant = (typeof plants)[number];

/** The store with the bug in it. */
export function plantInStore(plant: Plant | null, store: Store, world: World): Store {
  const sometimes = () => world.random.chance(0.2);
  let last: string | null = null;
  switch (plant) {
    case "skips a counter":
      return {
        ...store,
        hold: (request) => store.hold(sometimes() ? { ...request, charges: request.charges.slice(1) } : request),
      };
    case "refunds a doubt":
      return {
        ...store,
        async doubt(id, why, at) {
          await store.doubt(id, why, at);
          const post = { amount: 0n };
          const settlement = {
            at,
            outcome: "free",
            requestId: null,
            post,
            basis: "free",
            billableUnits: null,
            note: null,
          } as const;
          world.plan({
            owner: "plant",
            label: "refunds",
            afterMs: 5_000,
            happen: () => void store.settle(id, settlement),
          });
        },
      };
    case "settles twice":
      return {
        ...store,
        async settle(id, settlement) {
          const answer = await store.settle(id, settlement);
          if (answer.outcome === "settled") await store.record(again(answer.entry, answer.entry.charges));
          return answer;
        },
      };
    case "charges another window":
      return {
        ...store,
        async settle(id, settlement) {
          const answer = await store.settle(id, { ...settlement, post: { amount: 0n } });
          if (answer.outcome !== "settled") return answer;
          const entry = { ...answer.entry, actual: settlement.post.amount };
          const charges = entry.charges.map((charge) => ({
            ...charge,
            counter: charge.counter.replace(/T\d\d:/, "T99:"),
          }));
          await store.record(again(entry, charges));
          return { ...answer, entry };
        },
      };
    case "loses a hold":
      return {
        ...store,
        hold: async (request) => (sometimes() ? { outcome: "held", counters: [] } : store.hold(request)),
      };
    case "confuses keys":
      return {
        ...store,
        async getResult(by, at) {
          const found = await store.getResult(by, at);
          return found ?? ("key" in by && last ? store.getResult({ key: last }, at) : undefined);
        },
        async putResult(result) {
          last = result.key;
          await store.putResult(result);
        },
      };
    case "forgets places":
    case "forgets starts": {
      const kind = plant === "forgets places" ? "jobs|" : "starts|";
      return {
        ...store,
        take: async (request) => (request.paces[0]?.pace.startsWith(kind) ? { outcome: "taken" } : store.take(request)),
      };
    }
    default:
      return store;
  }
}

/** The way to fal with the bug in it. */
export function plantInFetch(plant: Plant | null, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  if (plant !== "sends again") return fetch;
  return async (...sent) => {
    try {
      return await fetch(...sent);
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (code !== "ECONNRESET" || sent[1]?.method !== "POST") throw error;
      return fetch(...sent);
    }
  };
}

function again(entry: Entry, charges: Entry["charges"]): Entry {
  return { ...entry, id: `${entry.id}-again`, kind: "correction", outcome: "corrected", about: entry.id, charges };
}
