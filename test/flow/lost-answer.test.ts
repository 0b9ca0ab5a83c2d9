import { ApiError, ValidationError } from "@fal-ai/client";
import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/emulator/emulator.ts";
import { isMeterError, type MeteredFalClient, type OutcomeUnknownError } from "../../src/index.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import { Calendar, eventually, failure, image, input, noon, openClient, openEmulator, plain } from "./open.ts";

const budgets = [{ limit: 1, per: "day" }] as const;

/** What the day's budget says. */
async function standing({ meter }: Pick<MeteredFalClient, "meter">): Promise<{ spent: string; held: string }> {
  const [{ spent, held } = {}] = plain(await meter.budgets()) as { spent: string; held: string }[];
  return { spent: spent!, held: held! };
}

const doors: Record<string, (fal: MeteredFalClient) => Promise<unknown>> = {
  run: (fal) => fal.run(image, { input }),
  subscribe: (fal) => fal.subscribe(image, { input, pollInterval: 5 }),
  submit: (fal) => fal.queue.submit(image, { input }),
  "meter.fetch": (fal) => fal.meter.fetch(`https://fal.run/${image}`, { method: "POST", body: JSON.stringify(input) }),
};

const losses: Fault["do"][] = ["drop-after-accept", "drop-before-accept"];

describe("an answer that was lost", () => {
  test.for(Object.entries(doors).flatMap(([door, call]) => losses.map((loss) => [loss, door, call] as const)))(
    "by %s on %s is asked for once, and its money stays held",
    async ([loss, , call]) => {
      const emulator = await openEmulator();
      emulator.fault({ do: loss });
      const { fal, meter, events } = openClient(emulator, { budgets });
      const error = (await failure(call(fal))) as unknown as OutcomeUnknownError;
      expect(error.name).toBe("OutcomeUnknownError");
      expect(isMeterError(error)).toBe(true);
      expect(error).not.toBeInstanceOf(ApiError);
      expect(plain(error)).toMatchObject({ endpointId: image, held: "0.04", billed: null });
      expect(emulator.requests).toHaveLength(1);
      expect(emulator.paidPosts()).toBe(loss === "drop-after-accept" ? 1 : 0);
      expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
      expect(plain(await meter.receipt(error.purchaseId))).toMatchObject({ outcome: "unknown", actual: null });
      expect(events.filter(({ type }) => type === "call-sent")).toHaveLength(1);
    },
  );

  test("half of which came with its bill is booked as billed", async () => {
    const emulator = await openEmulator();
    emulator.fault({ do: "drop-mid-body" });
    const { fal, meter } = openClient(emulator, { budgets });
    const error = (await failure(fal.run(image, { input }))) as unknown as OutcomeUnknownError;
    expect(error.name).toBe("OutcomeUnknownError");
    expect(plain(error)).toMatchObject({ held: null, billed: "0.04" });
    expect(emulator.paidPosts()).toBe(1);
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
    const receipt = await meter.receipt(error.purchaseId);
    expect(plain(receipt)).toMatchObject({ outcome: "charged", basis: "billed-units", billableUnits: "1" });
  });

  test("half of which came without a bill stays held", async () => {
    const emulator = await openEmulator();
    emulator.fault({ do: "drop-mid-body" });
    const { fal } = openClient(emulator, { budgets });
    const error = await failure(fal.subscribe(image, { input }));
    expect(plain(error)).toMatchObject({ name: "OutcomeUnknownError", held: "0.04", billed: null });
    expect(emulator.paidPosts()).toBe(1);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
  });

  test("of a stream stays held, and reaches the caller as the client's own error for streams", async () => {
    const emulator = await openEmulator();
    emulator.fault({ do: "drop-after-accept" });
    const { fal } = openClient(emulator, { budgets });
    const error = await failure((await fal.stream(image, { input })).done());
    expect(error).toBeInstanceOf(ApiError);
    expect(error.message).toMatch(/answer was lost/);
    expect(emulator.paidPosts()).toBe(1);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
  });

  test("that is a ticket no one can read stays held", async () => {
    const emulator = await openEmulator();
    emulator.fault({ do: "malformed-json" });
    const { fal } = openClient(emulator, { budgets });
    await expect(fal.queue.submit(image, { input })).rejects.toBeInstanceOf(SyntaxError);
    expect(emulator.paidPosts()).toBe(1);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
  });

  test("of a result is asked for again by the client, and is posted once", async () => {
    const emulator = await openEmulator();
    emulator.fault({ match: { kind: "result" }, times: 1, do: "drop-after-accept" });
    const { fal, meter } = openClient(emulator, { budgets });
    const { requestId } = await fal.subscribe(image, { input, pollInterval: 5 });
    expect(emulator.paidPosts()).toBe(1);
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
    expect(plain(await meter.receipt(requestId))).toMatchObject({ actual: "0.04", outcome: "charged" });
  });
});

