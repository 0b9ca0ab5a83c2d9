import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/emulator.ts";
import { createMeter, type MeterOptions, type OutcomeUnknownError } from "../../src/index.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import {
  Calendar,
  eventually,
  failure,
  image,
  input,
  newLedger,
  noon,
  openClient,
  openEmulator,
  plain,
  times,
} from "./open.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const budgets = [{ name: "all", limit: 1, per: "day" }] as const;
const none = { checked: 0, settled: 0, adopted: 0, expired: 0, open: 0, failure: null };

/** A client and a fal that have one calendar. */
async function open(meter: MeterOptions = {}, emulated: EmulatorOptions = {}) {
  const clock = new Calendar();
  const emulator = await openEmulator({ clock, ...emulated });
  const client = openClient(emulator, { budgets, clock, ...meter });
  return { clock, emulator, ...client };
}

async function lose(call: Promise<unknown>): Promise<string> {
  const error = (await failure(call)) as unknown as OutcomeUnknownError;
  expect(error.name).toBe("OutcomeUnknownError");
  return error.purchaseId;
}

async function standing({ budgets: ask }: { budgets(): Promise<unknown> }) {
  const [{ spent, held } = { spent: "", held: "" }] = plain(await ask()) as { spent: string; held: string }[];
  return { spent, held };
}

