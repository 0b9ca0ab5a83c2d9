import { describe, expect, test } from "vitest";
import { inputDigest } from "../../src/cache/key.ts";
import { type ReconcileOptions, reconcile } from "../../src/settle/reconcile.ts";
import type { Charge, Store } from "../../src/store/store.ts";
import { day, entry, fixed, free, hour, minute, noon, usd } from "../store/samples.ts";
import { billed, type Fal, openDesk } from "./desk.ts";

const none = { checked: 0, settled: 0, adopted: 0, expired: 0, open: 0, failure: null };
const input = { prompt: "a cat" };
const digest = inputDigest(input);
const silent: Fal = () => Promise.reject(new Error("nobody may be asked"));
const working: Fal = () => Response.json({ status: "IN_PROGRESS" });

/** A queue that knows nothing, and a list of requests that has these. */
const listing =
  (...items: object[]): Fal =>
  ({ host }) =>
    host === "api.fal.ai" ? Response.json({ items }) : new Response(null, { status: 404 });

const row = (requestId: string, at = noon + 1_000, rest: object = {}) => ({
  request_id: requestId,
  sent_at: new Date(at).toISOString(),
  status_code: 200,
  json_input: input,
  ...rest,
});

/** A window that is over half an hour after noon. */
const over: Charge = fixed("day", usd(5), noon + hour / 2);

describe("reconciling", () => {
  test.each([
    [{ olderTham: 1 }, "reconcile.olderTham"],
    [{ olderThan: "soon" }, "reconcile.olderThan"],
    [{ until: noon }, "reconcile.billing"],
    [{ since: noon }, "reconcile.billing"],
    [{ billing: 1 }, "reconcile.billing"],
    [{ billing: true, since: noon, until: noon }, "reconcile.until"],
  ])("with %j is refused by name", async (options, option) => {
    const { parts } = openDesk(silent);
    await expect(reconcile(parts, options as ReconcileOptions)).rejects.toMatchObject({ name: "OptionsError", option });
  });

  test("asks nobody and takes no turn where nothing old is open", async () => {
    let turns = 0;
    const { parts, open } = openDesk(
      silent,
      (store): Store => ({
        ...store,
        take: (request) => {
          turns++;
          return store.take(request);
        },
      }),
    );
    await open("young", { at: noon + hour - 1, requestId: "r" });
    expect(await reconcile(parts)).toEqual(none);
    expect(turns).toBe(0);
  });

  test("leaves alone what is not older than ten minutes, or than was asked for", async () => {
    const { parts, open, asked } = openDesk(working);
    await open("old", { at: noon + 50 * minute - 1, requestId: "old" });
    await open("not yet", { at: noon + 50 * minute, requestId: "not-yet" });
    await open("lost, not yet", { at: noon + 50 * minute, purchase: { digest } });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
    expect(asked.map(({ pathname }) => pathname)).toEqual(["/fal-ai/flux/requests/old/status"]);
    expect(await reconcile(parts, { olderThan: "9m" })).toMatchObject({ checked: 3, open: 3 });
  });

  test.each([100, 101, 250])("looks at all of %i open purchases, each once", async (count) => {
    const { parts, open, asked } = openDesk(working);
    for (let index = 0; index < count; index++) await open(`${index}`, { requestId: `r-${index}` });
    expect(await reconcile(parts)).toEqual({ ...none, checked: count, open: count });
    expect(new Set(asked.map(({ pathname }) => pathname)).size).toBe(count);
    expect(asked).toHaveLength(count);
  });

  test("asks with the key that was given for it, or else with the meter's", async () => {
    const keys: unknown[] = [];
    const { parts, open } = openDesk((_, headers) => {
      keys.push(headers.authorization);
      return new Response(null, { status: 503 });
    });
    await open("1", { requestId: "r-1" });
    await reconcile(parts);
    await reconcile(parts, { credentials: "other:key" });
    expect(keys).toEqual(["Key id:secret", "Key other:key"]);
  });

  test("tells of what it settled, with what that cost", async () => {
    const queue: Fal = ({ pathname }) =>
      pathname.endsWith("/status") ? Response.json({ status: "COMPLETED" }) : billed("2");
    const { parts, open, told, time } = openDesk(queue);
    await open("1", { requestId: "r-1", purchase: { tags: { customer: "acme" } } });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, settled: 1 });
    const facts = { purchaseId: "1", endpointId: "fal-ai/flux/dev", tags: { customer: "acme" }, at: time.now };
    const recovered = told.filter(({ type }) => type === "hold-recovered");
    expect(JSON.parse(JSON.stringify(recovered))).toEqual([
      { type: "hold-recovered", ...facts, outcome: "charged", amount: "0.08" },
    ]);
  });

  test("goes no further once it is ended", async () => {
    const { parts, open } = openDesk(silent);
    await open("1", { requestId: "r-1" });
    await open("2", { purchase: { digest: null }, charges: [over], at: noon - hour });
    expect(await reconcile({ ...parts, signal: AbortSignal.abort() })).toEqual(none);
    const ending = new AbortController();
    const lists: Fal = () => {
      ending.abort();
      return Response.json({ items: [] });
    };
    const { parts: more, open: openMore } = openDesk(lists);
    await openMore("3", { purchase: { digest }, charges: [over], at: noon - hour });
    expect(await reconcile({ ...more, signal: ending.signal })).toEqual(none);
  });
});

