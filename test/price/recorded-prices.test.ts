import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createEvents, type MeterEvent } from "../../src/events.ts";
import { retryAfterMs } from "../../src/limit/retry-after.ts";
import { createLivePrices } from "../../src/price/live-prices.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createPlatform } from "../../src/wire/platform.ts";
import { MovedClock } from "../emulator/moved-clock.ts";

/*
 * Answers of `GET https://api.fal.ai/v1/models/pricing`, written by hand from what fal's Platform API says of itself, over the global
 * fetch.
 */
const PRICING = "https://api.fal.ai/v1/models/pricing";
const api = setupServer();
beforeAll(() => api.listen({ onUnhandledRequest: "error" }));
afterEach(() => api.resetHandlers());
afterAll(() => api.close());

const DAY_MS = 86_400_000;
const start = Date.UTC(2026, 10, 23);
const flux = "fal-ai/flux/dev";
const square = { image_size: "square_hd" };

const fluxRow = { endpoint_id: flux, unit_price: 0.03, unit: "megapixels", currency: "USD" };
const veoRow = { endpoint_id: "fal-ai/veo3.1", unit_price: 0.36, unit: "seconds", currency: "USD" };
const newRow = { endpoint_id: "acme/new", unit_price: 0.07, unit: "images", currency: "USD" };
const onePage = { prices: [fluxRow], next_cursor: null, has_more: false };
const unknownId = { error: { type: "not_found", message: "Endpoint 'acme/none' not found" } };
const tooMany = { error: { type: "rate_limited", message: "Too many requests" } };
const broken = { error: { type: "server_error", message: "Internal server error" } };

type Given = (url: URL, count: number) => Response;

