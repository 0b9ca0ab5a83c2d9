import { ApiError } from "@fal-ai/client";
import type { Scope } from "../../src/call.ts";
import { isMeterError } from "../../src/errors.ts";
import type { Input } from "./fal.ts";
import type { Life } from "./life.ts";
import type { Random } from "./random.ts";
import { type Scenario, unguarded, unknownPrice } from "./scenario.ts";
import type { World } from "./world.ts";

/** Something that a program asks of its client. */
export interface Errand {
  /** Its name in the ledger's tags. */
  readonly call: string;
  readonly owner: string;
  readonly what: string;
  /** The step at which it began, for one that equal calls may answer; `null` for one that wants its own. */
  readonly sharedSince: number | null;
  /** How it ended; `null` while it is under way. */
  ending: string | null;
}

const ENDPOINTS = [
  "fal-ai/nano-banana",
  "fal-ai/nano-banana",
  "fal-ai/flux/schnell",
  "fal-ai/flux/schnell",
  "fal-ai/kling-video/v2/master/text-to-video",
  unguarded,
  unknownPrice,
];
const KINDS = [
  "run",
  "run",
  "subscribe",
  "subscribe",
  "stream",
  "submit and collect",
  "submit and cancel",
  "submit and leave",
  "submit with webhook",
] as const;
const ATONCE = ["run", "stream"] as const;
const MISSING = "the answer is nobody's";

/** Draws one errand and begins it. It runs by itself from then on. */
export function beginErrand(
  life: Life,
  call: string,
  jobs: Map<string, string>,
  world: World,
  { calm, queues }: Scenario,
): { errand: Errand; act(): void } {
  const { random } = world;
  const kind = random.pick(queues ? KINDS : ATONCE);
  const endpointId = random.pick(ENDPOINTS);
  const seeded = random.chance(0.5);
  const input = drawInput(endpointId, call, seeded, random);
  const scope: Scope = { tags: { call, customer: random.pick(["acme", "bolt", "core"]) } };
  if (random.chance(0.1)) scope.cache = random.pick([false, "refresh"] as const);
  if (random.chance(0.05)) scope.maxCost = "0.1";
  const what = `${kind} ${endpointId} ${seeded ? `seed ${input.seed} × ${input.num_images ?? 1}` : "unseeded"}`;
  const shared = seeded && kind !== "stream" && kind !== "submit with webhook" && scope.cache === undefined;
  const errand: Errand = { call, owner: life.owner, what, sharedSince: shared ? world.steps : null, ending: null };
  const control = new AbortController();
  const client = life.client.with(scope);
  const abortSignal = control.signal;
  const body = JSON.stringify(input);

  async function perform(): Promise<void> {
    if (kind === "run") return hear((await client.run(endpointId, { input, abortSignal })).data);
    if (kind === "subscribe") return hear((await client.subscribe(endpointId, { input, abortSignal })).data);
    if (kind === "stream") {
      const url = `https://fal.run/${endpointId}/stream`;
      const response = await client.meter.fetch(url, { method: "POST", body, signal: abortSignal });
      if (random.chance(0.3)) return response.body?.cancel();
      await response.text();
      return;
    }
    const webhook = kind === "submit with webhook" ? { webhookUrl: "https://example.com/told" } : {};
    const { request_id: requestId } = await client.queue.submit(endpointId, { input, abortSignal, ...webhook });
    if (typeof requestId !== "string") throw new SyntaxError("the ticket cannot be read");
    jobs.set(requestId, endpointId);
    if (kind === "submit and leave") return;
    await life.clock.sleep(random.pick([10, 1_000, 8_000, 40_000]));
    if (kind === "submit and cancel") await client.queue.cancel(endpointId, { requestId });
    // What a webhook brings has no bill in it, so its handler fetches the result.
    if (kind !== "submit and cancel" || random.chance(0.5))
      hear((await client.queue.result(endpointId, { requestId })).data);
  }

  function hear(data: unknown): void {
    const { echo } = (data ?? {}) as { echo?: unknown };
    if (echo !== body) world.breach(`call ${call} asked for ${body} and was given ${JSON.stringify(data)}`);
  }

  return {
    errand,
    act() {
      if (!calm && random.chance(0.1)) {
        const happen = () => control.abort(new DOMException("given up", "AbortError"));
        world.plan({ owner: life.owner, label: `gives ${call} up`, afterMs: random.whole(0, 3_000), happen });
      }
      perform().then(
        () => end(errand, "done", world),
        (error: unknown) => end(errand, nameOf(error), world),
      );
    },
  };
}

function end(errand: Errand, ending: string, world: World): void {
  errand.ending = ending;
  world.note(`${errand.owner} ${errand.call} ended: ${ending}`);
  if (ending.startsWith(MISSING)) world.breach(`call ${errand.call} broke: ${ending}`);
}

/** Names a failure that programs must live with; anything else is a fault of ours. */
function nameOf(error: unknown): string {
  if (error instanceof ApiError) return `ApiError ${error.status}`;
  if (isMeterError(error) || error instanceof SyntaxError || error instanceof DOMException)
    return (error as Error).name;
  if (error instanceof TypeError && ["fetch failed", "terminated"].includes(error.message)) return error.message;
  return `${MISSING}: ${error instanceof Error ? error.stack : String(error)}`;
}

/** Seeded inputs are few, so that calls meet; the others are each their own. */
function drawInput(endpointId: string, call: string, seeded: boolean, random: Random): Input {
  if (seeded) return random.pick(sharedInputs(endpointId));
  const prompt = `a cat for ${call}`;
  return isVideo(endpointId) ? { prompt, duration: "5" } : { prompt, num_images: random.whole(1, 3) };
}

/** What several calls may ask for alike. */
export function sharedInputs(endpointId: string): Input[] {
  const seeds = [1, 2];
  if (isVideo(endpointId)) return seeds.map((seed) => ({ prompt: "a cat", duration: "5", seed }));
  return seeds.flatMap((seed) => [1, 2].map((num_images) => ({ prompt: "a cat", num_images, seed })));
}

function isVideo(endpointId: string): boolean {
  return endpointId.startsWith("fal-ai/kling");
}
