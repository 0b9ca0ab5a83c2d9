/** What a metered call takes over the same call of the raw client, where fal itself takes no time at all. */
import { createFalClient as createRawClient, type FalClient } from "@fal-ai/client";
import { createFalClient } from "../../src/index.ts";
import { type Figure, percentile } from "./figure.ts";

const ENDPOINT = "fal-ai/flux/dev";
const WARM_UP = 500;

type Verb = "run" | "subscribe";
const CALLS: Record<Verb, number> = { run: 4_000, subscribe: 2_000 };

/** Answers as fal would, at once and without a socket. */
export function instantFetch(): typeof fetch {
  let count = 0;
  const next = (kind: string) => {
    count += 1;
    return `${kind}-${count}`;
  };
  const headers = { "content-type": "application/json" };
  const result = JSON.stringify({ images: [{ url: "https://v3.fal.media/files/a/b.png", width: 1024, height: 768 }] });
  return async (input, init) => {
    const { hostname, pathname } = new URL(input instanceof Request ? input.url : input);
    const [, job, verb] = /\/requests\/([^/]+)(\/status)?$/.exec(pathname) ?? [];
    if (verb) return new Response(JSON.stringify({ status: "COMPLETED", request_id: job, logs: [] }), { headers });
    if (hostname === "queue.fal.run" && init?.method?.toUpperCase() === "POST") {
      const submitted = { status: "IN_QUEUE", request_id: next("job"), queue_position: 0 };
      return new Response(JSON.stringify(submitted), { headers });
    }
    const requestId = job ?? next("run");
    return new Response(result, {
      headers: { ...headers, "x-fal-billable-units": "1", "x-fal-request-id": requestId },
    });
  };
}

/** All clients take turns, so that a busy moment of the machine meets every one of them. */
export async function addedTime(folder: string): Promise<Figure[]> {
  const config = { credentials: "none", fetch: instantFetch() };
  const budgets = [{ limit: 1_000_000, per: "day" as const }];
  const memory = createFalClient({ ...config, meter: { store: "memory:", budgets } });
  const sqlite = createFalClient({ ...config, meter: { store: `sqlite:${folder}/added.db`, budgets } });
  const clients = [createRawClient(config), memory, sqlite];
  const figures: Figure[] = [];
  for (const verb of ["run", "subscribe"] as const) {
    const [raw, ...metered] = await timed(verb, clients);
    figures.push({ name: `${verb}, raw client, p50`, measured: percentile(raw!, 0.5), unit: "ms", target: null });
    for (const [index, [store, atMost]] of STORES.entries()) {
      for (const share of [0.5, 0.99]) {
        figures.push({
          name: `${verb}, added over the raw client, ${store}, p${share * 100}`,
          measured: percentile(metered[index]!, share) - percentile(raw!, share),
          unit: "ms",
          target: share === 0.5 ? { atMost } : null,
        });
      }
    }
  }
  await memory.meter.close();
  await sqlite.meter.close();
  return figures;
}

const STORES = [
  ["memory", 0.06],
  ["SQLite", 0.15],
] as const;

async function timed(verb: Verb, clients: readonly FalClient[]): Promise<number[][]> {
  const samples: number[][] = clients.map(() => []);
  for (let call = -WARM_UP; call < CALLS[verb]; call += 1) {
    for (let turn = 0; turn < clients.length; turn += 1) {
      const index = (call + WARM_UP + turn) % clients.length;
      const options = { input: { prompt: `a lighthouse at dusk, seen from the sea, number ${call}` } };
      const begun = performance.now();
      await clients[index]![verb](ENDPOINT, options);
      const took = performance.now() - begun;
      if (call >= 0) samples[index]!.push(took);
    }
  }
  return samples;
}
