import { createFalClient, type MeteredFalClient } from "../../src/client.ts";
import type { MeterEvent } from "../../src/events.ts";
import type { MeterOptions } from "../../src/options.ts";
import { createSetClock, type SetClock } from "./clock.ts";
import type { Durable } from "./durable.ts";
import type { Fal } from "./fal.ts";
import { createNetwork } from "./network.ts";
import { type Plant, plantInFetch } from "./plants.ts";
import type { Posts } from "./posts.ts";
import type { World } from "./world.ts";

/** A process from its start to its death: a real client over a real meter, alone with its memory. */
export interface Life {
  readonly owner: string;
  readonly clock: SetClock;
  readonly client: MeteredFalClient;
}

export interface Surroundings {
  world: World;
  fal: Fal;
  durable: Durable;
  posts: Posts;
  plant: Plant | null;
  /** Request ids that a client was told. */
  told: Set<string>;
}

export function beginLife(owner: string, skewMs: number, meter: MeterOptions, around: Surroundings): Life {
  const { world, fal, durable, posts, plant, told } = around;
  const clock = createSetClock(world, owner, skewMs);
  const network = createNetwork({
    world,
    fal,
    owner,
    posted: (purchaseId, asked) => posts.posted(owner, purchaseId, asked),
    told: (requestId) => told.add(requestId),
  });
  const onEvent = (event: MeterEvent) => {
    if (event.type === "call-sent") network.sending(event.purchaseId);
  };
  const options = { ...meter, store: durable.portOf(owner), clock, onEvent, onUnknownPrice: "allow" } as const;
  const client = createFalClient({
    credentials: "id:secret",
    fetch: plantInFetch(plant, network.fetch),
    meter: options,
  });
  return { owner, clock, client };
}
