/** A month of calls through a real meter, sold by an emulator that keeps the book. */
import { createWindows } from "../src/budget/window.ts";
import { createEmulator, type Emulator, type Mishap } from "../src/emulator/emulator.ts";
import { BudgetExceededError, OutcomeUnknownError } from "../src/errors.ts";
import { createMeter, type Meter } from "../src/meter.ts";
import { calendarsOf } from "../src/read-side.ts";
import type { Calendars } from "../src/report/summary.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { createVirtualClock } from "../test/limit/virtual-clock.ts";

export const MONTH = "2026-10";
/** Its clocks go back on the 25th. */
export const TIMEZONE = "Europe/Berlin";
/** The month in that zone. */
export const START = Date.parse("2026-09-30T22:00:00Z");
export const END = Date.parse("2026-10-31T23:00:00Z");
const DAY_MS = 86_400_000;
/** A day of September and one of November, to be told apart from the month. */
const FIRST = START - DAY_MS;
const LAST = END + DAY_MS;
/** A poster costs more from here on. */
const PRICE_CHANGES_AT = "2026-10-16";

export const CUSTOMERS = ["acme", "globex", "initech", "umbrella", "hooli", null];

export interface MonthOptions {
  calls: number;
  seed: number;
  /** The file of the ledger. */
  path: string;
  onProgress?: (done: number) => void;
}

/** What the caller of a call knows of it. */
export interface Call {
  customer: string | null;
  end: "answered" | "failed" | "refused" | "lost" | "queued";
}

export interface SeededMonth {
  meter: Meter;
  store: Store;
  emulator: Emulator;
  calendars: Calendars;
  /** By the instant at which each was made. */
  calls: ReadonlyMap<number, Call>;
  /** Request ids in the order in which the meter settled them, which is the order that the volume discount goes by. */
  settled: readonly string[];
  counts: Record<Call["end"] | "cached" | "found again", number>;
}

/**
 * Makes the calls one after another, the clock moving on between them, and ends two days into November. Every day but the
 * last ones the meter asks what became of lost answers, so that the ledger has some that were found again, and some that are open.
 */
export async function seedMonth({ calls, seed, path, onProgress }: MonthOptions): Promise<SeededMonth> {
  const random = randomFrom(seed);
  const clock = createVirtualClock(FIRST);
  const emulator = createEmulator({
    clock,
    pageSize: 10_000,
    prices: {
      "fal-ai/recraft-v3": { unit: "images", unitPrice: "0.03" },
      "acme/poster": { unit: "requests", unitPrice: "0.05" },
      "acme/film": { unit: "seconds", unitPrice: "0.0123" },
    },
    // Settled by the card and by rates of one's own, which the volume discount is taken off.
    headerlessEndpoints: ["fal-ai/flux-pro/*", "fal-ai/recraft-v3", "acme/*"],
  });
  const store = await openSqliteStore(path);
  const meter = createMeter({
    store,
    clock,
    fetch: emulator.fetch,
    credentials: "a:key",
    timezone: TIMEZONE,
    cache: { ttl: "24h" },
    budgets: [
      { name: "initech", limit: (calls / 7_000).toFixed(2), per: "day", match: { tags: { customer: "initech" } } },
    ],
    prices: {
      rates: {
        "acme/poster": [
          { price: "0.05", until: PRICE_CHANGES_AT },
          { price: "0.07", from: PRICE_CHANGES_AT },
        ],
        "acme/film": { unit: "seconds", price: "0.0123" },
      },
    },
  });
  const settled: string[] = [];
  meter.on("call-settled", ({ outcome, requestId }) => {
    if (outcome === "charged" && requestId !== null) settled.push(requestId);
  });
  let foundAgain = 0;
  const chores = [{ at: Date.parse(PRICE_CHANGES_AT), act: async () => emulator.reprice("acme/poster", DEARER) }];
  const askAfterLost = async () => {
    const { adopted } = await meter.reconcile();
    foundAgain += adopted;
  };
  for (let at = FIRST + DAY_MS; at < END - 2 * DAY_MS; at += DAY_MS) chores.push({ at, act: askAfterLost });
  chores.sort((a, b) => a.at - b.at);

  const made = new Map<number, Call>();
  const jobs: { collectAfter: number; url: string }[] = [];
  for (let call = 0; call < calls; call += 1) {
    const at = Math.floor(FIRST + ((call + random()) * (LAST - FIRST)) / calls);
    while (chores[0] && chores[0].at <= at) {
      clock.advance(chores[0].at - clock.now());
      await chores.shift()!.act();
    }
    clock.advance(at - clock.now());
    while (jobs[0] && jobs[0].collectAfter <= call) await meter.fetch(jobs.shift()!.url);
    const customer = CUSTOMERS[Math.floor(random() ** 2 * CUSTOMERS.length)] ?? null;
    const scoped = customer === null ? meter : meter.with({ tags: { customer } });
    const { end, responseUrl } = await buy(scoped, emulator, drawnCall(random));
    made.set(at, { customer, end });
    // One in twenty is never looked after; the others come within the next hundred calls, in the order they were sent.
    if (responseUrl && random() > 0.05) jobs.push({ collectAfter: call + 50, url: responseUrl });
    onProgress?.(call + 1);
  }
  clock.advance(END + 2 * DAY_MS - clock.now());
  const counts = { answered: 0, failed: 0, refused: 0, lost: 0, queued: 0, cached: 0, "found again": foundAgain };
  for (const { end } of made.values()) counts[end] += 1;
  counts.cached = (await meter.spend()).cached;
  const calendars = calendarsOf(createWindows(TIMEZONE, "monday"), TIMEZONE);
  return { meter, store, emulator, calendars, calls: made, settled, counts };
}

