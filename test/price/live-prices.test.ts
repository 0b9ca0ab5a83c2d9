import { describe, expect, it } from "vitest";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { retryAfterMs } from "../../src/limit/retry-after.ts";
import { createLivePrices, type LivePrices } from "../../src/price/live-prices.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { createPlatform } from "../../src/wire/platform.ts";
import { MovedClock } from "../emulator/moved-clock.ts";

const DAY_MS = 86_400_000;
const start = Date.UTC(2026, 10, 23);
const flux = "fal-ai/flux/dev";

/** One answer as fal gives it; a function may look at what was asked. */
type Answer = { status?: number; headers?: Record<string, string>; body: unknown };

interface Asked {
  ids: string[];
  cursor: string | null;
  authorization: string | null;
}

function row(endpointId: string, price: unknown, unit: unknown = "megapixels", currency = "USD") {
  return { endpoint_id: endpointId, unit_price: price, unit, currency };
}

function page(prices: unknown[], next: string | null = null): Answer {
  return { body: { prices, next_cursor: next, has_more: next !== null } };
}

const notFound: Answer = { status: 404, body: { error: { type: "not_found", message: "Endpoint not found" } } };

/** Live prices over answers written by hand. Sleeps of the clock end at once, and are recorded. */
function openLive(
  answer: (asked: Asked, count: number) => Answer | Promise<Answer>,
  store: Store = createMemoryStore(),
) {
  const asked: Asked[] = [];
  const waits: number[] = [];
  const heard: MeterEvent[] = [];
  const clock = new MovedClock(start);
  const events = createEvents();
  events.on("*", (event) => heard.push(event));
  const pricer = createPricer(resolvePrices());
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const headers = new Headers(init?.headers);
    const question = {
      ids: url.searchParams.get("endpoint_id")?.split(",") ?? [],
      cursor: url.searchParams.get("cursor"),
      authorization: headers.get("authorization"),
    };
    asked.push(question);
    const { status = 200, headers: sent, body } = await answer(question, asked.length);
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: sent ?? {} });
  };
  const hasty = {
    now: () => clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => {
      if (ms === 3_000 || ms === 15_000) return clock.sleep(ms, signal);
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const api = createPlatform({ fetch, clock: hasty, credentials: "id:secret", retryAfterMs });
  const live = createLivePrices({ api, store, clock: hasty, events, pricer, maxAgeMs: DAY_MS });
  return { live, asked, waits, heard, clock, pricer, store };
}

async function priceOf({ live, pricer, clock }: ReturnType<typeof openLive>, endpointId = flux, known = true) {
  await live.freshen(endpointId, known);
  await live.idle();
  return pricer.unitPrice(endpointId, clock.now())?.unitPrice.toFixed();
}

describe("live prices", () => {
  it("are asked for in the background with the key, and hold from then on", async () => {
    const fal = openLive(() => page([row(flux, 0.03)]));
    expect(fal.live.freshen(flux, true)).toBeUndefined();
    await fal.live.idle();
    expect(fal.asked).toEqual([{ ids: [flux], cursor: null, authorization: "Key id:secret" }]);
    const { expected, source } = fal.pricer.estimate(flux, { image_size: "square_hd" }, start);
    expect([expected!.toFixed(), source]).toEqual(["0.03", "fal's pricing API"]);
  });

  it("share one request, of at most 50 ids, when they are wanted in one breath", async () => {
    const fal = openLive(({ ids }) => page(ids.map((id) => row(id, 0.01, "images"))));
    for (let at = 0; at < 120; at++) fal.live.freshen(`acme/model-${at}`, true);
    fal.live.freshen("acme/model-7", true);
    await fal.live.idle();
    expect(fal.asked.map(({ ids }) => ids.length)).toEqual([50, 50, 20]);
    expect(fal.pricer.unitPrice("acme/model-119", start)?.unitPrice.toFixed()).toBe("0.01");
  });

  it("are read over all pages", async () => {
    const fal = openLive(({ cursor }) =>
      cursor === null ? page([row("acme/a", 0.01, "images")], "next") : page([row("acme/b", 0.02, "images")]),
    );
    const { found, missing } = await fal.live.refresh(["acme/a", "acme/b"]);
    expect([found, missing, fal.asked.map(({ cursor }) => cursor)]).toEqual([2, 0, [null, "next"]]);
  });

  it("do not go round in a circle of pages", async () => {
    const fal = openLive(() => page([row(flux, 0.03)], "again"));
    expect((await fal.live.refresh([flux])).failure).toContain("circle");
    expect(fal.asked.length).toBeLessThan(5);
  });

  it("are found around an unknown id, which refuses its whole batch", async () => {
    const fal = openLive(({ ids }) =>
      ids.includes("acme/gone") ? notFound : page(ids.map((id) => row(id, 0.01, "images"))),
    );
    const { found, missing, failure } = await fal.live.refresh(["acme/a", "acme/b", "acme/gone", "acme/c", "acme/d"]);
    expect([found, missing, failure]).toEqual([4, 1, null]);
  });

  it("are not asked for again within an hour where there is none", async () => {
    const fal = openLive(() => notFound);
    await priceOf(fal, "acme/gone", false);
    await priceOf(fal, "acme/gone", false);
    expect(fal.asked.length).toBe(1);
    await fal.clock.move(3_600_000);
    await priceOf(fal, "acme/gone", false);
    expect(fal.asked.length).toBe(2);
  });

  it("are asked for again once they are older than their age, and not before", async () => {
    const fal = openLive(() => page([row(flux, 0.03)]));
    await priceOf(fal);
    await fal.clock.move(DAY_MS - 1);
    await priceOf(fal);
    expect(fal.asked.length).toBe(1);
    await fal.clock.move(1);
    await priceOf(fal);
    expect(fal.asked.length).toBe(2);
  });

  it("make a call wait only where nothing else is known, and for three seconds at most", async () => {
    const fal = openLive(() => new Promise<Answer>(() => {}));
    expect(fal.live.freshen(flux, true)).toBeUndefined();
    let waited = false;
    const waiting = fal.live.freshen("acme/new", false)!.then(() => {
      waited = true;
    });
    await fal.clock.move(2_999);
    expect(waited).toBe(false);
    await fal.clock.move(1);
    await waiting;
    expect(waited).toBe(true);
  });

  it("let a waiting call go on with the price once it is there", async () => {
    const fal = openLive(() => page([row("acme/new", "0.5"), row("acme/new", 0.5, "images")]));
    await fal.live.freshen("acme/new", false);
    expect(fal.pricer.estimate("acme/new", {}, start).high!.toFixed()).toBe("0.5");
  });

  it("ask once for many calls that wait for the same price", async () => {
    const fal = openLive(() => page([row("acme/new", 0.5, "images")]));
    await Promise.all(Array.from({ length: 20 }, () => fal.live.freshen("acme/new", false)));
    expect(fal.asked.length).toBe(1);
  });

  it("honour Retry-After", async () => {
    const limited: Answer = { status: 429, headers: { "retry-after": "7" }, body: { error: { type: "rate_limited" } } };
    const fal = openLive((_, count) => (count === 1 ? limited : page([row(flux, 0.03)])));
    expect(await priceOf(fal)).toBe("0.03");
    expect(fal.waits).toEqual([7_000]);
  });

  it("do not wait for a Retry-After that is longer than half a minute", async () => {
    const fal = openLive(() => ({ status: 429, headers: { "retry-after": "300" }, body: {} }));
    expect((await fal.live.refresh([flux])).failure).toBe("status 429");
    expect([fal.asked.length, fal.waits]).toEqual([1, []]);
  });

  it.each<[string, Answer]>([
    ["a server error", { status: 503, body: "busy" }],
    ["no JSON", { body: "<html>" }],
    ["no list", { body: { prices: "none" } }],
    ["a price that is no number", page([row(flux, "0.9")])],
    ["a negative price", page([row(flux, -1)])],
    ["a price of nothing", page([row(flux, 0)])],
    ["a unit that is no text", page([row(flux, 0.9, 7)])],
    ["a unit never seen", page([row(flux, 0.9, "bananas")])],
    ["another currency", page([row(flux, 0.9, "megapixels", "EUR")])],
    ["a refusal of the key", { status: 401, body: { error: { type: "authorization_error" } } }],
    ["no rows", page([])],
    ["rows that are none", page([null, 7, "x", []])],
  ])("keep the old price on %s", async (_, answer) => {
    const fal = openLive((_asked, count) => (count === 1 ? page([row(flux, 0.03)]) : answer));
    await priceOf(fal);
    await fal.clock.move(DAY_MS);
    expect(await priceOf(fal)).toBe("0.03");
    expect(fal.heard.filter(({ type }) => type === "price-changed")).toEqual([]);
  });

  it("try a failing API three times, then leave it alone for a minute", async () => {
    const fal = openLive(() => ({ status: 500, body: "" }));
    await priceOf(fal);
    await priceOf(fal);
    expect([fal.asked.length, fal.waits]).toEqual([3, [1_000, 2_000]]);
    await fal.clock.move(60_000);
    await priceOf(fal);
    expect(fal.asked.length).toBe(6);
  });

  it("survive a broken connection", async () => {
    const fal = openLive(() => Promise.reject(new TypeError("fetch failed")));
    expect(await priceOf(fal)).toBe("0.025");
  });

  it("survive a restart, and what is broken in the store", async () => {
    const store = createMemoryStore();
    await priceOf(openLive(() => page([row(flux, 0.03)]), store));
    await store.putNote({ kind: "price", key: "acme/broken", value: "{", at: start, expiresAt: null });
    await store.putNote({
      kind: "price",
      key: "acme/odd",
      value: '{"checkedAt":1,"rates":[{}]}',
      at: start,
      expiresAt: null,
    });
    const again = openLive(() => page([]), store);
    await again.live.load();
    expect(await priceOf(again)).toBe("0.03");
    expect(again.asked).toEqual([]);
  });
});

describe("a changed live price", () => {
  const square = { image_size: "square_hd" };

  async function changed(before: number, after: number) {
    const fal = openLive((_, count) => page([row(flux, count === 1 ? before : after)]));
    await priceOf(fal);
    await fal.clock.move(DAY_MS);
    await priceOf(fal);
    return fal;
  }

  it("is announced, takes effect 30 days later, and is held from the start where it is dearer", async () => {
    const fal = await changed(0.03, 0.05);
    const seen = start + DAY_MS;
    const at = (day: number) => {
      const { expected, high } = fal.pricer.estimate(flux, square, seen + day * DAY_MS);
      return [expected!.toFixed(), high!.toFixed()];
    };
    expect([at(0), at(29), at(30)]).toEqual([
      ["0.03", "0.05"],
      ["0.03", "0.05"],
      ["0.05", "0.05"],
    ]);
    expect(fal.heard).toContainEqual({
      type: "price-changed",
      at: seen,
      endpointId: flux,
      before: "0.03 per megapixel",
      after: "0.05 per megapixel",
      effectiveFrom: new Date(seen + 30 * DAY_MS),
    });
  });

  it("settles bills at the price in force when the call was sent", async () => {
    const fal = await changed(0.03, 0.05);
    const prices = [0, 29, 30].map((day) =>
      fal.pricer.unitPrice(flux, start + (day + 1) * DAY_MS)!.unitPrice.toFixed(),
    );
    expect(prices).toEqual(["0.03", "0.03", "0.05"]);
  });

  it("does not lower what is held before it takes effect", async () => {
    const { pricer } = await changed(0.05, 0.03);
    expect(pricer.estimate(flux, square, start + 2 * DAY_MS).high!.toFixed()).toBe("0.05");
    expect(pricer.estimate(flux, square, start + 40 * DAY_MS).high!.toFixed()).toBe("0.03");
  });

  it("is announced once, however often it is seen again", async () => {
    const fal = await changed(0.03, 0.05);
    await fal.clock.move(DAY_MS);
    await priceOf(fal);
    expect(fal.heard.filter(({ type }) => type === "price-changed").length).toBe(1);
    expect(rowsOf(fal.live).map(({ from }) => from)).toEqual([null, start + 31 * DAY_MS]);
  });

  it("that is taken back leaves the old price", async () => {
    const fal = openLive((_, count) => page([row(flux, count === 2 ? 0.05 : 0.03)]));
    for (let day = 0; day < 3; day++) {
      await priceOf(fal);
      await fal.clock.move(DAY_MS);
    }
    expect(rowsOf(fal.live)).toMatchObject([{ from: null, until: null }]);
    expect(fal.pricer.estimate(flux, square, start + 60 * DAY_MS).high!.toFixed()).toBe("0.03");
  });

  it("comes to other processes through the store", async () => {
    const fal = await changed(0.03, 0.05);
    const other = openLive(() => page([]), fal.store);
    await other.live.load();
    expect(other.pricer.estimate(flux, square, start + 2 * DAY_MS).high!.toFixed()).toBe("0.05");
  });
});

function rowsOf(live: LivePrices) {
  return live.rates(flux)!.rates;
}
