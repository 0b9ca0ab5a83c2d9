import { createFalClient as createUpstreamClient, type FalClient } from "@fal-ai/client";
import { type Answer, responseTo } from "./answer.ts";

/** What a caller may ask of fal, by the client or by `fetch` alone. */
export type Verb = "run" | "submit" | "status" | "statusStream" | "result" | "cancel" | "stream" | "upload";

export const VERBS: readonly Verb[] = [
  "run",
  "submit",
  "status",
  "statusStream",
  "result",
  "cancel",
  "stream",
  "upload",
];

/** One thing asked, and what each of its requests is answered, the last one for all that follow. */
export interface Step {
  verb: Verb;
  door: "client" | "fetch";
  answers: readonly Answer[];
}

interface Input {
  prompt: string;
  seed: number;
}

export type Played = { kind: "value"; value: unknown } | { kind: "error"; error: unknown };

/** A `fetch` that answers what the step says, and counts what was asked. */
export interface Far {
  readonly fetch: typeof fetch;
  /** All requests, and those that may cost money. */
  asked: number;
  paid: number;
  /** `onEndless` is told when a body that never ends is first read. */
  begin(answers: readonly Answer[], onEndless: () => void): void;
}

export function createFar(): Far {
  let answers: readonly Answer[] = [];
  let at = 0;
  let cancelled = false;
  let onEndless = () => {};
  const far: Far = {
    asked: 0,
    paid: 0,
    begin(next, told) {
      answers = next;
      onEndless = told;
      at = 0;
      cancelled = false;
    },
    async fetch(address, init) {
      const { hostname, pathname } = new URL(String(address));
      const method = (init?.method ?? "GET").toUpperCase();
      // The meter's own question after a cancel is answered as badly as the rest, and takes no answer from the caller.
      if (cancelled && method === "GET" && pathname.endsWith("/status"))
        return responseTo(answers[Math.min(at, answers.length - 1)]!, { signal: init?.signal, onEndless });
      cancelled = method === "PUT" && pathname.endsWith("/cancel");
      far.asked++;
      if (method === "POST" && buys(hostname, pathname)) far.paid++;
      if (method === "PUT" && !pathname.includes("/requests/")) return new Response("", { status: 200 });
      const answer = answers[Math.min(at++, answers.length - 1)]!;
      return responseTo(answer, { signal: init?.signal, onEndless });
    },
  };
  return far;
}

/** Whether a POST there may buy something: an endpoint is named, and no job is. */
function buys(hostname: string, pathname: string): boolean {
  if (!/[^/]/.test(pathname)) return false;
  return hostname === "fal.run" || (hostname === "queue.fal.run" && !/\/requests\/[^/]+$/.test(pathname));
}

export const ENDPOINT = "fal-ai/flux-pro/v1.1";
export const REQUEST_ID = "job-1";

export function bareClient(far: Far): Caller {
  return { fal: createUpstreamClient({ credentials: "id:secret", fetch: far.fetch }), fetch: far.fetch };
}

/** A submit as fal answers it, so that there is a job to ask after. */
export const TICKET: Answer = {
  kind: "answer",
  status: 200,
  headers: [
    ["content-type", "application/json"],
    ["x-fal-request-id", REQUEST_ID],
  ],
  body: { kind: "pieces", pieces: [new TextEncoder().encode(`{"status":"IN_QUEUE","request_id":"${REQUEST_ID}"}`)] },
};

/** A caller of fal, metered or not. */
export interface Caller {
  fal: FalClient;
  fetch: typeof fetch;
}

/** Asks for it, and gives up soon where the answer never ends. */
export async function play({ fal, fetch }: Caller, far: Far, step: Step, seed: number): Promise<Played> {
  const patience = new AbortController();
  far.begin(step.answers, () => void losePatience(patience));
  const input = { prompt: "a cat", seed };
  try {
    const asked =
      step.door === "fetch"
        ? byFetch(fetch, step.verb, input, patience.signal)
        : byClient(fal, step.verb, input, patience.signal);
    return { kind: "value", value: await asked };
  } catch (error) {
    return { kind: "error", error };
  }
}

async function losePatience(patience: AbortController): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  patience.abort();
}

function byClient(fal: FalClient, verb: Verb, input: Input, signal: AbortSignal): Promise<unknown> {
  const job = { requestId: REQUEST_ID, abortSignal: signal };
  switch (verb) {
    case "run":
      return fal.run(ENDPOINT, { input, abortSignal: signal });
    case "submit":
      return fal.queue.submit(ENDPOINT, { input, abortSignal: signal });
    case "status":
      return fal.queue.status(ENDPOINT, job);
    case "result":
      return fal.queue.result(ENDPOINT, job);
    case "cancel":
      return fal.queue.cancel(ENDPOINT, job);
    case "statusStream":
      return fal.queue.streamStatus(ENDPOINT, { requestId: REQUEST_ID, connectionMode: "server" }).then((stream) => {
        signal.addEventListener("abort", () => stream.abort());
        return stream.done();
      });
    case "stream":
      return fal.stream(ENDPOINT, { input, connectionMode: "server", signal }).then((stream) => stream.done());
    case "upload":
      return fal.storage.upload(new Blob(["some bytes"], { type: "image/png" }));
  }
}

const JOB = `https://queue.fal.run/fal-ai/flux-pro/requests/${REQUEST_ID}`;
const ADDRESSES: Record<Verb, { method: string; url: string }> = {
  run: { method: "POST", url: `https://fal.run/${ENDPOINT}` },
  submit: { method: "POST", url: `https://queue.fal.run/${ENDPOINT}` },
  stream: { method: "POST", url: `https://fal.run/${ENDPOINT}/stream` },
  status: { method: "GET", url: `${JOB}/status?logs=1` },
  statusStream: { method: "GET", url: `${JOB}/status/stream` },
  result: { method: "GET", url: JOB },
  cancel: { method: "PUT", url: `${JOB}/cancel` },
  upload: { method: "POST", url: "https://rest.fal.ai/storage/upload/initiate?storage_type=fal-cdn-v3" },
};

/** The whole answer as a caller of `fetch` reads it, a body that breaks off included. */
async function byFetch(fetch: typeof globalThis.fetch, verb: Verb, input: Input, signal: AbortSignal) {
  const { method, url } = ADDRESSES[verb];
  const body = method === "POST" ? JSON.stringify(input) : null;
  const response = await fetch(url, { method, body, signal });
  const head = { status: response.status, ok: response.ok, headers: [...response.headers] };
  try {
    return { ...head, body: await response.text() };
  } catch (error) {
    return { ...head, broken: described(error) };
  }
}

/** An error as far as two runs of one case can be compared by it. */
export function described(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === "symbol" ? String(error) : error;
  const { name, message, status, body } = error as Error & { status?: unknown; body?: unknown };
  return { class: error.constructor.name, name, message, status, body };
}
