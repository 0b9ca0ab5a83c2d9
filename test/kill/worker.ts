/**
 * One of several programs that share a ledger and a fal, and may be killed at any moment. Does what it is told over the channel,
 * through the real client, and tells every request id as soon as a caller has it.
 */
import { emulatorFetch } from "../../src/emulator/emulator.ts";
import { createFalClient, type MeteredFalClient, type Store } from "../../src/index.ts";
import { connectRedisStore } from "../../src/store/redis.ts";
import { aheadClock } from "./ahead.ts";
import {
  ADMIN_KEY,
  type Errand,
  type LedgerAddress,
  type Order,
  type Outcomes,
  type Resolved,
  type Said,
} from "./orders.ts";

const clock = aheadClock();
let around: typeof fetch | null = null;
let open: MeteredFalClient | null = null;

process.on("message", ({ number, order }: { number: number; order: Order }) => {
  obey(order).then(
    (result) => say({ answers: number, result: result ?? null }),
    (error: Error) => say({ answers: number, failure: `${error.name}: ${error.message}` }),
  );
});
// Nobody outlives who tells it what to do.
process.on("disconnect", () => process.exit());
process.send!("ready");

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case "open":
      clock.set(order.aheadMs);
      around = order.unmetered ? emulatorFetch(order.emulatorUrl) : null;
      open = createFalClient({
        credentials: ADMIN_KEY,
        fetch: emulatorFetch(order.emulatorUrl),
        retry: {
          maxRetries: 3,
          baseDelay: 2,
          maxDelay: 10,
          backoffMultiplier: 2,
          enableJitter: false,
          retryableStatusCodes: [429, 502, 503, 504],
        },
        meter: {
          store: await storeAt(order.ledger),
          budgets: order.budgets,
          cache: { ttl: "1h" },
          clock,
          credentials: ADMIN_KEY,
        },
      });
      open.meter.on("store-failed", ({ verb, message }) => say({ trouble: `${verb}: ${message}` }));
      // Opens the ledger, which is opened at the first need of it.
      return void (await open.meter.budgets());
    case "clock":
      return clock.set(order.aheadMs);
    case "buy":
      return buyAll(client(), order.errands, order.atOnce);
    case "collect":
      return tally(order.tickets.map(({ endpointId, requestId }) => client().queue.result(endpointId, { requestId })));
    case "reconcile":
      return reconcile(client());
    case "close":
      await open?.meter.close();
      open = null;
  }
}

function client(): MeteredFalClient {
  if (!open) throw new Error("no ledger is open");
  return open;
}

function storeAt(address: LedgerAddress): string | Promise<Store> {
  if (address.kind === "sqlite") return `sqlite:${address.path}`;
  return connectRedisStore({ url: address.url, prefix: address.prefix, timeoutMs: 20_000 });
}

/** Some at a time, in their order. */
async function buyAll(fal: MeteredFalClient, errands: readonly Errand[], atOnce: number): Promise<Outcomes> {
  const waiting = [...errands];
  const outcomes: Outcomes = {};
  const lane = async () => {
    for (let errand = waiting.shift(); errand; errand = waiting.shift())
      for (const [outcome, times] of Object.entries(await tally([buy(fal, errand)])))
        outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return outcomes;
}

async function buy(
  unscoped: MeteredFalClient,
  { way, endpointId, input, customer, abortAfterMs }: Errand,
): Promise<void> {
  if (around && way === "run") {
    await around(`https://fal.run/${endpointId}`, { method: "POST", body: JSON.stringify(input) });
    return;
  }
  const fal = customer === null ? unscoped : unscoped.with({ tags: { customer } });
  const patience = abortAfterMs === null ? {} : { abortSignal: AbortSignal.timeout(abortAfterMs) };
  const learn = (requestId: string) => say({ learned: { endpointId, requestId } });
  switch (way) {
    case "run": {
      const { requestId } = await fal.run(endpointId, { input, ...patience });
      return learn(requestId);
    }
    case "subscribe":
      await fal.subscribe(endpointId, { input, pollInterval: 5, onEnqueue: learn, ...patience });
      return;
    case "submit": {
      const { request_id: requestId } = await fal.queue.submit(endpointId, { input, ...patience });
      return learn(requestId);
    }
    case "cancel": {
      const { request_id: requestId } = await fal.queue.submit(endpointId, { input });
      learn(requestId);
      await fal.queue.cancel(endpointId, { requestId });
      return;
    }
    case "stream":
      await (await fal.stream(endpointId, { input })).done();
  }
}

async function reconcile({ meter }: MeteredFalClient): Promise<Resolved> {
  const { checked, settled, adopted, expired, failure, billing } = await meter.reconcile({ billing: true });
  return {
    checked,
    settled,
    adopted,
    expired,
    corrected: billing?.corrected ?? 0,
    failure: failure ?? billing?.failure ?? null,
  };
}

async function tally(calls: readonly Promise<unknown>[]): Promise<Outcomes> {
  const outcomes: Outcomes = {};
  for (const each of await Promise.allSettled(calls)) {
    const outcome = each.status === "fulfilled" ? "answered" : (each.reason as Error).name;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}

function say(said: Said): void {
  // The channel closes with the parent, and then nobody listens.
  if (process.connected) process.send!(said);
}
