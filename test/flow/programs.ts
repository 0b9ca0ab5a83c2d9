import { type FalClient, type QueueStatus, type RequestMiddleware, withMiddleware } from "@fal-ai/client";
import { expect } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Program, Stage } from "./trace.ts";
import { HOOK_PATH } from "./wire.ts";

export const flux = "fal-ai/flux/dev";
export const input = { prompt: "a cat", seed: 4 };

/** A queue and a model that take a moment each, by a clock that the program moves. */
const slow = { latencyMs: { queue: 10, work: 10 } };

/** Tells of each state, and lets the next one come. */
function watch(stage: Stage) {
  return (status: QueueStatus) => {
    stage.note("onQueueUpdate", status);
    void stage.clock.move(10);
  };
}

function enqueued(stage: Stage) {
  return (requestId: string) => stage.note("onEnqueue", requestId);
}

/** A picture of one kilobyte, the same every time. */
export function picture(name?: string): Blob {
  const bytes = Uint8Array.from({ length: 1024 }, (_, index) => index % 251);
  return name === undefined ? new Blob([bytes], { type: "image/png" }) : new File([bytes], name, { type: "image/png" });
}

async function eventsOf(stream: Awaited<ReturnType<FalClient["stream"]>>, stage: Stage): Promise<unknown> {
  for await (const event of stream) stage.note("event", event);
  return stream.done();
}

const mark: RequestMiddleware = async (request) => ({
  ...request,
  headers: { ...request.headers, "x-marked": `by ${request.method}` },
});

