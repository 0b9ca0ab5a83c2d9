import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createEmulator } from "../../src/emulator/emulator.ts";
import { createFalClient, type MeteredFalClient } from "../../src/index.ts";
import { type Decimal, fromNano } from "../../src/money.ts";
import { createRandom } from "../simulate/random.ts";
import { BROKE, drawErrand, FAULTS, NEVER_HAD } from "./errands.ts";
import { collectGarbage } from "./garbage.ts";

export interface SoakOptions {
  calls: number;
  seed: number;
  store: "memory" | "sqlite";
  onTenth?(tenth: Tenth): void;
}

/** How it stands after a tenth of the calls, with nothing under way. */
export interface Tenth {
  calls: number;
  seconds: number;
  /** Used by what is still reachable, in bytes. */
  heap: number;
  /** Outside of the heap: buffers and SQLite's pages. */
  external: number;
  /** What keeps the process open, by kind. */
  handles: Record<string, number>;
  /** What fal billed, and what the ledger says beyond assumptions. */
  billed: Decimal;
  booked: Decimal;
}

export interface Soaked {
  tenths: Tenth[];
  /** What became of errands: answered, or the name of the error. */
  outcomes: Record<string, number>;
  paidPosts: number;
  /** Events of each kind. */
  events: Record<string, number>;
  adopted: number;
  /** Booked as assumed billed, for nobody could tell: fal never had them. */
  assumed: Decimal;
  /** Where ledger, book and events disagree at the end, in sentences. */
  disagreements: string[];
  handlesAfterClose: Record<string, number>;
}

const START = Date.UTC(2026, 10, 11, 12);
const DAY_MS = 86_400_000;
/** A million calls take four days: windows close, answers expire, and counters are dropped. */
const STEP_MS = 350;
const LANES = 8;
/** fal lists its last 10,000 requests, and what was lost must be looked up among them. */
const RECONCILED_EVERY = 4_000;
const COUNTED = ["call-sent", "call-settled", "cache-hit", "call-joined", "budget-refused", "hold-expired"] as const;

/** Makes calls of all kinds through one meter, and looks every tenth at what the process holds on to. */
export async function soak({ calls, seed, store, onTenth }: SoakOptions): Promise<Soaked> {
  const random = createRandom(seed);
  const began = performance.now();
  let now = START;
  const clock: Clock = { now: () => now, sleep: systemClock.sleep };
  const folder = store === "sqlite" ? mkdtempSync(join(tmpdir(), "fal-meter-soak-")) : null;
  const emulator = createEmulator({ clock, pageSize: 10_000 });
  const fal = createFalClient({
    credentials: "id:secret",
    fetch: emulator.fetch,
    retry: { maxRetries: 3, baseDelay: 1, maxDelay: 2, backoffMultiplier: 1, enableJitter: false },
    meter: {
      store: folder === null ? "memory:" : `sqlite:${join(folder, "ledger.db")}`,
      clock,
      credentials: "id:secret",
      budgets: [
        { limit: 1_000_000, per: "day" },
        { limit: 1_000_000, per: { rolling: "1h" } },
        { limit: 0.4, per: "day", match: { tags: BROKE } },
      ],
      cache: { ttl: "1h" },
      limits: { concurrency: 4 * LANES },
      // fal bills list prices here, and so says a bill that had to be estimated.
      discounts: { mode: "none" },
    },
  });
  const events: Record<string, number> = {};
  for (const type of COUNTED)
    fal.meter.on(type, () => {
      events[type] = (events[type] ?? 0) + 1;
    });
  let assumed = fromNano(0n);
  fal.meter.on("hold-expired", ({ amount }) => {
    assumed = assumed.add(amount ?? 0);
  });
  const outcomes: Record<string, number> = {};
  const tenths: Tenth[] = [];
  let adopted = 0;
  let made = 0;

  async function lane(until: number): Promise<void> {
    while (made < until) {
      const call = made++;
      now += STEP_MS;
      if (call % 1_000 === 0) for (const fault of FAULTS) emulator.fault(fault);
      if (call % 10_000 === 0) emulator.fault(NEVER_HAD);
      const outcome = await drawErrand(
        random,
        call,
      )(fal).then(
        () => "answered",
        (error: Error) => error.name,
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  }

  async function reconcile(): Promise<void> {
    const done = await fal.meter.reconcile({ olderThan: "1ms" });
    if (done.failure !== null) throw new Error(`reconcile: ${done.failure}`);
    adopted += done.adopted;
  }

  async function look(): Promise<void> {
    const { spent } = await fal.meter.spend();
    const { heap, external } = await reachable();
    tenths.push({
      ...{ calls: made, seconds: (performance.now() - began) / 1_000, heap, external, handles: handles() },
      ...{ billed: emulator.book.total(), booked: spent.sub(assumed) },
    });
    onTenth?.(tenths.at(-1)!);
  }

  try {
    for (let tenth = 1; tenth <= 10; tenth++) {
      const until = Math.round((calls * tenth) / 10);
      while (made < until) {
        const next = Math.min(until, made + RECONCILED_EVERY);
        await Promise.all(Array.from({ length: LANES }, () => lane(next)));
        now += 1_000;
        // Or what asks fal about the lost would be lost itself, and be asked again the next time.
        emulator.clearFaults();
        await reconcile();
      }
      await look();
    }
    // By then every window has closed, and nothing may be left open.
    now += 2 * DAY_MS;
    await reconcile();
    const disagreements = await disagreementsOf(fal, { billed: emulator.book.total(), assumed, events });
    await fal.meter.close();
    await emulator.close();
    const last = { assumed, disagreements, handlesAfterClose: handles() };
    return { tenths, outcomes, paidPosts: emulator.paidPosts(), events, adopted, ...last };
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

interface Told {
  billed: Decimal;
  assumed: Decimal;
  events: Record<string, number>;
}

async function disagreementsOf({ meter }: MeteredFalClient, { billed, assumed, events }: Told): Promise<string[]> {
  const { spent, held, cached, joined, refused, unknown } = await meter.spend();
  const figures: [figure: string, ledger: string, other: string][] = [
    ["spent", spent.toFixed(), billed.add(assumed).toFixed()],
    ["held", held.toFixed(), "0"],
    ["unknown", `${unknown}`, "0"],
    ["hits", `${cached}`, `${events["cache-hit"] ?? 0}`],
    ["joins", `${joined}`, `${events["call-joined"] ?? 0}`],
    ["refusals", `${refused}`, `${events["budget-refused"] ?? 0}`],
  ];
  return figures.flatMap(([figure, ledger, other]) =>
    ledger === other ? [] : [`${figure}: the ledger says ${ledger}, and it should be ${other}`],
  );
}

/** What is left once everything is collected that nobody holds on to. */
async function reachable(): Promise<{ heap: number; external: number }> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}

function handles(): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}
