import { onTestFinished } from "vitest";
import { createDeliveries } from "../../src/cache/deliveries.ts";
import type { Clock } from "../../src/clock.ts";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { createJobs } from "../../src/job.ts";
import { retryAfterMs } from "../../src/limit/retry-after.ts";
import { decimal } from "../../src/money.ts";
import type { Billed } from "../../src/price/learned-bills.ts";
import { createSettler } from "../../src/settle/settler.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Hold, HoldRequest, Store } from "../../src/store/store.ts";
import { createAsker } from "../../src/wire/asking.ts";
import { createPlatform } from "../../src/wire/platform.ts";
import { hour, noon, request } from "../store/samples.ts";

/** What fal says to a question of ours. */
export type Fal = (url: URL, headers: Record<string, string>) => Response | Promise<Response>;

/**
 * Everything that asks fal what became of purchases: over a ledger in memory, and a fal that a test speaks for. It is an hour past
 * noon, and whoever sleeps lets time pass; an answer may take as long as it likes.
 */
export function openDesk(fal: Fal, over: (store: Store) => Store = (store) => store) {
  const store = over(createMemoryStore());
  onTestFinished(() => store.close());
  const events = createEvents();
  const told: MeterEvent[] = [];
  events.on("*", (event) => void told.push(event));
  const time = { now: noon + hour };
  const clock: Clock = {
    now: () => time.now,
    sleep(ms, signal) {
      if (signal && ms >= 15_000)
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      time.now += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
  const asked: URL[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    asked.push(url);
    return fal(url, init?.headers as Record<string, string>);
  };
  const pricesAt = () => ({
    unitPrice: { unitPrice: decimal("0.04"), source: "list" },
    tiers: [],
    ordinalCounter: "month",
  });
  const settler = createSettler({ store, events, clock, pricesAt, onCounters() {}, onSettled() {} });
  const deliveries = createDeliveries(clock);
  const jobs = createJobs({ clock, events, store, results: null, ttlMs: hour, deliveries, settler, pricesAt });
  const platform = (credentials: string | undefined) => createPlatform({ fetch, clock, credentials, retryAfterMs });
  const learned: Billed[] = [];
  const parts = {
    ...{ store, events, clock, settler, jobs, platform },
    asker: createAsker({ fetch, clock }),
    credentials: "id:secret",
    instant: (value: Date | number | string | undefined) => (value === undefined ? undefined : Number(value)),
    learn: (billed: Billed) => void learned.push(billed),
    dayOf: (at: number) => new Date(Math.floor(at / 86_400_000) * 86_400_000).toISOString(),
  };

  /** Buys, and leaves the purchase open. */
  async function open(
    id: string,
    { requestId, ...rest }: Omit<Parameters<typeof request>[1] & object, "id"> & { requestId?: string } = {},
  ): Promise<Hold> {
    const asking: HoldRequest = request(id, rest);
    await store.hold(asking);
    if (requestId !== undefined) await store.bind(id, requestId);
    return (await store.findHold({ id }))!;
  }

  return { parts, store, told, time, asked, learned, open, fetch };
}

/** An answer with fal's bill on it. */
export const billed = (units: string, status = 200) =>
  Response.json({ images: [] }, { status, headers: { "x-fal-billable-units": units } });
