import type { Fault } from "../../src/emulator/emulator.ts";
import type { MeteredFalClient } from "../../src/index.ts";
import type { Random } from "../simulate/random.ts";

/** One call, or the few that one job takes. Throws what the client throws. */
export type Errand = (fal: MeteredFalClient) => Promise<unknown>;

/** Billed at exactly its estimate, so that even a bill that was lost is known to the nano-dollar. */
const EXACT = "fal-ai/flux-pro/v1.1";
/** Billed by the megapixel, below what is held for it. */
const LOOSE = "fal-ai/flux/dev";
/** Nothing of it is ever lost, so that what it refuses is told. */
const SAFE = "fal-ai/nano-banana";

/** Answers that are shared are about one of so many subjects; who asks moves on through them. */
const SUBJECTS = 4_000;
const NEAR = 40;

/** The customer whose purse is empty after a few calls of every day. */
export const BROKE = { customer: "broke" };

const KINDS: readonly [weight: number, make: (random: Random, call: number) => Errand][] = [
  [330, (_, call) => (fal) => fal.run(EXACT, { input: picture(call) })],
  [100, (_, call) => (fal) => fal.run(LOOSE, { input: { ...picture(call), image_size: "square" } })],
  [150, (random, call) => (fal) => fal.run(EXACT, { input: shared(random, call) })],
  [20, (random, call) => (fal) => twins(fal, shared(random, call))],
  [60, (random, call) => (fal) => fal.subscribe(EXACT, { input: shared(random, call) })],
  [60, (_, call) => (fal) => fal.subscribe(EXACT, { input: picture(call) })],
  [180, (_, call) => (fal) => job(fal, EXACT, picture(call))],
  [20, (_, call) => (fal) => job(fal, EXACT, picture(call), true)],
  [30, (_, call) => (fal) => fal.with({ tags: BROKE }).run(EXACT, { input: picture(call) })],
  [20, (_, call) => async (fal) => (await fal.stream(SAFE, { input: picture(call) })).done()],
  [40, (_, call) => (fal) => fal.run(SAFE, { input: picture(call) })],
  [4, (_, call) => (fal) => fal.run(SAFE, { input: failing(call, "server") })],
  [4, (_, call) => (fal) => fal.run(SAFE, { input: failing(call, "charged") })],
  [4, (_, call) => (fal) => fal.subscribe(SAFE, { input: failing(call, "validation") })],
  [2, (_, call) => (fal) => abandoned(fal, picture(call))],
];
const WEIGHT = KINDS.reduce((sum, [weight]) => sum + weight, 0);

export function drawErrand(random: Random, call: number): Errand {
  let left = random.whole(1, WEIGHT);
  for (const [weight, make] of KINDS) {
    left -= weight;
    if (left <= 0) return make(random, call);
  }
  throw new RangeError("the weights do not add up");
}

interface Picture {
  prompt: string;
  image_size: "square_hd";
}

function picture(call: number): Picture {
  return { prompt: `a boat, ${call}`, image_size: "square_hd" };
}

/** A picture that goes wrong in one of the ways that the emulator knows. */
function failing(call: number, fail: "server" | "charged" | "validation"): Picture {
  return { ...picture(call), ...{ fail } };
}

function shared(random: Random, call: number): Picture & { seed: number } {
  const subject = (Math.floor(call / NEAR) + random.whole(0, NEAR)) % SUBJECTS;
  return { prompt: `subject ${subject}`, image_size: "square_hd", seed: subject };
}

async function job(fal: MeteredFalClient, endpointId: typeof EXACT, input: Picture, cancelled = false) {
  const { request_id: requestId } = await fal.queue.submit(endpointId, { input });
  if (cancelled) await fal.queue.cancel(endpointId, { requestId }).catch(() => {});
  await fal.queue.status(endpointId, { requestId });
  await fal.queue.result(endpointId, { requestId });
}

/** Two at once that are the same. */
function twins(fal: MeteredFalClient, input: Picture & { seed: number }) {
  return Promise.all([fal.run(EXACT, { input }), fal.run(EXACT, { input })]);
}

/** Given up when it is on its way, so that nobody knows what became of it. */
async function abandoned(fal: MeteredFalClient, input: Picture) {
  const giveUp = new AbortController();
  const forget = fal.meter.on("call-sent", () => queueMicrotask(() => giveUp.abort()));
  try {
    await fal.run(EXACT, { input, abortSignal: giveUp.signal });
  } finally {
    forget();
  }
}

/** What goes wrong in every thousand calls. */
export const FAULTS: readonly Fault[] = [
  { match: { endpoint: EXACT }, times: 2, after: 40, do: "drop-after-accept" },
  { match: { endpoint: EXACT, kind: "submit" }, times: 1, after: 20, do: "drop-mid-body" },
  { match: { endpoint: EXACT, kind: "run" }, times: 1, after: 90, do: "drop-mid-body" },
  { match: { endpoint: EXACT, kind: "submit" }, times: 1, after: 50, do: "malformed-json" },
  { match: { endpoint: LOOSE, kind: "run" }, times: 1, after: 30, do: { units: "0.5" } },
  { match: { kind: ["run", "submit"] }, times: 3, after: 200, do: { status: 503 } },
  { match: { kind: "result" }, times: 1, after: 50, do: "lose-result" },
  { match: { kind: "status" }, times: 1, after: 50, do: "drop-after-accept" },
];

/** A purchase that fal never had: nobody can tell, until its day is over. In every ten thousand calls. */
export const NEVER_HAD: Fault = { match: { endpoint: EXACT }, times: 1, after: 10, do: "drop-before-accept" };
