import { describe, expect, test } from "vitest";
import { trueUp } from "../../src/settle/true-up.ts";
import type { Entry, Store } from "../../src/store/store.ts";
import { correction, day, entry, estimate, hour, noon, usd } from "../store/samples.ts";
import { type Fal, openDesk } from "./desk.ts";

const span = { since: noon - day, until: noon + day };
const nothing = { checked: 0, settled: 0, corrected: 0, missing: 0, failure: null, differences: [] };

/** A fal that billed these dollars for these requests. */
const billing =
  (bills: Record<string, number>): Fal =>
  ({ searchParams }) => {
    const ids = searchParams.get("request_id")!.split(",");
    const known = ids.filter((id) => bills[id] !== undefined);
    const rows = known.map((id) => ({ request_id: id, cost_total: bills[id], output_units: 1 }));
    return Response.json({ billing_events: rows });
  };

function openBooks(fal: Fal, over?: (store: Store) => Store) {
  const desk = openDesk(fal, over);
  const ask = () => trueUp({ ...desk.parts, platform: desk.parts.platform("admin:key") }, span);
  const booked = (id: string, actual: bigint | null, rest: Partial<Entry> = {}) =>
    desk.store.record(entry(id, { requestId: `r-${id}`, actual, ...rest }));
  const corrections = () => desk.store.entries({ kinds: ["correction"], limit: 1_000 });
  return { ...desk, ask, booked, corrections };
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("a ledger of many pages", () => {
  test("is asked after whole: entries with the corrections that they have, and open purchases", async () => {
    const count = 501;
    const bills = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        [`r-${index}`, 0.05],
        [`h-${index}`, 0.03],
      ]).flat() as [string, number][],
    );
    const { ask, booked, open, store } = openBooks(billing(bills));
    for (let index = 0; index < count; index++) {
      await booked(`${index}`, usd(0.04));
      await store.record(correction(`c${index}`, usd(0.01), { about: `${index}`, requestId: `r-${index}` }));
      await open(`h${index}`, { requestId: `h-${index}` });
    }
    const { differences, ...tally } = await ask();
    expect(tally).toEqual({ checked: 2 * count, settled: count, corrected: 0, missing: 0, failure: null });
    expect(plain(differences)).toEqual([
      {
        endpointId: "fal-ai/flux/dev",
        day: "2026-11-01T00:00:00.000Z",
        purchases: 2 * count,
        unbooked: count,
        booked: "25.05",
        billed: "40.08",
        difference: "15.03",
      },
    ]);
    expect(await store.openHolds({ limit: 10 })).toEqual([]);
  });

  test("keeps what it learned before fal could not be asked any more", async () => {
    let questions = 0;
    const { ask, booked } = openBooks((url, headers) => {
      questions++;
      return questions > 1 ? new Response(null, { status: 503 }) : billing({ "r-0": 0.05 })(url, headers);
    });
    for (let index = 0; index < 51; index++) await booked(`${index}`, usd(0.04));
    const { differences, ...tally } = await ask();
    expect(tally).toEqual({ checked: 50, settled: 0, corrected: 1, missing: 49, failure: "status 503" });
    expect(differences).toHaveLength(1);
  });
});

describe("what is asked after", () => {
  test("is what has a request id, from the first instant of the span on", async () => {
    const { ask, booked, open, asked } = openBooks(billing({}));
    await booked("no id", usd(0.04), { requestId: null });
    await booked("first", usd(0.04), { at: span.since });
    await booked("before", usd(0.04), { at: span.since - 1 });
    await open("lost");
    await open("held before", { at: span.since - 1, requestId: "r-held-before" });
    await open("held first", { at: span.since, requestId: "r-held-first" });
    expect(await ask()).toEqual({ ...nothing, checked: 2, missing: 2 });
    expect(asked.map(({ searchParams }) => searchParams.get("request_id"))).toEqual(["r-held-first", "r-first"]);
  });

  test("and is not billed is missing, unless it was booked as nothing", async () => {
    const unknownToFal = openBooks(() => new Response(null, { status: 404 }));
    await unknownToFal.booked("free", 0n);
    await unknownToFal.booked("paid", usd(0.04));
    await unknownToFal.booked("unknown", null);
    await unknownToFal.open("held", { requestId: "r-held" });
    expect(await unknownToFal.ask()).toEqual({ ...nothing, checked: 4, missing: 3 });
  });

  test.each([
    [403, "refused with 403: billing events need an admin key"],
    [503, "status 503"],
  ])("cannot be, where fal answers with %i", async (code, failure) => {
    const { ask, booked } = openBooks(() => new Response(null, { status: code }));
    await booked("1", usd(0.04));
    expect(await ask()).toEqual({ ...nothing, failure });
  });
});

