import type { QueueStatus } from "@fal-ai/client";
import { expect, test } from "vitest";
import { MovedClock } from "./moved-clock.ts";
import { failure, open } from "./open.ts";

const FLUX = "fal-ai/flux/dev";
const input = { prompt: "a fox" };

test("subscribe by polling ends with the answer and one bill", async () => {
  const { emulator, fal } = await open({ clock: new MovedClock() });
  const updates: QueueStatus[] = [];
  const result = await fal.subscribe(FLUX, { input, logs: true, onQueueUpdate: (status) => updates.push(status) });
  expect(result.data).toMatchObject({ images: [{ width: 1024 }] });
  expect(updates.map(({ status }) => status)).toEqual(["COMPLETED"]);
  expect(updates[0]).toMatchObject({
    logs: [{ source: "USER" }, { message: "Done." }],
    metrics: { inference_time: 0 },
  });
  expect(emulator.book.lines).toMatchObject([{ requestId: result.requestId, transport: "queue" }]);
  expect(emulator.requests.map(({ kind }) => kind)).toEqual(["submit", "status", "result"]);
  expect(emulator.requests.map(({ endpointId }) => endpointId)).toEqual([FLUX, FLUX, FLUX]);
});

test("subscribe by streaming sees every state, and each log once", async () => {
  const clock = new MovedClock();
  const { fal } = await open({ clock, latencyMs: { queue: 1000, work: 1000 } });
  const states: string[] = [];
  let logs: unknown[] = [];
  const result = await fal.subscribe(FLUX, {
    input,
    mode: "streaming",
    logs: true,
    onQueueUpdate: (status) => {
      states.push(status.status);
      if ("logs" in status) logs = [...status.logs];
      void clock.move(1000);
    },
  });
  expect(states).toEqual(["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
  expect(logs).toMatchObject([{ level: "INFO" }, { message: "Done." }]);
  expect(result.data).toMatchObject({ images: [{}] });
});

test("a ticket has fal's own addresses, which drop the sub-path, and no bill", async () => {
  const { emulator } = await open();
  const submit = (endpointId: string) =>
    emulator.fetch(`https://queue.fal.run/${endpointId}`, { method: "POST", body: JSON.stringify(input) });
  const answer = await submit(FLUX);
  const ticket = (await answer.json()) as Record<string, string>;
  expect(ticket).toMatchObject({
    status: "IN_QUEUE",
    queue_position: 0,
    response_url: `https://queue.fal.run/fal-ai/flux/requests/${ticket.request_id}`,
    status_url: `https://queue.fal.run/fal-ai/flux/requests/${ticket.request_id}/status`,
    cancel_url: `https://queue.fal.run/fal-ai/flux/requests/${ticket.request_id}/cancel`,
  });
  expect(answer.headers.has("x-fal-billable-units")).toBe(false);
  const status = await emulator.fetch(ticket.status_url!);
  expect([status.status, status.headers.has("x-fal-billable-units")]).toEqual([200, false]);
  const result = await emulator.fetch(ticket.response_url!);
  expect(result.headers.get("x-fal-billable-units")).toBe("1");
  const full = await emulator.fetch(`https://queue.fal.run/${FLUX}/requests/${ticket.request_id}`);
  expect(full.status).toBe(404);
});

test.each(["workflows/acme/poster", "comfy/acme/upscale/large"])(
  "%s keeps its namespace in the addresses",
  async (endpointId) => {
    const { emulator, fal } = await open();
    const result = await fal.subscribe(endpointId, { input: {} as never });
    expect(emulator.book.line(result.requestId)?.endpointId).toBe(endpointId);
  },
);

test("a job waits, works and ends as its latencies say, and is billed only at its end", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock, latencyMs: { queue: 1000, work: 4000 } });
  const { request_id: requestId } = await fal.queue.submit(FLUX, { input });
  const status = async () => (await fal.queue.status(FLUX, { requestId })).status;
  expect(await status()).toBe("IN_QUEUE");
  expect(await failure(fal.queue.result(FLUX, { requestId }))).toMatchObject({ status: 400 });
  await clock.move(1000);
  expect(await status()).toBe("IN_PROGRESS");
  expect(emulator.book.total().isZero()).toBe(true);
  await clock.move(4000);
  expect(await fal.queue.status(FLUX, { requestId })).toMatchObject({
    status: "COMPLETED",
    metrics: { inference_time: 4 },
  });
  expect(emulator.book.total().toFixed()).toBe("0.025");
  await fal.queue.result(FLUX, { requestId });
  await fal.queue.result(FLUX, { requestId });
  expect(emulator.book.lines).toHaveLength(1);
});