/** Programs that use each door of the client as its users do. */
export const programs: Record<string, Program> = {
  "runs a model": { play: (fal) => fal.run(flux, { input }) },
  "runs a model with nothing to say": { play: (fal) => fal.run("acme/echo", {}) },
  "runs a model by GET": { play: (fal) => fal.run("acme/echo", { method: "get", input: { word: "cat", count: 2 } }) },
  "runs a model by its full address": { play: (fal) => fal.run(`https://fal.run/${flux}`, { input }) },
  "runs a workflow": { play: (fal) => fal.run("workflows/acme/poster", { input }) },
  "runs a model with a Blob and a File in its input": {
    play: (fal) =>
      fal.run("acme/echo", { input: { image_url: picture(), more: [picture("cat one.png"), "text", null, 3] } }),
  },
  "runs a model with a start timeout and a life for its media": {
    play: (fal) => fal.run(flux, { input, startTimeout: 5, storageSettings: { expiresIn: "1h" } }),
  },
  "subscribes by polling": {
    emulator: slow,
    play: (fal, stage) =>
      fal.subscribe(flux, { input, pollInterval: 1, onEnqueue: enqueued(stage), onQueueUpdate: watch(stage) }),
  },
  "subscribes with logs": {
    emulator: slow,
    play: (fal, stage) =>
      fal.subscribe(flux, {
        input,
        logs: true,
        pollInterval: 1,
        onEnqueue: enqueued(stage),
        onQueueUpdate: watch(stage),
      }),
  },
  "subscribes by streaming": {
    emulator: slow,
    play: (fal, stage) =>
      fal.subscribe(flux, {
        ...{ input, mode: "streaming", logs: true },
        ...{ onEnqueue: enqueued(stage), onQueueUpdate: watch(stage) },
      }),
  },
  "subscribes to a workflow": { play: (fal) => fal.subscribe("workflows/acme/poster", { input, pollInterval: 1 }) },
  "subscribes to a comfy graph": { play: (fal) => fal.subscribe("comfy/acme/upscale", { input, pollInterval: 1 }) },
  "subscribes and times out": {
    emulator: slow,
    async play(fal, { wire }) {
      try {
        return await fal.subscribe(flux, { input, pollInterval: 10_000, timeout: 500 });
      } finally {
        // The client does not wait for its cancel.
        await expect.poll(() => wire.crossings.some(({ path }) => path.endsWith("/cancel"))).toBe(true);
      }
    },
  },
  "submits, asks and collects": {
    async play({ queue }) {
      const submitted = await queue.submit(flux, { input });
      const requestId = submitted.request_id;
      return [submitted, await queue.status(flux, { requestId, logs: true }), await queue.result(flux, { requestId })];
    },
  },
  "submits with everything that a submit can carry": {
    play: ({ queue }, { wire }) =>
      queue.submit(flux, {
        ...{ input, webhookUrl: `${wire.url}${HOOK_PATH}`, priority: "low", hint: "lora-a", startTimeout: 30 },
        ...{ headers: { "X-Acme": "1", "x-fal-tags": "team=a" }, storageSettings: { expiresIn: 60 } },
      }),
  },
  "streams the status of a job": {
    emulator: slow,
    async play({ queue }, stage) {
      const { request_id: requestId } = await queue.submit(flux, { input });
      const stream = await queue.streamStatus(flux, { requestId, logs: true });
      stream.on("data", watch(stage));
      return stream.done();
    },
  },
  "subscribes to the status of a job": {
    emulator: slow,
    async play({ queue }, stage) {
      const { request_id: requestId } = await queue.submit(flux, { input });
      return queue.subscribeToStatus(flux, { requestId, pollInterval: 1, onQueueUpdate: watch(stage) });
    },
  },
  "cancels a job that waits, and asks for its result": {
    emulator: slow,
    async play({ queue }) {
      const { request_id: requestId } = await queue.submit(flux, { input });
      await queue.cancel(flux, { requestId });
      return queue.result(flux, { requestId });
    },
  },
  "cancels a job that is done": {
    async play({ queue }) {
      const { request_id: requestId } = await queue.submit(flux, { input });
      await queue.cancel(flux, { requestId });
    },
  },
  "asks after a job that nobody knows": {
    play: ({ queue }) => queue.status(flux, { requestId: "no-such-job" }),
  },
  "asks for a result before it is there": {
    emulator: slow,
    async play({ queue }) {
      const { request_id: requestId } = await queue.submit(flux, { input });
      return queue.result(flux, { requestId });
    },
  },
  "aborts before it runs": { play: (fal) => fal.run(flux, { input, abortSignal: AbortSignal.abort() }) },
  "aborts with a reason of its own before it subscribes": {
    play: (fal) => fal.subscribe(flux, { input, abortSignal: AbortSignal.abort(new RangeError("no longer wanted")) }),
  },
  "aborts while it runs": {
    emulator: { latencyMs: { run: 60_000 } },
    async play(fal, { wire }) {
      const control = new AbortController();
      const running = fal.run(flux, { input, abortSignal: control.signal });
      void wire.crossed("fal.run").then(() => control.abort());
      return running;
    },
  },
  "aborts with a reason of its own while it runs": {
    emulator: { latencyMs: { run: 60_000 } },
    async play(fal, { wire }) {
      const control = new AbortController();
      const running = fal.run(flux, { input, abortSignal: control.signal });
      void wire.crossed("fal.run").then(() => control.abort(new RangeError("no longer wanted")));
      return running;
    },
  },
  "aborts while it polls": {
    emulator: slow,
    play(fal, stage) {
      const control = new AbortController();
      const onQueueUpdate = (status: QueueStatus) => {
        stage.note("onQueueUpdate", status);
        control.abort();
      };
      return fal.subscribe(flux, { input, pollInterval: 1, abortSignal: control.signal, onQueueUpdate });
    },
  },
  "streams a model": { play: async (fal, stage) => eventsOf(await fal.stream("fal-ai/any-llm", { input }), stage) },
  "streams a model and aborts at the first event": {
    emulator: { clock: systemClock, latencyMs: { run: 2_000 } },
    async play(fal, stage) {
      const control = new AbortController();
      const stream = await fal.stream("fal-ai/any-llm", { input, signal: control.signal });
      stream.on("data", (event) => {
        stage.note("event", event);
        control.abort();
      });
      return stream.done();
    },
  },
  "streams a model that refuses": { play: async (fal) => (await fal.stream(flux, { input: { prompt: "" } })).done() },
  "streams a model with a token of its own": {
    play: async (fal, stage) =>
      eventsOf(
        await fal.stream(flux, { input, connectionMode: "client", tokenProvider: async (app) => `token-for-${app}` }),
        stage,
      ),
  },
  "uploads a small file": { play: ({ storage }) => storage.upload(picture("cat.png")) },
  "uploads a file in parts": {
    play: ({ storage }) =>
      storage.upload(new File([new Uint8Array(91 * 1024 * 1024)], "long.mp4", { type: "video/mp4" })),
  },
  "uploads a file with a life of its own": {
    play: ({ storage }) => storage.upload(picture("cat.png"), { lifecycle: { expiresIn: "1d" } }),
  },
  "goes through a proxy": {
    config: ({ wire }) => ({ proxyUrl: { url: `${wire.url}/proxy`, when: "always" } }),
    play: (fal) => fal.subscribe(flux, { input, pollInterval: 1 }),
  },
  "goes through a proxy named by its address, which counts in a browser only": {
    config: ({ wire }) => ({ proxyUrl: `${wire.url}/proxy` }),
    play: (fal) => fal.run(flux, { input }),
  },
  "has a middleware": {
    config: () => ({ requestMiddleware: withMiddleware(mark) }),
    play: (fal) => fal.subscribe(flux, { input, pollInterval: 1 }),
  },
  "has a response handler of its own": {
    config: (stage) => ({
      async responseHandler(response) {
        const { status, statusText, ok, redirected, type, url, bodyUsed } = response;
        const text = await response.clone().text();
        const headers = [...response.headers].filter(([name]) => name !== "date");
        stage.note("responseHandler", { status, statusText, ok, redirected, type, url, bodyUsed, headers, text });
        const after = {
          used: response.bodyUsed,
          same: text === new TextDecoder().decode(await response.arrayBuffer()),
        };
        stage.note("read", { ...after, usedNow: response.bodyUsed });
        return JSON.parse(text);
      },
    }),
    async play({ queue, run }) {
      const { request_id: requestId } = await queue.submit(flux, { input });
      const status = await queue.status(flux, { requestId });
      return [requestId, status, await queue.result(flux, { requestId }), await run(flux, { input })];
    },
  },
  "reads a body twice in its response handler": {
    config: (stage) => ({
      async responseHandler(response) {
        const read = await response.json();
        await response.text().catch((error: Error) => stage.note("second read", `${error.name}: ${error.message}`));
        return read;
      },
    }),
    play: ({ queue }) => queue.submit(flux, { input }),
  },
  "reads a body as a stream in its response handler": {
    config: () => ({
      async responseHandler(response) {
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
        return JSON.parse(text);
      },
    }),
    play: ({ queue }) => queue.submit(flux, { input }),
  },
  "takes its key from a function": {
    config(stage) {
      let asked = 0;
      return {
        credentials() {
          stage.note("credentials", asked);
          return `key-${asked++}`;
        },
      };
    },
    play: (fal) => fal.subscribe(flux, { input, pollInterval: 1 }),
  },
};