describe("an open purchase", () => {
  test.each([
    [0.03, "charged", "0.03", "billing-event"],
    [0, "free", "0", "free"],
  ])("that was billed %d dollars is %s, and told of", async (cost, outcome, amount, basis) => {
    const { ask, open, store, told, time } = openBooks(billing({ "r-1": cost }));
    await open("1", { requestId: "r-1", purchase: { tags: { customer: "acme" } } });
    expect(await ask()).toMatchObject({ checked: 1, settled: 1, missing: 0 });
    expect(await store.findEntry({ id: "1" })).toMatchObject({ outcome, actual: usd(cost), basis, requestId: "r-1" });
    const facts = { purchaseId: "1", endpointId: "fal-ai/flux/dev", tags: { customer: "acme" }, at: time.now };
    const recovered = told.filter(({ type }) => type === "hold-recovered");
    expect(plain(recovered)).toEqual([{ type: "hold-recovered", ...facts, outcome, amount }]);
  });

  test("whose bill cannot be written down stays open", async () => {
    const { ask, open, store, told } = openBooks(billing({ "r-1": 0.03 }), (inner) => ({
      ...inner,
      settle: () => Promise.reject(new Error("busy")),
    }));
    await open("1", { requestId: "r-1" });
    expect(await ask()).toMatchObject({ checked: 1, settled: 0 });
    expect(await store.findHold({ id: "1" })).toBeDefined();
    expect(told.map(({ type }) => type)).toEqual(["store-failed"]);
  });
});

describe("a correction", () => {
  test("says what was booked and what was billed, under an id that two who find it share", async () => {
    const { ask, booked, corrections, time } = openBooks(billing({ "r-1": 0.05, "r-2": 0.05 }));
    await booked("1", usd(0.04));
    await booked("2", null);
    expect(await ask()).toMatchObject({ corrected: 2 });
    expect(await corrections()).toMatchObject([
      {
        ...{ id: "billing:1:40000000:50000000", about: "1", actual: usd(0.01), basis: "billing-event" },
        ...{ billableUnits: "1", settledAt: time.now, note: "by fal's billing events, after $0.04 was booked" },
      },
      { id: "billing:2:unknown:50000000", about: "2", actual: usd(0.05), note: "by fal's billing events" },
    ]);
    expect(await ask()).toMatchObject({ corrected: 0 });
  });

  test("teaches what such a request costs, and what was learned of it before; a gift teaches nothing", async () => {
    const { ask, booked, learned } = openBooks(billing({ "r-1": 0.05, "r-2": 0.05, "r-3": 0 }));
    await booked("1", usd(0.04), { billableUnits: "2" });
    await booked("2", usd(0.04), { billableUnits: null });
    await booked("3", usd(0.04));
    expect(await ask()).toMatchObject({ corrected: 3 });
    const facts = { endpointId: "fal-ai/flux/dev", estimate: estimate(usd(0.04)), actual: usd(0.05) };
    const lesson = { ...facts, billableUnits: "1", basis: "billing-event" };
    expect(learned).toEqual([{ ...lesson, corrects: { actual: usd(0.04) } }, lesson]);
  });

  const ranged = { ...estimate(usd(0.04)), low: usd(0.02), high: usd(0.06) };
  test.each([
    [0.02, {}, false],
    [0.06, {}, false],
    [0.01, {}, true],
    [0.07, {}, true],
    [0.01, { low: null }, false],
    [0.07, { high: null }, false],
    [0.07, { low: null }, true],
    [0.01, { high: null }, true],
    [0.07, { expected: null }, false],
  ])("to %d dollars is told of as drift where the estimate did not hold it: %j, %j", async (cost, rest, drifts) => {
    const { ask, booked, told, time } = openBooks(billing({ "r-1": cost }));
    await booked("1", usd(0.03), { estimate: { ...ranged, ...rest } });
    await ask();
    const event = { type: "price-drift", at: time.now, endpointId: "fal-ai/flux/dev", estimated: "0.04" };
    const drift = { ...event, actual: String(cost), basis: "rate-card" };
    expect(plain(told)).toEqual(drifts ? [drift] : []);
  });
});

test("differences are summed for each endpoint and day", async () => {
  const { ask, booked } = openBooks(billing({ "r-1": 0.05, "r-2": 0.05, "r-3": 0.05, "r-4": 0.02 }));
  await booked("1", usd(0.04));
  await booked("2", null);
  await booked("3", usd(0.05), { endpointId: "fal-ai/veo3" });
  await booked("4", usd(0.04), { at: noon - 13 * hour });
  const rows = (await ask()).differences.map((row) => plain(row));
  expect(rows).toEqual(
    expect.arrayContaining([
      {
        ...{ endpointId: "fal-ai/flux/dev", day: "2026-11-01T00:00:00.000Z", purchases: 2, unbooked: 1 },
        ...{ booked: "0.04", billed: "0.1", difference: "0.06" },
      },
      expect.objectContaining({ endpointId: "fal-ai/veo3", purchases: 1, unbooked: 0, difference: "0" }),
      expect.objectContaining({ day: "2026-10-31T00:00:00.000Z", purchases: 1, difference: "-0.02" }),
    ]),
  );
  expect(rows).toHaveLength(3);
});