describe("what never cost anything is given back:", () => {
  test("a connection refused, with the client's own error after the client's own retries", async () => {
    const emulator = await openEmulator();
    const { fal, meter, events } = openClient(emulator, { budgets }, { retry: { backoffMultiplier: 0.01 } });
    await emulator.close();
    const error = await failure(fal.run(image, { input }));
    expect(error).toMatchObject({ name: "TypeError", message: "fetch failed", cause: { code: "ECONNREFUSED" } });
    expect(isMeterError(error)).toBe(false);
    expect(events.filter(({ type }) => type === "call-sent")).toHaveLength(4);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0" });
    expect(plain(await meter.spend())).toMatchObject({ spent: "0", held: "0", unknown: 0 });
  });

  test.for([500, 501, 401, 403, 404])("a status %d", async (status) => {
    const emulator = await openEmulator();
    emulator.fault({ do: { status } });
    const { fal } = openClient(emulator, { budgets });
    await expect(fal.run(image, { input })).rejects.toMatchObject({ name: "ApiError", status });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0" });
  });

  test.for([429, 502, 503, 504])(
    "a status %d that the client retries, each try with a hold of its own",
    async (status) => {
      const emulator = await openEmulator();
      emulator.fault({ times: 2, do: { status } });
      const { fal, meter, events } = openClient(emulator, { budgets }, { retry: { backoffMultiplier: 0.01 } });
      await fal.run(image, { input });
      const settled = events.flatMap((event) => (event.type === "call-settled" ? [event] : []));
      expect(settled.map(({ outcome }) => outcome)).toEqual(["free", "free", "charged"]);
      expect(new Set(settled.map(({ purchaseId }) => purchaseId)).size).toBe(3);
      expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
      expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", calls: 3 });
    },
  );

  test("a refusal by the schema, which fal bills at 0 units", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets });
    await expect(fal.run(image, { input: { ...input, prompt: "" } })).rejects.toBeInstanceOf(ValidationError);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0" });
  });

  test("a job cancelled while it waits", async () => {
    const emulator = await openEmulator({ clock: new MovedClock(), latencyMs: { queue: 10 } });
    const { fal } = openClient(emulator, { budgets });
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    await fal.queue.cancel(image, { requestId });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0" });
  });

  test("a call aborted while it waits for its turn", async () => {
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { run: 10 } });
    const { fal, events } = openClient(emulator, { budgets, limits: { concurrency: 1 } });
    const first = fal.run(image, { input });
    const control = new AbortController();
    const second = failure(fal.run(image, { input, abortSignal: control.signal }));
    await eventually(() => expect(events.map(({ type }) => type)).toContain("call-queued"));
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.08" });
    control.abort();
    expect(await second).toMatchObject({ name: "AbortError" });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    await eventually(() => expect(emulator.paidPosts()).toBe(1));
    await clock.move(10);
    await first;
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
    expect(emulator.paidPosts()).toBe(1);
  });
});