describe("whose turn it is", () => {
  async function another(lasting: number) {
    const desk = openDesk(working);
    await desk.open("1", { requestId: "r-1" });
    const at = desk.time.now;
    const paces = [{ pace: "turn|reconcile", count: 1, endsInMs: lasting }];
    await desk.store.take({ id: "another", at, paces });
    return { ...desk, began: at };
  }

  test("is another's: the background goes away at once, a caller after three minutes", async () => {
    const busy = { ...none, failure: "another process is reconciling" };
    const background = await another(hour);
    expect(await reconcile(background.parts, {}, "background")).toEqual(busy);
    expect(background.time.now).toBe(background.began);
    const caller = await another(hour);
    expect(await reconcile(caller.parts)).toEqual(busy);
    expect(caller.time.now - caller.began).toBe(3 * minute);
    expect(caller.asked).toEqual([]);
  });

  test("comes once the other is heard of no more", async () => {
    const { parts } = await another(minute);
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
  });
});

describe("what nobody can tell", () => {
  test("is given up a day after a caller that was never answered, who may have waited for its turn", async () => {
    const { parts, open, store, told, time } = openDesk(silent);
    await open("1", { charges: [over], purchase: { tags: { customer: "acme" } } });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
    time.now = noon + day - 1;
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
    expect(told).toEqual([]);
    time.now += 1;
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, expired: 1 });
    expect(await store.findEntry({ id: "1" })).toMatchObject({
      outcome: "expired",
      actual: usd(0.04),
      requestId: null,
    });
    const facts = { purchaseId: "1", endpointId: "fal-ai/flux/dev", tags: { customer: "acme" }, at: time.now };
    const expired = told.filter(({ type }) => type === "hold-expired");
    expect(JSON.parse(JSON.stringify(expired))).toEqual([{ type: "hold-expired", ...facts, amount: "0.04" }]);
  });

  test("is given up at once where its answer is known to be lost, by its id where there is one", async () => {
    const { parts, open, store } = openDesk(() => new Response(null, { status: 404 }));
    await open("1", { charges: [over] });
    await store.doubt("1", "answer lost", noon);
    await open("2", { charges: [over], requestId: "r-2", amount: null });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 2, expired: 2 });
    expect((await store.findEntry({ id: "1" }))?.note).toBe("unknown, assumed billed; answer lost");
    expect(await store.findEntry({ id: "2" })).toMatchObject({ actual: null, requestId: "r-2" });
  });

  test("stays open where it cannot be written down, or somebody settled it first", async () => {
    const failing = openDesk(silent, (store): Store => ({ ...store, settle: () => Promise.reject(new Error("busy")) }));
    await failing.open("1", { charges: [over], at: noon - 1 });
    expect(await reconcile(failing.parts)).toEqual({ ...none, checked: 1, open: 1 });
    const desk = openDesk(async () => {
      await desk.store.settle("2", free());
      return Response.json({ items: [] });
    });
    await desk.open("1", { purchase: { digest }, charges: [over], at: noon - 2 });
    await desk.open("2", { purchase: { digest }, charges: [over], at: noon - 1 });
    for (const id of ["1", "2"]) await desk.store.doubt(id, "answer lost", noon);
    expect(await reconcile(desk.parts)).toEqual({ ...none, checked: 2, expired: 1, open: 1 });
  });
});

