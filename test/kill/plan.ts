import type { Fault } from "../../src/emulator/emulator.ts";
import type { Budget } from "../../src/index.ts";
import { fromNano } from "../../src/money.ts";
import type { Random } from "../simulate/random.ts";
import type { Errand } from "./orders.ts";

/** What happens to one ledger in one round. Everything but the machine's own pace is in it. */
export interface Plan {
  budgets: Budget[];
  faults: Fault[];
  /** What each program buys, and how much of it at once. */
  programs: { errands: Errand[]; atOnce: number }[];
  /** The programs that are killed, by their place. */
  victims: number[];
  /** When: while they open the ledger, or once fal has seen so many requests. */
  killAt: "opening" | { requests: number };
  /** And then so long after, each victim by itself or all at once. */
  killDelaysMs: number[];
  /** Whether somebody looks at the ledger while they die: the last one to leave a file cleans it up. */
  watched: boolean;
  /** What is bought after the deaths: by a new program, and by those that live. */
  afterwards: Errand[];
  newcomer: boolean;
  /** How many reconcile at once, and after how many of its requests the first is killed, if it is. */
  reconcilers: number;
  killReconcilerAt: number | null;
  /** Somebody is killed so long after it was told to close the ledger, if anybody is: SQLite tidies its file then. */
  killClosingAfterMs: number | null;
  /** Whether one more reconciliation must change nothing. */
  again: boolean;
}

interface Ware {
  endpointId: string;
  /** The most that it costs, in nano-dollars. */
  high: bigint;
  input: Record<string, unknown>;
}

const WARES: readonly Ware[] = [
  { endpointId: "fal-ai/flux-pro/v1.1", high: 40_000_000n, input: { image_size: "square_hd" } },
  // Billed by the megapixel, held by the whole one.
  { endpointId: "fal-ai/flux/dev", high: 25_000_000n, input: { image_size: { width: 512, height: 512 } } },
  { endpointId: "fal-ai/flux/dev", high: 25_000_000n, input: { image_size: { width: 1024, height: 768 } } },
  { endpointId: "fal-ai/flux/schnell", high: 3_000_000n, input: { image_size: "landscape_4_3" } },
  { endpointId: "fal-ai/nano-banana", high: 39_800_000n, input: {} },
  { endpointId: "fal-ai/nano-banana", high: 79_600_000n, input: { num_images: 2 } },
];
/** Above a dollar, which SQLite puts on the disk before it goes on. */
const DEAR: Ware = {
  endpointId: "fal-ai/kling-video/v2/master/text-to-video",
  high: 1_400_000_000n,
  input: { duration: "5" },
};

const CUSTOMERS = ["acme", "globex", null];
const PAID = ["run", "submit"] as const;

/** Draws a round. `label` makes its purchases unlike those of every other round. */
export function drawPlan(random: Random, label: string): Plan {
  const count = random.whole(2, 4);
  let calls = 0;
  let wanted = 0n;
  const errand = (): Errand => {
    const { endpointId, high, input } = random.chance(0.03) ? DEAR : random.pick(WARES);
    wanted += high;
    const shared = random.chance(0.25) ? random.whole(1, 3) : null;
    const prompt = shared === null ? `${label}, call ${calls++}` : `${label}, subject ${shared}`;
    const misfortune = random.fraction();
    const fail = misfortune < 0.02 ? "server" : misfortune < 0.04 ? "charged" : misfortune < 0.05 ? "validation" : null;
    return {
      way: drawWay(random),
      endpointId,
      input: { ...input, prompt, ...(shared !== null && { seed: shared }), ...(fail !== null && { fail }) },
      customer: random.pick(CUSTOMERS),
      abortAfterMs: random.chance(0.06) ? random.whole(1, 30) : null,
    };
  };
  const errands = (least: number, most: number) => Array.from({ length: random.whole(least, most) }, errand);
  const programs = Array.from({ length: count }, () => ({ errands: errands(5, 12), atOnce: random.whole(2, 5) }));
  const afterwards = errands(3, 8);
  const victims = drawVictims(random, count);
  const bought = programs.reduce((sum, { errands }) => sum + errands.length, 0);
  return {
    budgets: drawBudgets(random, wanted),
    faults: drawFaults(random),
    programs,
    victims,
    killAt: random.chance(0.08) ? "opening" : { requests: random.whole(0, Math.round(bought * 1.5)) },
    killDelaysMs: drawDelays(random, victims.length),
    watched: victims.length < count || random.chance(0.5),
    afterwards,
    newcomer: victims.length === count || random.chance(0.3),
    reconcilers: random.chance(0.2) ? 2 : 1,
    killReconcilerAt: random.chance(0.25) ? random.whole(0, 8) : null,
    killClosingAfterMs: random.chance(0.2) ? random.fraction() * 3 : null,
    again: random.chance(0.2),
  };
}

function drawWay(random: Random): Errand["way"] {
  const drawn = random.fraction();
  if (drawn < 0.36) return "run";
  if (drawn < 0.68) return "subscribe";
  if (drawn < 0.86) return "submit";
  return drawn < 0.94 ? "cancel" : "stream";
}

function drawVictims(random: Random, count: number): number[] {
  const places = Array.from({ length: count }, (_, place) => place);
  if (random.chance(0.3)) return places;
  const spared = random.whole(1, count - 1);
  for (let left = spared; left > 0; left--) places.splice(random.whole(0, places.length - 1), 1);
  return places;
}

function drawDelays(random: Random, count: number): number[] {
  const together = random.chance(0.5);
  const first = random.fraction() * 12;
  return Array.from({ length: count }, () => (together ? first : random.fraction() * 40));
}

/** Caps that let most through, or half. */
function drawBudgets(random: Random, wanted: bigint): Budget[] {
  const part = (percent: number) => fromNano((wanted * BigInt(percent)) / 100n).toFixed();
  const budgets: Budget[] = [{ name: "day", limit: part(random.whole(40, 120)), per: "day" }];
  if (random.chance(0.4)) budgets.push({ name: "roll", limit: part(random.whole(40, 100)), per: { rolling: "4h" } });
  if (random.chance(0.4))
    budgets.push({ name: "customer", limit: part(random.whole(15, 50)), per: "day", splitBy: "tag:customer" });
  return budgets;
}

function drawFaults(random: Random): Fault[] {
  const faults: Fault[] = [];
  const some = (rate: number, what: Fault["do"], kind: NonNullable<Fault["match"]>["kind"] = [...PAID]) => {
    while (random.chance(rate)) faults.push({ match: { kind: kind! }, after: random.whole(0, 20), times: 1, do: what });
  };
  some(0.6, "drop-after-accept");
  some(0.2, "drop-before-accept");
  some(0.2, "drop-mid-body");
  some(0.2, "malformed-json", "submit");
  some(0.3, { status: 503 });
  some(0.2, { status: 429 });
  some(0.2, { delayMs: 60 });
  some(0.2, { units: "0.5" }, "run");
  some(0.2, { units: null }, "run");
  some(0.3, "drop-after-accept", "result");
  some(0.1, "lose-result", "result");
  some(0.2, "drop-after-accept", "status");
  return faults;
}