const DEARER = { unit: "requests", unitPrice: "0.07" };

async function buy(
  meter: Meter,
  emulator: Emulator,
  { url, input, mishap }: DrawnCall,
): Promise<{ end: Call["end"]; responseUrl?: string }> {
  const disarm = mishap === null ? () => {} : emulator.fault({ times: 1, do: mishap });
  try {
    const response = await meter.fetch(url, { method: "POST", body: JSON.stringify(input) });
    const { response_url: responseUrl } = (await response.json()) as { response_url?: string };
    return responseUrl ? { end: "queued", responseUrl } : { end: response.ok ? "answered" : "failed" };
  } catch (error) {
    if (error instanceof BudgetExceededError) return { end: "refused" };
    if (error instanceof OutcomeUnknownError) return { end: "lost" };
    throw error;
  } finally {
    disarm();
  }
}

interface DrawnCall {
  url: string;
  input: object;
  mishap: Mishap | null;
}

function drawnCall(random: () => number): DrawnCall {
  const whole = (most: number) => 1 + Math.floor(random() * most);
  const prompt = `a boat, ${whole(1e9)}`;
  const luck = random();
  const mishap: Mishap | null =
    luck < 0.04 ? { status: 500 } : luck < 0.06 ? { status: 404 } : luck < 0.07 ? "drop-after-accept" : null;
  const run = (endpointId: string, input: object) => ({ url: `https://fal.run/${endpointId}`, input, mishap });
  const draw = random();
  if (draw < 0.35) {
    const [width, height] = SIZES[whole(SIZES.length) - 1]!;
    const input = { image_size: { width, height }, num_images: whole(3) };
    const seeded = random() < 0.3;
    return run("fal-ai/flux-pro/v1.1", seeded ? { ...input, prompt: "a boat", seed: whole(3) } : { ...input, prompt });
  }
  if (draw < 0.5) return run("fal-ai/recraft-v3", { prompt });
  if (draw < 0.7) return billed(random, run("fal-ai/flux/dev", { prompt, image_size: "square_hd" }));
  if (draw < 0.85) return run("acme/poster", { prompt });
  return { url: "https://queue.fal.run/acme/film", input: { prompt, duration: whole(12) }, mishap };
}

/** One, two and three times a megapixel, which the card's tiers and fal's count come to alike. */
const SIZES = [
  [1024, 1024],
  [1440, 1440],
  [2048, 1536],
] as const;

/**
 * fal's own count of megapixels, in thousandths and off the estimate; a refusal of the model is free. No answer is lost here: its
 * bill would stand in fal's billing events alone, which know nothing of the discounts that this month gives itself.
 */
function billed(random: () => number, { url, input, mishap }: DrawnCall): DrawnCall {
  if (typeof mishap === "object" && mishap !== null) return { url, input, mishap };
  if (random() < 0.05) return { url, input: { prompt: "" }, mishap: null };
  return { url, input, mishap: { units: (0.5 + Math.floor(random() * 1_000) / 1_000).toFixed(3) } };
}

/** mulberry32: the same seed gives the same month. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