describe("a purchase whose answer was lost", () => {
  test("as a submit is found in fal's list and settled, and its result can be had", async () => {
    const { clock, emulator, fal, meter, events } = await open({ cache: { ttl: "1h", unseeded: true } });
    emulator.fault({ times: 1, do: "drop-after-accept" });
    const purchaseId = await lose(fal.queue.submit(image, { input }));
    expect(await meter.reconcile()).toEqual(none);
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, settled: 1, adopted: 1 });

    const requestId = emulator.requests.find(({ kind }) => kind === "submit")!.requestId!;
    expect(plain(await meter.receipt(purchaseId))).toMatchObject({
      ...{ requestId, outcome: "charged", actual: "0.04", basis: "billed-units" },
      note: expect.stringContaining(`recognised as ${requestId} by its input and time`),
    });
    expect(await standing(meter)).toEqual({ spent: "0.04", held: "0" });
    expect(plain(events.filter(({ type }) => type === "hold-recovered"))).toMatchObject([
      { purchaseId, outcome: "charged", amount: "0.04" },
    ]);
    const { data } = await fal.queue.result(image, { requestId });
    expect(data.images).toHaveLength(1);
    const again = await fal.subscribe(image, { input, pollInterval: 5 });
    expect(again).toMatchObject({ requestId, data });
    expect(emulator.paidPosts()).toBe(1);
    expect(await meter.reconcile()).toEqual(none);
  });

  test("as a submit whose job is still at work is bound, and settled when it ends", async () => {
    const fals = new MovedClock(noon);
    const { clock, emulator, fal, meter, events } = await open({}, { clock: fals, latencyMs: { work: 1 } });
    emulator.fault({ times: 1, do: "drop-after-accept" });
    const purchaseId = await lose(fal.queue.submit(image, { input }));
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, adopted: 1, open: 1 });
    expect(await meter.receipt(purchaseId)).toMatchObject({ outcome: "pending", requestId: expect.any(String) });
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, open: 1 });
    await fals.move(1);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, settled: 1 });
    expect((await meter.receipt(purchaseId))!.note).toMatch(/by its input and time/);
    const recovered = plain(events.filter(({ type }) => type === "hold-recovered"));
    expect(recovered).toMatchObject([
      { outcome: "pending", amount: null },
      { outcome: "charged", amount: "0.04" },
    ]);
  });

  test("as a run is found in fal's list, and settled by the status that it lists", async () => {
    const { clock, emulator, fal, meter } = await open();
    emulator.fault({ times: 1, do: "drop-after-accept" });
    const purchaseId = await lose(fal.run(image, { input }));
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, settled: 1, adopted: 1 });
    expect(plain(await meter.receipt(purchaseId))).toMatchObject({
      ...{ outcome: "charged", actual: "0.04", basis: "rate-card" },
      note: expect.stringContaining("fal lists it as ended with 200; lost, and recognised as"),
    });
    expect(await standing(meter)).toEqual({ spent: "0.04", held: "0" });
  });

  test("as a run is the next equal call's hit where fal lists its answer too", async () => {
    const clock = new Calendar();
    const emulator = await openEmulator({ clock });
    const output = { images: [{ url: "https://v3.fal.media/files/a.png" }] };
    const listing: typeof fetch = async (address, init) => {
      const answer = await emulator.fetch(address, init);
      if (!String(address).includes("/models/requests/")) return answer;
      const body = (await answer.json()) as { items: object[] };
      return Response.json({ ...body, items: body.items.map((item) => ({ ...item, json_output: output })) });
    };
    const cache = { ttl: "1h", unseeded: true } as const;
    const { fal, meter } = openClient(emulator, { clock, cache }, { fetch: listing });
    emulator.fault({ times: 1, do: "drop-after-accept" });
    await lose(fal.run(image, { input }));
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toMatchObject({ settled: 1, adopted: 1 });
    expect((await fal.run(image, { input })).data).toEqual(output);
    expect(emulator.paidPosts()).toBe(1);
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", cached: 1 });
  });

  test("as a run that fal lists as a server error is free", async () => {
    const { clock, emulator, fal, meter } = await open();
    emulator.fault({ times: 1, do: "drop-after-accept" });
    await lose(fal.run(image, { input: { ...input, fail: "server" } as typeof input }));
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toMatchObject({ settled: 1, adopted: 1 });
    expect(await standing(meter)).toEqual({ spent: "0", held: "0" });
  });

  test("twice over, with the same input, is two purchases and two requests", async () => {
    const { clock, emulator, fal, meter } = await open();
    emulator.fault({ times: 2, do: "drop-after-accept" });
    const first = await lose(fal.queue.submit(image, { input }));
    clock.set(noon + minute);
    const second = await lose(fal.queue.submit(image, { input }));
    clock.set(noon + 12 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 2, settled: 2, adopted: 2 });
    const submitted = emulator.requests.filter(({ kind }) => kind === "submit").map(({ requestId }) => requestId);
    const receipts = await Promise.all([first, second].map((id) => meter.receipt(id)));
    expect(receipts.map((receipt) => receipt!.requestId)).toEqual(submitted);
    expect(await standing(meter)).toEqual({ spent: "0.08", held: "0" });
  });

  test("twice over, of which fal has only one, is nobody's to tell", async () => {
    const { clock, emulator, fal, meter } = await open();
    emulator.fault({ times: 1, do: "drop-before-accept" });
    await lose(fal.queue.submit(image, { input }));
    emulator.fault({ times: 1, do: "drop-after-accept" });
    await lose(fal.queue.submit(image, { input }));
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 2, open: 2 });
    expect(await standing(meter)).toEqual({ spent: "0", held: "0.08" });
  });

  test("is not taken for an equal purchase that the ledger knows, nor for one of another input or another hour", async () => {
    const { clock, emulator, fal, meter } = await open();
    emulator.fault({ times: 1, do: "drop-before-accept" });
    await lose(fal.queue.submit(image, { input }));
    await fal.subscribe(image, { input, pollInterval: 5 });
    const elsewhere = (body: object) =>
      emulator.fetch(`https://fal.run/${image}`, { method: "POST", body: JSON.stringify(body) });
    await elsewhere({ ...input, seed: 1 });
    clock.set(noon + 6 * minute);
    await elsewhere(input);
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, open: 1 });
    expect(await standing(meter)).toEqual({ spent: "0.04", held: "0.04" });
  });

  test("waits while an equal call that fal's request may be is still under way", async () => {
    const fals = new MovedClock(noon);
    const { clock, emulator, fal, meter } = await open({}, { clock: fals, latencyMs: { run: 10 } });
    emulator.fault({ times: 1, do: "drop-before-accept" });
    await lose(fal.run(image, { input }));
    clock.set(noon + minute);
    await fals.move(minute);
    const running = fal.run(image, { input });
    running.catch(() => {});
    await eventually(() => expect(emulator.paidPosts()).toBe(1));
    clock.set(noon + 10.5 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, open: 1 });
  });

  test("stays held where fal's list is refused, and the answer says why", async () => {
    const { clock, emulator, fal, meter } = await open({ budgets: [{ limit: 1, per: "hour" }] });
    emulator.fault({ times: 1, do: "drop-after-accept" });
    await lose(fal.queue.submit(image, { input }));
    clock.set(noon + 2 * hour);
    const disarm = emulator.fault({ match: { kind: "platform" }, do: { status: 403 } });
    const failed = { ...none, checked: 1, open: 1, failure: "fal's list of requests was refused with 403" };
    expect(await meter.reconcile()).toEqual(failed);
    disarm();
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, settled: 1, adopted: 1 });
  });

  test("by a process that died is asked after once its caller cannot be waiting any more", async () => {
    const clock = new Calendar();
    const emulator = await openEmulator({ clock });
    const store = newLedger();
    const dying = openClient(emulator, { store, clock }, { fetch: (...args) => died(emulator.fetch(...args)) });
    dying.fal.run(image, { input }).catch(() => {});
    await eventually(() => expect(emulator.paidPosts()).toBe(1));
    const { meter } = openClient(emulator, { store, clock });
    clock.set(noon + 30 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, open: 1 });
    clock.set(noon + 61 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, settled: 1, adopted: 1 });
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", held: "0" });
  });
});