test("what the model refuses is taken by the queue and replayed by the result, free", async () => {
  const { emulator, fal } = await open();
  const { request_id: requestId } = await fal.queue.submit(FLUX, { input: { prompt: "" } });
  expect(await fal.queue.status(FLUX, { requestId })).toMatchObject({
    status: "COMPLETED",
    error: "Validation failed",
  });
  expect(await failure(fal.queue.result(FLUX, { requestId }))).toMatchObject({
    name: "ValidationError",
    status: 422,
    requestId,
  });
  const result = await emulator.fetch(`https://queue.fal.run/fal-ai/flux/requests/${requestId}`);
  expect(result.headers.get("x-fal-billable-units")).toBe("0");
  expect(emulator.book.total().isZero()).toBe(true);
});

test("a cancel in the queue is free, and the job never runs", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock, latencyMs: { queue: 1000, work: 1000 } });
  const { request_id: requestId } = await fal.queue.submit(FLUX, { input });
  const answer = await emulator.fetch(`https://queue.fal.run/fal-ai/flux/requests/${requestId}/cancel`, {
    method: "PUT",
  });
  expect([answer.status, await answer.json()]).toEqual([202, { status: "CANCELLATION_REQUESTED" }]);
  await clock.move(10_000);
  expect(await failure(fal.queue.result(FLUX, { requestId }))).toMatchObject({
    status: 499,
    body: { error_type: "client_cancelled" },
  });
  expect(emulator.book.total().isZero()).toBe(true);
});

test("a cancel at work is accepted, and the job ends and is billed", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock, latencyMs: { work: 1000 } });
  const { request_id: requestId } = await fal.queue.submit(FLUX, { input });
  await fal.queue.cancel(FLUX, { requestId });
  await clock.move(1000);
  expect((await fal.queue.result(FLUX, { requestId })).data).toMatchObject({ images: [{}] });
  expect(emulator.book.total().toFixed()).toBe("0.025");
});

test("a cancel after the end is a 400, and of an unknown job a 404", async () => {
  const { fal } = await open();
  const { request_id: requestId } = await fal.queue.submit(FLUX, { input });
  expect(await failure(fal.queue.cancel(FLUX, { requestId }))).toMatchObject({
    status: 400,
    body: { status: "ALREADY_COMPLETED" },
  });
  const unknown = await failure(fal.queue.cancel(FLUX, { requestId: "no-such-job" }));
  expect(unknown).toMatchObject({ status: 404, body: { status: "NOT_FOUND" } });
  expect(await failure(fal.queue.result(FLUX, { requestId: "no-such-job" }))).toMatchObject({ status: 404 });
});

test("beyond the concurrency the queue waits, and a synchronous call is refused with leave to retry", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock, maxConcurrency: 1, latencyMs: { work: 1000 } });
  const first = await fal.queue.submit(FLUX, { input });
  const low = await fal.queue.submit(FLUX, { input, priority: "low" });
  const normal = await fal.queue.submit(FLUX, { input });
  expect(normal.queue_position).toBe(1);
  const refused = await emulator.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: "{}" });
  expect([refused.status, refused.headers.get("x-fal-needs-retry")]).toEqual([429, "1"]);
  expect(await refused.json()).toMatchObject({ error_type: "concurrent_requests_limit" });
  const states = async () => {
    const asked = [first, low, normal].map(({ request_id: requestId }) => fal.queue.status(FLUX, { requestId }));
    return (await Promise.all(asked)).map(({ status }) => status);
  };
  expect(await states()).toEqual(["IN_PROGRESS", "IN_QUEUE", "IN_QUEUE"]);
  await clock.move(1000);
  expect(await states()).toEqual(["COMPLETED", "IN_QUEUE", "IN_PROGRESS"]);
  await clock.move(2000);
  expect(await states()).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  expect(emulator.paidPosts()).toBe(3);
});

test("a caller who leaves a synchronous call has bought it", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock, latencyMs: { run: 1000 } });
  const leaving = new AbortController();
  const call = failure(fal.run(FLUX, { input, abortSignal: leaving.signal }));
  await expect.poll(() => emulator.paidPosts()).toBe(1);
  leaving.abort();
  expect(await call).toMatchObject({ name: "AbortError" });
  await clock.move(1000);
  expect(emulator.book.total().toFixed()).toBe("0.025");
});
