import { expect, onTestFinished, test, vi } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { type Alert, createMeter, type Meter, type MeterOptions, OptionsError } from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { noon } from "./ledger.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import { newFile } from "./stores.ts";

const image = "https://fal.run/fal-ai/recraft-v3";

/** A fal whose every image costs the rate card's three cents. */
const fal: typeof fetch = async () =>
  new Response('{"images":[]}', { headers: { "x-fal-request-id": crypto.randomUUID() } });

/** Stands still until it is moved, and then wakes everybody who is due at once. */
class MovedClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop);
    });
  }

  move(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.at > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

async function receiving(): Promise<Receiver> {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

function meterOn(path: string, clock: MovedClock, options: MeterOptions): Meter {
  const meter = createMeter({ store: `sqlite:${path}`, clock, fetch: fal, ...options });
  onTestFinished(() => meter.close());
  return meter;
}

async function buy(meter: Meter, count: number, customer = "acme"): Promise<void> {
  for (let call = 0; call < count; call += 1) {
    const scoped = meter.with({ tags: { customer } });
    await scoped.fetch(image, { method: "POST", body: `{"prompt":"boat ${call}"}` }).catch(() => {});
  }
}

/** Lets a quarter of a second pass at a time, so that no request in flight runs out of time. */
function comesTrue(clock: MovedClock, check: () => void): Promise<void> {
  const look = () => {
    clock.move(250);
    check();
  };
  return vi.waitFor(look, { timeout: 25_000, interval: 5 });
}

function alertsOf(receiver: Receiver): Alert[] {
  return receiver.received.filter(({ status }) => status === 200).map(({ body }) => JSON.parse(body) as Alert);
}

test("a webhook that was down for an hour gets every alert of two meters on one ledger once, for each threshold and window", async () => {
  const [path, receiver, clock] = [newFile(), await receiving(), new MovedClock(noon)];
  receiver.answer = 503;
  const options: MeterOptions = {
    budgets: [
      { name: "all", limit: "0.60", per: "day" },
      { name: "each", limit: "0.12", per: "day", splitBy: "tag:customer", onExceed: "warn", alertAt: [0.5, 1] },
    ],
    alerts: { sinks: [{ url: receiver.url, timeoutMs: 60_000 }], every: "1s" },
  };
  const [one, two] = [meterOn(path, clock, options), meterOn(path, clock, options)];
  // Together 0.48 of 0.60: half and four fifths are reached; acme goes over its own 0.12, globex comes to half of it.
  await Promise.all([buy(one, 7), buy(two, 7), buy(two, 2, "globex")]);
  await comesTrue(clock, () => expect(receiver.received.length).toBeGreaterThan(3));
  const hour = clock.now() + 3_600_000;
  await vi.waitFor(
    () => {
      clock.move(10_000);
      expect(clock.now()).toBeGreaterThan(hour);
    },
    { timeout: 25_000, interval: 10 },
  );
  expect(receiver.received.length).toBeGreaterThan(10);
  expect(receiver.taken()).toEqual([]);
  receiver.answer = 200;
  const today = "2026-11-02T00:00:00.000Z";
  const expected = [
    `usage-threshold|all||0.5|${encodeURIComponent(today)}`,
    `usage-threshold|all||0.8|${encodeURIComponent(today)}`,
    `usage-threshold|each|acme|0.5|${encodeURIComponent(today)}`,
    `budget-exhausted|each|acme|1|${encodeURIComponent(today)}`,
    `usage-threshold|each|globex|0.5|${encodeURIComponent(today)}`,
  ];
  const ofBudgets = () =>
    receiver
      .taken()
      .filter((id) => !id.startsWith("forecast"))
      .sort();
  await comesTrue(clock, () => expect(ofBudgets()).toEqual(expected.sort()));
  // More calls in the same window reach the last threshold and are refused; what was told is not told again.
  await Promise.all([buy(one, 5, "hooli"), buy(two, 5, "initech")]);
  const more = [
    `budget-exhausted|all||1|${encodeURIComponent(today)}`,
    `budget-refused|all|${encodeURIComponent(today)}`,
  ];
  await comesTrue(clock, () => {
    for (const id of more) expect(receiver.taken()).toContain(id);
  });
  expect(new Set(receiver.taken()).size).toBe(receiver.taken().length);
  // A process that stalls for longer than its lease may deliver twice, so nobody is at it when the day passes.
  const store = await openSqliteStore(path);
  const turn = () => ({ id: "looker", at: clock.now(), paces: [{ pace: "turn|alerts", count: 1, endsInMs: 0 }] });
  await vi.waitFor(async () => {
    clock.move(250);
    expect(await store.listNotes("alert-outbox", 0)).toEqual([]);
    expect(await store.take(turn())).toEqual({ outcome: "taken" });
  }, 20_000);
  await store.close();
  // The next day is another window.
  clock.move(86_400_000);
  await buy(one, 17);
  await comesTrue(clock, () =>
    expect(receiver.taken()).toContain(`usage-threshold|all||0.8|${encodeURIComponent("2026-11-03T00:00:00.000Z")}`),
  );
  expect(new Set(receiver.taken()).size).toBe(receiver.taken().length);
}, 60_000);

test("what a meter could not deliver the next one does, and a meter that closes tries once more", async () => {
  const [path, receiver, clock] = [newFile(), await receiving(), new MovedClock(noon)];
  receiver.answer = 503;
  const options: MeterOptions = {
    budgets: [{ name: "all", limit: "0.10", per: "day" }],
    alerts: { sinks: [{ url: receiver.url, timeoutMs: 60_000 }] },
  };
  const first = meterOn(path, clock, options);
  await buy(first, 2);
  await first.close();
  expect(receiver.received.length).toBeGreaterThan(0);
  expect(receiver.taken()).toEqual([]);
  receiver.answer = 200;
  const second = meterOn(path, clock, options);
  await second.budgets();
  const ofBudget = () => alertsOf(receiver).filter(({ kind }) => kind === "usage-threshold");
  await comesTrue(clock, () => expect(ofBudget()).toHaveLength(1));
  await second.close();
  expect(ofBudget()).toMatchObject([{ facts: { budget: "all", threshold: "0.5" } }]);
});

test("a sink that throws breaks no call, and is told of once", async () => {
  const warned: string[] = [];
  const silent = () => {};
  const logger = { debug: silent, info: silent, warn: (_: object, text: string) => warned.push(text), error: silent };
  const sink = { name: "pager", send: () => Promise.reject(new TypeError("secret")) };
  const meter = createMeter({
    store: "memory:",
    fetch: fal,
    budgets: [{ limit: "0.03", per: "day" }],
    alerts: { sinks: [sink] },
    logger,
  });
  const response = await meter.fetch(image, { method: "POST", body: "{}" });
  expect(response.status).toBe(200);
  await meter.close();
  const told = warned.filter((text) => text.startsWith("alerts:"));
  expect(told).toEqual(["alerts: pager did not take an alert: TypeError"]);
});

test("a ledger that cannot take alerts down breaks no call", async () => {
  const store = await openSqliteStore(newFile());
  const broken = { ...store, listNotes: () => Promise.reject(new Error("no notes")), putNote: store.putNote };
  const meter = createMeter({
    store: broken,
    fetch: fal,
    budgets: [{ limit: 1, per: "day" }],
    alerts: { sinks: ["console"] },
  });
  expect((await meter.fetch(image, { method: "POST", body: "{}" })).status).toBe(200);
  await meter.close();
});

test("the default thresholds are for budgets that set none of their own", async () => {
  const heard: string[] = [];
  const sink = {
    name: "ear",
    send: async ({ facts }: Alert) => void heard.push(`${facts.budget} ${facts.threshold}`),
  };
  const meter = createMeter({
    store: "memory:",
    fetch: fal,
    budgets: [
      { name: "own", limit: "0.03", per: "month", alertAt: [0.9] },
      { name: "none", limit: "0.03", per: "month" },
    ],
    alerts: { sinks: [sink], rules: { thresholds: [0.25] } },
  });
  await meter.fetch(image, { method: "POST", body: "{}" });
  await meter.close();
  expect(heard.filter((line) => !line.endsWith("undefined")).sort()).toEqual(["none 0.25", "own 0.9"]);
});

test.each([
  [{ sinks: [] }, "alerts.sinks"],
  [{ sinks: ["console", "console"] }, "alerts.sinks"],
  [{ sinks: ["pager"] }, "alerts.sinks[0]"],
  [{ sinks: [{ url: "ftp://secret.example" }] }, "alerts.sinks[0].url"],
  [{ sinks: [{ url: "https://x.example", method: "GET" }] }, "alerts.sinks[0].method"],
  [{ sinks: [{ url: "https://x.example" }, { url: "https://x.example/" }] }, "alerts.sinks"],
  [{ sinks: [{ name: "", send() {} }] }, "alerts.sinks[0]"],
  [{ sinks: ["console"], every: "10ms" }, "alerts.every"],
  [{ sinks: ["console"], rules: { thresholds: [0] } }, "alerts.rules.thresholds"],
  [{ sinks: ["console"], rules: { undecidedAfter: "soon" } }, "alerts.rules.undecidedAfter"],
  [{ sinks: ["console"], rules: { treshold: [1] } }, "alerts.rules.treshold"],
  [{ sinks: ["console"], hooks: [] }, "alerts.hooks"],
])("alerts %j are refused by name, without an address", (alerts, option) => {
  const make = () => createMeter({ alerts } as unknown as MeterOptions);
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(expect.objectContaining({ option }));
  expect(make).not.toThrow("secret.example");
});