/** An answer that never comes. */
async function died(answer: Promise<Response>): Promise<Response> {
  await answer;
  return new Promise(() => {});
}

describe("what nobody can tell", () => {
  test("stays held until its window has closed, and is then booked as billed", async () => {
    const { clock, emulator, fal, meter, events } = await open();
    emulator.fault({ do: "drop-before-accept" });
    const purchaseId = await lose(fal.run(image, { input }));
    clock.set(noon + 11 * hour);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, open: 1 });
    clock.set(noon + 12 * hour);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, expired: 1 });
    expect(plain(await meter.receipt(purchaseId))).toMatchObject({
      ...{ outcome: "expired", actual: "0.04", basis: "assumed-billed" },
      note: expect.stringMatching(/^unknown, assumed billed; answer lost/),
    });
    expect(plain(events.filter(({ type }) => type === "hold-expired"))).toMatchObject([{ purchaseId, amount: "0.04" }]);
    expect(await meter.reconcile()).toEqual(none);
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", held: "0" });
  });

  test.for<[string, MeterOptions["budgets"] & object, number]>([
    ["in a total budget", [{ limit: 1, per: "total" }], 30 * day],
    ["without a budget", [], 30 * day],
    [
      "in a rolling one",
      [
        { limit: 1, per: { rolling: "2h" } },
        { limit: 1, per: "hour" },
      ],
      2 * hour,
    ],
  ])("%s is kept until its time", async ([, given, keptMs]) => {
    const { clock, emulator, fal, meter } = await open({ budgets: given });
    emulator.fault({ do: "drop-before-accept" });
    await lose(fal.run(image, { input }));
    clock.set(noon + keptMs - 1);
    expect(await meter.reconcile()).toMatchObject({ expired: 0, open: 1 });
    clock.set(noon + keptMs);
    expect(await meter.reconcile()).toMatchObject({ expired: 1, open: 0 });
  });

  test("and has no known price is closed with an unknown amount, never with zero", async () => {
    const { clock, emulator, fal, meter, events } = await open({ budgets: [] });
    emulator.fault({ do: "drop-before-accept" });
    const purchaseId = await lose(fal.run("acme/unpriced", { input: {} }));
    clock.set(noon + 30 * day);
    expect(await meter.reconcile()).toMatchObject({ expired: 1 });
    expect(plain(await meter.receipt(purchaseId))).toMatchObject({ outcome: "expired", actual: null });
    expect(events.find(({ type }) => type === "hold-expired")).toMatchObject({ amount: null });
    expect(plain(await meter.spend())).toMatchObject({ spent: "0", unknown: 1 });
  });

  test("because fal has lost the result says so, stays held, and is corrected by a bill that comes after all", async () => {
    const { clock, emulator, fal, meter } = await open({ budgets: [{ limit: 1, per: "hour" }] });
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    emulator.fault({ times: 2, do: "lose-result" });
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, open: 1 });
    expect(plain(await meter.receipt(requestId))).toMatchObject({
      ...{ outcome: "unknown", requestId },
      note: `NOT_FOUND: fal keeps no result of ${requestId}`,
    });
    clock.set(noon + hour);
    expect(await meter.reconcile()).toEqual({ ...none, checked: 1, expired: 1 });
    emulator.fault({ match: { kind: "result" }, times: 1, do: { units: "2" } });
    await fal.queue.result(image, { requestId });
    expect(plain(await meter.receipt(requestId))).toMatchObject({ actual: "0.08", basis: "billed-units" });
  });

  test("because fal is out of reach is not given up on the first day", async () => {
    const { clock, emulator, fal, meter } = await open({ budgets: [{ limit: 1, per: "hour" }] });
    await fal.queue.submit(image, { input });
    emulator.fault({ match: { kind: "any" }, do: { status: 503 } });
    clock.set(noon + 23 * hour);
    expect(await meter.reconcile()).toMatchObject({ open: 1, expired: 0 });
    emulator.clearFaults();
    expect(await meter.reconcile()).toMatchObject({ settled: 1, open: 0 });
  });
});

