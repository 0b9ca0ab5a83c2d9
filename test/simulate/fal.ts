import type { World } from "./world.ts";

/** What an endpoint costs, in nano-dollars for each billed unit, and how many units an input takes. */
interface Tariff {
  unitNano: bigint;
  units(input: Input): number;
}

export interface Input {
  prompt: string;
  num_images?: number;
  seed?: number;
  duration?: string;
}

const images = (input: Input) => input.num_images ?? 1;

/** The model's own price list, so that the meter's is not its own judge. Prices as fal's pricing pages had them in 2025 and 2026. */
const tariffs: Readonly<Record<string, Tariff>> = {
  "fal-ai/nano-banana": { unitNano: 39_800_000n, units: images },
  "fal-ai/flux/schnell": { unitNano: 3_000_000n, units: images },
  "fal-ai/kling-video/v2/master/text-to-video": {
    unitNano: 280_000_000n,
    units: ({ duration = "5" }) => Number(duration),
  },
  "fal-ai/minimax/image-01": { unitNano: 10_000_000n, units: images },
  /** Billed by units that no request tells of, so that its price is unknown before. */
  "fal-ai/bria/text-to-image/base": { unitNano: 40_000_000n, units: images },
};

/** Work that fal accepted. */
export interface Work {
  readonly requestId: string;
  readonly purchaseId: string;
  readonly endpointId: string;
  readonly echo: string;
  readonly units: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly failure: "none" | "free" | "billed";
  /** Billed more than any estimate could have known. */
  readonly overbilled: boolean;
  cancelled: boolean;
}

export type WorkState = "IN_QUEUE" | "IN_PROGRESS" | "COMPLETED";

/** fal, seen from outside: it takes work, does it, bills it, and keeps its own book of that. */
export interface Fal {
  accept(order: { purchaseId: string; endpointId: string; body: string; queued: boolean }): Work;
  find(requestId: string): Work | undefined;
  stateOf(work: Work): WorkState;
  cancel(work: Work): "CANCELLATION_REQUESTED" | "ALREADY_COMPLETED";
  /** What the work costs by now, in nano-dollars; a job under way costs nothing yet. */
  billOf(work: Work): bigint;
  /** All that one paid request cost. */
  billFor(purchaseId: string): bigint;
  worksFor(purchaseId: string): readonly Work[];
  /** Whether it has ever billed more for this endpoint than its price list says. */
  hasOverbilled(endpointId: string): boolean;
}

export function createFal(world: World): Fal {
  const works = new Map<string, Work>();
  const byPurchase = new Map<string, Work[]>();
  const { random } = world;

  function stateOf({ startsAt, endsAt, cancelled }: Work): WorkState {
    if (cancelled || world.nowMs >= endsAt) return "COMPLETED";
    return world.nowMs >= startsAt ? "IN_PROGRESS" : "IN_QUEUE";
  }

  function billOf(work: Work): bigint {
    if (work.cancelled || work.failure === "free" || stateOf(work) !== "COMPLETED") return 0n;
    return BigInt(work.units) * tariffs[work.endpointId]!.unitNano;
  }

  return {
    accept({ purchaseId, endpointId, body, queued }) {
      const overbilled = world.strikes("bill above the hold");
      const units = tariffs[endpointId]!.units(JSON.parse(body) as Input) + (overbilled ? random.whole(1, 40) : 0);
      const startsAt = world.nowMs + (queued ? random.pick([0, 50, 800, 5_000]) : 0);
      const endsAt = startsAt + (queued ? random.pick([0, 300, 2_000, 20_000]) : 0);
      const failure =
        queued && world.strikes("job fails") ? random.pick(["free", "billed"] as const) : ("none" as const);
      const requestId = `job-${works.size}`;
      const work: Work = {
        requestId,
        purchaseId,
        endpointId,
        echo: body,
        units,
        startsAt,
        endsAt,
        failure,
        overbilled,
        cancelled: false,
      };
      works.set(requestId, work);
      byPurchase.set(purchaseId, [...(byPurchase.get(purchaseId) ?? []), work]);
      return work;
    },
    find: (requestId) => works.get(requestId),
    stateOf,
    cancel(work) {
      const state = stateOf(work);
      if (state === "COMPLETED") return "ALREADY_COMPLETED";
      // What is at work goes on to its end and is billed.
      if (state === "IN_QUEUE") work.cancelled = true;
      return "CANCELLATION_REQUESTED";
    },
    billOf,
    billFor: (purchaseId) => (byPurchase.get(purchaseId) ?? []).reduce((total, work) => total + billOf(work), 0n),
    worksFor: (purchaseId) => byPurchase.get(purchaseId) ?? [],
    hasOverbilled: (endpointId) =>
      [...works.values()].some((work) => work.endpointId === endpointId && work.overbilled),
  };
}