describe("what may have cost something stays held:", () => {
  test("a 422 that says nothing of its bill", async () => {
    const emulator = await openEmulator();
    emulator.fault({ do: { status: 422 } });
    const { fal } = openClient(emulator, { budgets });
    await expect(fal.run(image, { input })).rejects.toBeInstanceOf(ValidationError);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
  });

  test("a 422 that says it was billed is posted", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets });
    const flagged = { ...input, fail: "charged" };
    await expect(fal.run(image, { input: flagged })).rejects.toBeInstanceOf(ValidationError);
    expect(emulator.book.total().toFixed()).toBe("0.04");
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
  });

  test.for<[string, unknown]>([
    ["without a reason", undefined],
    ["with a reason of its own", new RangeError("no longer wanted")],
  ])("a call aborted in flight %s, which throws what the client throws", async ([, reason]) => {
    const emulator = await openEmulator({ clock: new MovedClock(), latencyMs: { run: 10 } });
    const { fal, meter } = openClient(emulator, { budgets });
    const control = new AbortController();
    const running = failure(fal.run(image, { input, abortSignal: control.signal }));
    await eventually(() => expect(emulator.paidPosts()).toBe(1));
    control.abort(reason);
    expect(await running).toBe(control.signal.reason);
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    expect(plain(await meter.spend())).toMatchObject({ spent: "0", held: "0.04", calls: 0 });
  });

  test("a job whose watcher went away, until somebody collects it", async () => {
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { work: 10 } });
    const { fal } = openClient(emulator, { budgets });
    const control = new AbortController();
    let requestId = "";
    const onEnqueue = (id: string) => {
      requestId = id;
    };
    const onQueueUpdate = () => control.abort();
    const watching = fal.subscribe(image, {
      input,
      abortSignal: control.signal,
      onEnqueue,
      onQueueUpdate,
      pollInterval: 1,
    });
    expect(await failure(watching)).toMatchObject({ name: "AbortError" });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    await clock.move(10);
    await fal.queue.result(image, { requestId });
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
  });

  test("a job cancelled while it may have been at work, until its result says", async () => {
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { work: 10 } });
    const { fal } = openClient(emulator, { budgets });
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    await fal.queue.status(image, { requestId });
    await fal.queue.cancel(image, { requestId });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    await clock.move(10);
    await fal.queue.result(image, { requestId });
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
  });

  test("a job cancelled that fal had started since it was last seen waiting: its money stays held until its bill comes", async () => {
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { queue: 10, work: 10 } });
    const { fal } = openClient(emulator, { budgets });
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    await clock.move(10);
    await fal.queue.cancel(image, { requestId });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    await clock.move(10);
    await fal.queue.result(image, { requestId });
    expect(emulator.book.total().toFixed()).toBe("0.04");
    expect(await standing(fal)).toEqual({ spent: "0.04", held: "0" });
  });

  test("a job cancelled whose state fal cannot tell", async () => {
    const emulator = await openEmulator({ clock: new MovedClock(), latencyMs: { queue: 10 } });
    const calendar = new Calendar();
    const { fal } = openClient(emulator, { budgets, clock: calendar });
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    emulator.fault({ match: { kind: "status" }, do: { status: 502 } });
    await fal.queue.cancel(image, { requestId });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
    emulator.clearFaults();
    calendar.set(noon + 3_600_000);
    expect(await fal.meter.reconcile()).toMatchObject({ checked: 1, settled: 1 });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0" });
  });

  test("no cap: a cancel is one request, and a bill that comes nevertheless is booked when it comes", async () => {
    const clock = new MovedClock();
    const emulator = await openEmulator({ clock, latencyMs: { queue: 10, work: 10 } });
    const { fal } = openClient(emulator);
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    await clock.move(10);
    await fal.queue.cancel(image, { requestId });
    expect(emulator.requests.map(({ kind }) => kind)).toEqual(["submit", "cancel"]);
    await clock.move(10);
    await fal.queue.result(image, { requestId });
    const { spent, held } = await fal.meter.spend();
    expect([spent.toFixed(), held.toFixed()]).toEqual(["0.04", "0"]);
  });

  test("a job that failed without fal's own word for it; a job that fal says failed is free", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets });
    const broken = { ...input, fail: "server" };
    await expect(fal.subscribe(image, { input: broken, pollInterval: 5 })).rejects.toMatchObject({ status: 500 });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0" });
    emulator.fault({ match: { kind: "result" }, do: { status: 500, body: { message: "gateway" } } });
    await expect(fal.subscribe(image, { input, pollInterval: 5 })).rejects.toMatchObject({ status: 500 });
    expect(await standing(fal)).toEqual({ spent: "0", held: "0.04" });
  });
});