describe("several who reconcile at once", () => {
  test("settle each purchase once, and find each lost one once", async () => {
    const clock = new Calendar();
    const emulator = await openEmulator({ clock });
    const store = newLedger();
    const clients = times(3, () => openClient(emulator, { store, clock, budgets }));
    const { fal } = clients[0]!;
    emulator.fault({ times: 4, do: "drop-after-accept" });
    for (const seed of [1, 2, 3, 4]) await lose(fal.queue.submit(image, { input: { ...input, seed } }));
    for (const seed of [5, 6]) await fal.queue.submit(image, { input: { ...input, seed } });
    clock.set(noon + 11 * minute);
    const done = await Promise.all(clients.map(({ meter }) => meter.reconcile()));
    const sum = (name: "settled" | "adopted" | "open") => done.reduce((total, each) => total + each[name], 0);
    expect([sum("settled"), sum("adopted"), sum("open")]).toEqual([6, 4, 0]);
    const told = clients.flatMap(({ events }) => events.filter(({ type }) => type === "hold-recovered"));
    expect(told).toHaveLength(6);
    expect(await standing(fal.meter)).toEqual({ spent: "0.24", held: "0" });
    expect(plain(await fal.meter.spend())).toMatchObject({ calls: 6, spent: "0.24" });
  });
});