describe("a lost purchase", () => {
  const lost = async (fal: Fal, rest: Parameters<ReturnType<typeof openDesk>["open"]>[1] = {}) => {
    const desk = openDesk(fal);
    const { purchase, ...more } = rest;
    await desk.open("1", { purchase: { digest, transport: "run", ...purchase }, ...more });
    await desk.store.doubt("1", "answer lost", noon);
    return desk;
  };

  test("is looked for from two seconds before it on, for five minutes and an hour in the queue, and not in the future", async () => {
    const { parts, asked, time } = await lost(listing());
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
    const question = {
      endpoint_id: "fal-ai/flux/dev",
      start: new Date(noon - 2_000).toISOString(),
      end: new Date(noon + hour).toISOString(),
      expand: "payloads",
    };
    expect(Object.fromEntries(asked[0]!.searchParams)).toEqual(question);
    time.now = noon + day;
    await reconcile(parts);
    const end = new Date(noon + hour + 5 * minute).toISOString();
    expect(Object.fromEntries(asked[1]!.searchParams)).toEqual({ ...question, end });
  });

  test("is found by its input, whatever else is listed, even twice", async () => {
    const deep = JSON.parse("[".repeat(101) + "]".repeat(101));
    const others = [null, row("r-2", noon, { json_input: null }), row("r-3", noon, { json_input: undefined })];
    const odd = [row("r-4", noon, { json_input: deep }), row("r-5", noon, { json_input: { prompt: "a dog" } })];
    const { parts, store, told } = await lost(listing(...(others as object[]), ...odd, row("r-1"), row("r-1")));
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, settled: 1, adopted: 1 });
    expect((await store.findEntry({ id: "1" }))?.note).toContain(
      "lost, and recognised as r-1 by its input and time (1 s after its hold)",
    );
    expect(told.filter(({ type }) => type === "hold-recovered")).toMatchObject([{ outcome: "charged" }]);
  });

  test("whose input nobody wrote down is none of those that fal was told not to keep", async () => {
    const { parts } = await lost(listing(row("r-1", noon, { json_input: null })), { purchase: { digest: null } });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
  });

  test.each([
    [403, "fal's list of requests was refused with 403"],
    [503, "fal's list of requests could not be read: status 503"],
  ])(
    "stays open where the list is answered with %i, its window over or not, and the answer says why",
    async (code, failure) => {
      const { parts } = await lost(() => new Response(null, { status: code }), { charges: [over] });
      expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1, failure });
    },
  );

  test("that fal does not know is nobody's to tell", async () => {
    const { parts } = await lost(() => new Response(null, { status: 404 }), { charges: [over] });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, expired: 1 });
  });

  test("is not taken for a request that the ledger knows as another purchase's", async () => {
    const { parts, store, open } = await lost(listing(row("r-1"), row("r-2")));
    await store.record(entry("before", { requestId: "r-1" }));
    await open("under way", { at: noon + hour - 1, requestId: "r-2" });
    expect(await reconcile(parts)).toEqual({ ...none, checked: 1, open: 1 });
  });

  test("is looked for at its own endpoint only", async () => {
    const other = "fal-ai/veo3";
    const { parts, store, open, asked } = await lost(({ host, searchParams }) => {
      if (host !== "api.fal.ai") return new Response(null, { status: 404 });
      return Response.json({ items: searchParams.get("endpoint_id") === other ? [row("r-2")] : [] });
    });
    await open("2", { purchase: { digest, endpointId: other, transport: "run" } });
    await store.doubt("2", "answer lost", noon);
    expect(await reconcile(parts)).toEqual({ ...none, checked: 2, settled: 1, adopted: 1, open: 1 });
    expect(await store.findEntry({ id: "2" })).toMatchObject({ requestId: "r-2" });
    expect(await store.findHold({ id: "1" })).toMatchObject({ requestId: null });
    expect(asked.filter(({ host }) => host === "api.fal.ai")).toHaveLength(2);
  });

  test("is told from an equal one whose caller still waits", async () => {
    const { parts, store, open } = await lost(listing(row("r-1", noon + 1), row("r-2", noon + 2_001)));
    await open("2", { at: noon + 2_000, purchase: { digest, transport: "run" } });
    expect(await reconcile(parts, { olderThan: hour - 1_000 })).toMatchObject({ settled: 1, adopted: 1 });
    expect(await store.findEntry({ id: "1" })).toMatchObject({ requestId: "r-1" });
    expect(await store.findHold({ id: "2" })).toMatchObject({ requestId: null });
  });

  test.each<[string, (store: Store) => Promise<unknown>]>([
    ["bound", (store) => store.bind("1", "another")],
    ["settled", (store) => store.settle("1", free())],
  ])("that somebody else %s meanwhile is not adopted", async (_, meanwhile) => {
    const desk = await lost(async (url, headers) => {
      await meanwhile(desk.store);
      return listing(row("r-1"))(url, headers);
    });
    expect(await reconcile(desk.parts)).toMatchObject({ adopted: 0, settled: 0 });
    expect(await desk.store.findHold({ requestId: "r-1" })).toBeUndefined();
  });

  test("is asked after by the background for a day, and by a caller for good", async () => {
    const questions = async (at: number, asking: "caller" | "background") => {
      const { parts, asked } = await lost(listing(), { at });
      await reconcile(parts, {}, asking);
      return asked.length;
    };
    const dayAgo = noon + hour - day;
    expect(await questions(dayAgo, "background")).toBe(1);
    expect(await questions(dayAgo - 1, "background")).toBe(0);
    expect(await questions(dayAgo - 1, "caller")).toBe(1);
  });

  test.each([
    [500, null],
    [501, "more than 500 questions in one round"],
  ])("is one of %i, of which 500 are asked after in one round", async (count, failure) => {
    const { parts, open, store, asked } = openDesk(listing());
    for (let index = 0; index < count; index++) {
      const at = noon - index * 2 * hour;
      await open(`${index}`, { at, purchase: { digest }, charges: [fixed("day", null, at + hour)] });
      await store.doubt(`${index}`, "answer lost", noon);
    }
    const open_ = count - 500;
    expect(await reconcile(parts)).toEqual({ ...none, checked: count, expired: 500, open: open_, failure });
    expect(asked).toHaveLength(500);
  });
});