/** Live prices over the wire. What the clock would sleep is skipped and written down. */
function open(given: Given) {
  const asked: URL[] = [];
  const waits: number[] = [];
  const heard: MeterEvent[] = [];
  api.use(
    http.get(PRICING, ({ request }) => {
      expect(request.headers.get("authorization")).toBe("Key id:secret");
      asked.push(new URL(request.url));
      return given(asked.at(-1)!, asked.length);
    }),
  );
  const moved = new MovedClock(start);
  const clock = {
    now: () => moved.now(),
    // A time-out of the request stays one; a pause before the next try does not keep the test waiting.
    sleep: (ms: number, signal?: AbortSignal) => {
      if (signal && ms >= 3_000) return moved.sleep(ms, signal);
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const events = createEvents();
  events.on("*", (event) => heard.push(event));
  const pricer = createPricer(resolvePrices());
  const platform = createPlatform({ fetch: globalThis.fetch, clock, credentials: "id:secret", retryAfterMs });
  const store = createMemoryStore();
  const live = createLivePrices({ api: platform, store, clock, events, pricer, maxAgeMs: DAY_MS });
  const freshen = async (...endpointIds: string[]) => {
    await Promise.all(endpointIds.map((endpointId) => live.freshen(endpointId, true)));
    await live.idle();
  };
  const high = (endpointId: string, input: object) => {
    const estimate = pricer.estimate(endpointId, input, moved.now());
    return [estimate.high?.toFixed() ?? null, estimate.source.split(",")[0], estimate.asOf?.slice(0, 10) ?? null];
  };
  return { live, asked, waits, heard, freshen, high, later: (ms: number) => moved.move(ms) };
}

const bundled = ["0.025", "bundled price list", "2026-07-28"];

describe("recorded answers of fal's pricing API", () => {
  it("give the price from the day they were read, in fal's own words for the unit", async () => {
    const fal = open(() => HttpResponse.json(onePage));
    expect(fal.high(flux, square)).toEqual(bundled);
    await fal.freshen(flux);
    expect(fal.high(flux, square)).toEqual(["0.03", "fal's pricing API", "2026-11-23"]);
    expect(fal.asked[0]!.searchParams.get("endpoint_id")).toBe(flux);
  });

  it("come in pages, by the cursor of the one before", async () => {
    const fal = open((url) =>
      url.searchParams.get("cursor") === "Mg"
        ? HttpResponse.json({ prices: [veoRow], next_cursor: null, has_more: false })
        : HttpResponse.json({ prices: [fluxRow], next_cursor: "Mg", has_more: true }),
    );
    await fal.freshen(flux, "fal-ai/veo3.1");
    expect(fal.asked.map((url) => url.searchParams.get("cursor"))).toEqual([null, "Mg"]);
    expect([fal.high(flux, square)[0], fal.high("fal-ai/veo3.1", { duration: "4s" })[0]]).toEqual(["0.03", "1.44"]);
  });

  it("refuse a batch for one unknown id with 404, and the others are found all the same", async () => {
    const fal = open((url) => {
      const ids = url.searchParams.get("endpoint_id")!.split(",");
      if (ids.includes("acme/none")) return HttpResponse.json(unknownId, { status: 404 });
      return HttpResponse.json({
        ...onePage,
        prices: [fluxRow, newRow].filter((row) => ids.includes(row.endpoint_id)),
      });
    });
    await fal.freshen(flux, "acme/none", "acme/new");
    expect([fal.high(flux, square)[0], fal.high("acme/new", { num_images: 2 })[0]]).toEqual(["0.03", "0.14"]);
    expect(fal.high("acme/none", {})[0]).toBeNull();
  });

  it("ask to come again with 429 and Retry-After, which is kept to", async () => {
    const fal = open((_, count) =>
      count === 1
        ? HttpResponse.json(tooMany, { status: 429, headers: { "retry-after": "7" } })
        : HttpResponse.json(onePage),
    );
    await fal.freshen(flux);
    expect([fal.asked.length, fal.waits, fal.high(flux, square)[0]]).toEqual([2, [7_000], "0.03"]);
  });

  it.each<[string, () => Response]>([
    ["500", () => HttpResponse.json(broken, { status: 500 })],
    ["503 of a gateway", () => new HttpResponse("upstream connect error", { status: 503 })],
    ["429 without end", () => HttpResponse.json(tooMany, { status: 429 })],
    ["malformed JSON", () => new HttpResponse('{"prices":[{"endpoint_id":"fal-ai/fl', { status: 200 })],
    ["a page of HTML", () => HttpResponse.html("<h1>Maintenance</h1>")],
    ["a broken connection", () => HttpResponse.error()],
    ["a unit that nobody has seen", () => HttpResponse.json({ ...onePage, prices: [{ ...fluxRow, unit: "moons" }] })],
    ["no row of it", () => HttpResponse.json({ prices: [], next_cursor: null, has_more: false })],
    ["a negative price", () => HttpResponse.json({ ...onePage, prices: [{ ...fluxRow, unit_price: -1 }] })],
    [
      "a refused key",
      () => HttpResponse.json({ error: { type: "authorization_error", message: "No" } }, { status: 401 }),
    ],
  ])("leave the price as it was on %s, before and after one was read", async (_, bad) => {
    const never = open(bad);
    await never.freshen(flux);
    expect(never.high(flux, square)).toEqual(bundled);
    api.resetHandlers();
    const once = open((_url, count) => (count === 1 ? HttpResponse.json(onePage) : bad()));
    await once.freshen(flux);
    await once.later(DAY_MS);
    await once.freshen(flux);
    expect(once.asked.length).toBeGreaterThan(1);
    expect(once.high(flux, square)).toEqual(["0.03", "fal's pricing API", "2026-11-23"]);
    expect(once.heard.filter(({ type }) => type === "price-changed")).toEqual([]);
  });

  it("name a unit that says nothing of the count, and the next price that can be counted stands", async () => {
    const fal = open(() => HttpResponse.json({ ...onePage, prices: [{ ...fluxRow, unit: "compute seconds" }] }));
    await fal.freshen(flux);
    expect(fal.high(flux, square)).toEqual(bundled);
  });

  it("change a price, which is told once with the day it takes effect and held from the day it was seen", async () => {
    const fal = open((_, count) =>
      HttpResponse.json({ ...onePage, prices: [{ ...fluxRow, unit_price: count === 1 ? 0.03 : 0.05 }] }),
    );
    await fal.freshen(flux);
    await fal.later(DAY_MS);
    await fal.freshen(flux);
    const changes = fal.heard.filter((event) => event.type === "price-changed");
    expect(changes).toEqual([
      {
        type: "price-changed",
        at: start + DAY_MS,
        endpointId: flux,
        before: "0.03 per megapixel",
        after: "0.05 per megapixel",
        effectiveFrom: new Date(start + 31 * DAY_MS),
      },
    ]);
    expect(fal.high(flux, square)[0]).toBe("0.05");
  });
});