describe("reconciling in the background", () => {
  const openLate = async (meter: MeterOptions) => {
    const clock = new Calendar();
    const emulator = await openEmulator({ clock });
    const store = newLedger();
    const buyer = openClient(emulator, { store, clock });
    await buyer.fal.queue.submit(image, { input });
    clock.set(noon + 11 * minute);
    return { clock, emulator, buyer, ...openClient(emulator, { store, clock, ...meter }) };
  };

  test("settles what is open when the ledger is opened, and what is open later", async () => {
    const { clock, emulator, buyer, meter } = await openLate({ reconcile: { every: "1s" } });
    expect(emulator.requests.filter(({ kind }) => kind === "result")).toHaveLength(0);
    await meter.budgets();
    await eventually(async () => expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", held: "0" }));
    await buyer.fal.queue.submit(image, { input });
    clock.set(noon + hour);
    await eventually(async () => expect(plain(await meter.spend())).toMatchObject({ spent: "0.08", held: "0" }));
  });

  test("is off unless it is asked for, or a mode for servers is", async () => {
    const asked = async (options: MeterOptions) => {
      const { emulator, meter, fal } = await openLate(options);
      await meter.budgets();
      await fal.run(image, { input: { ...input, seed: 3 } });
      await meter.close();
      return emulator.requests.filter(({ kind }) => kind === "status").length;
    };
    expect(await asked({})).toBe(0);
    expect(await asked({ mode: "production", reconcile: false })).toBe(0);
    expect(await asked({ mode: "production" })).toBe(1);
  });

  test("tells the logger once why fal could not be asked, and goes on", async () => {
    const clock = new Calendar();
    const emulator = await openEmulator({ clock });
    const store = newLedger();
    emulator.fault({ times: 1, do: "drop-after-accept" });
    await lose(openClient(emulator, { store, clock }).fal.queue.submit(image, { input }));
    clock.set(noon + 11 * minute);
    const warned: string[] = [];
    const [silent, warn] = [() => {}, (_: object, line: string) => void warned.push(line)];
    const logger = { debug: silent, info: silent, error: silent, warn };
    const { meter } = openClient(emulator, { store, clock, logger, reconcile: { every: "1s" } });
    const disarm = emulator.fault({ match: { kind: "platform" }, do: { status: 401 } });
    const rounds = () => emulator.requests.filter(({ kind }) => kind === "platform").length;
    await meter.budgets();
    await eventually(() => expect(rounds()).toBeGreaterThanOrEqual(2));
    disarm();
    await eventually(async () => expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", held: "0" }));
    expect(warned).toEqual(["reconcile could not ask fal: fal's list of requests was refused with 401"]);
  });

  test.for<[option: string, options: object]>([
    ["reconcile.every", { reconcile: { every: "1ms" } }],
    ["reconcile.every", { reconcile: { every: "8d" } }],
    ["reconcile.olderThan", { reconcile: { olderThan: "soon" } }],
    ["reconcile.often", { reconcile: { often: true } }],
    ["reconcile", { reconcile: true }],
    ["credentials", { credentials: 5 }],
  ])("refuses %s in %j", ([option, options]) => {
    expect(() => createMeter(options)).toThrow(expect.objectContaining({ name: "OptionsError", option }));
  });

  test("asks with the client's own key, or with the one that the meter was given", async () => {
    const keys = async (credentials?: string) => {
      const clock = new Calendar();
      const emulator = await openEmulator({ clock });
      const seen = new Set<string | null>();
      const looking: typeof fetch = (address, init) => {
        if (init?.method === "GET") seen.add(new Headers(init.headers).get("authorization"));
        return emulator.fetch(address, init);
      };
      const given = credentials === undefined ? {} : { credentials };
      const { fal, meter } = openClient(
        emulator,
        { clock, ...given },
        { fetch: looking, credentials: () => "of:client" },
      );
      await fal.queue.submit(image, { input });
      clock.set(noon + 11 * minute);
      expect(await meter.reconcile()).toMatchObject({ settled: 1 });
      return [...seen];
    };
    expect(await keys()).toEqual(["Key of:client"]);
    expect(await keys("of:meter")).toEqual(["Key of:meter"]);
  });

  test("keeps no process alive that has nothing left to do", async () => {
    const program = `
      import { createMeter } from ${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)};
      const meter = createMeter({ mode: "production", store: "memory:" });
      await meter.budgets();
      process.on("exit", () => console.log("done"));`;
    const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 });
    expect(stdout).toContain("done");
  });
});
