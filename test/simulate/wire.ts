import type { Fal, Work } from "./fal.ts";
import type { World } from "./world.ts";

/** What is asked of fal. */
export type Asked =
  | { kind: "paid"; transport: "run" | "queue" | "stream"; endpointId: string; body: string }
  | { kind: "status" | "result" | "cancel"; requestId: string };

/** An answer before it travels. `cut`: its body breaks off. `pieces`: it comes one by one. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  cut: boolean;
  pieces: boolean;
}

const JOB = /\/requests\/([^/]+?)(\/status|\/cancel)?$/;
const json = { "content-type": "application/json" };

export function readAsked(url: URL, method: string, body: string): Asked {
  const [, requestId, verb] = JOB.exec(url.pathname) ?? [];
  if (requestId !== undefined) {
    const kind = method === "PUT" ? "cancel" : verb === "/status" ? "status" : "result";
    return { kind, requestId };
  }
  const stream = url.pathname.endsWith("/stream");
  const endpointId = url.pathname.slice(1).replace(/\/stream$/, "");
  const transport = url.hostname === "queue.fal.run" ? "queue" : stream ? "stream" : "run";
  return { kind: "paid", transport, endpointId, body };
}

/** What fal answers, with the faults of its gateways. `purchaseId` names the paid request in fal's book. */
export function answerOf(asked: Asked, purchaseId: string, fal: Fal, world: World): Answer {
  const answer = asked.kind === "paid" ? bought(asked, purchaseId, fal, world) : followed(asked, fal, world);
  if (world.strikes("cut body")) answer.cut = true;
  return answer;
}

function bought(asked: Asked & { kind: "paid" }, purchaseId: string, fal: Fal, world: World): Answer {
  const { transport, endpointId, body } = asked;
  if (world.strikes("status 429")) return plain(429, { detail: "Too many requests" }, { "retry-after": "1" });
  if (world.strikes("status 5xx")) return plain(world.random.pick([500, 502, 503, 504]), { detail: "Internal error" });
  if (world.strikes("status 4xx")) return plain(world.random.pick([401, 403, 404]), { detail: "Refused" });
  if (world.strikes("schema 422"))
    return plain(422, { detail: [] }, world.random.chance(0.5) ? { "x-fal-billable-units": "0" } : {});
  const work = fal.accept({ purchaseId, endpointId, body, queued: transport === "queue" });
  if (transport === "queue") {
    const ticket = { status: "IN_QUEUE", request_id: work.requestId, queue_position: 0 };
    const answer = plain(200, ticket, { "x-fal-request-id": work.requestId });
    if (world.strikes("malformed JSON")) answer.body = answer.body.slice(0, -9);
    return answer;
  }
  if (world.strikes("billed 422")) return plain(422, { detail: "It broke" }, billing(work, world));
  if (world.strikes("billed 500")) return plain(500, { detail: "It broke" }, exactly(work));
  const answer = plain(200, { echo: work.echo, requestId: work.requestId }, billing(work, world));
  if (transport === "run") return answer;
  const headers = { ...answer.headers, "content-type": "text/event-stream" };
  return { ...answer, headers, body: `data: {}\n\ndata: ${answer.body}\n\n`, pieces: true };
}

function followed(asked: Asked & { requestId: string }, fal: Fal, world: World): Answer {
  if (world.strikes("status 429")) return plain(429, { detail: "Too many requests" });
  if (world.strikes("gateway error"))
    return { ...plain(world.random.pick([502, 503]), "<html>", {}), headers: { "content-type": "text/html" } };
  const work = fal.find(asked.requestId);
  if (!work) return plain(404, { detail: "Request not found" });
  const named = { "x-fal-request-id": work.requestId };
  const state = fal.stateOf(work);
  if (asked.kind === "cancel") {
    const status = fal.cancel(work);
    return plain(status === "ALREADY_COMPLETED" ? 400 : 202, { status }, named);
  }
  if (asked.kind === "status") {
    const answer = plain(
      state === "COMPLETED" ? 200 : 202,
      { status: state, request_id: work.requestId, logs: null, metrics: {} },
      named,
    );
    if (world.strikes("malformed JSON")) answer.body = answer.body.slice(0, -3);
    return answer;
  }
  if (state !== "COMPLETED") return plain(400, { detail: "Request is still in progress" }, named);
  if (work.cancelled) return plain(499, { detail: "Cancelled" }, { ...named, "x-fal-billable-units": "0" });
  // A runner's words on a job that went well: what is booked as free must be corrected when the result comes after all.
  if (world.strikes("result lies")) return plain(500, { detail: "The runner is gone" }, named);
  if (work.failure === "free") return plain(500, { detail: "It broke" }, named);
  if (work.failure === "billed") return plain(422, { detail: "It broke" }, exactly(work));
  return plain(200, { echo: work.echo, requestId: work.requestId }, billing(work, world));
}

function billing(work: Work, world: World): Record<string, string> {
  const named = { "x-fal-request-id": work.requestId };
  if (world.strikes("no bill")) return named;
  if (world.strikes("garbage bill"))
    return { ...named, "x-fal-billable-units": world.random.pick(["NaN", "-1", "1e3", ""]) };
  return exactly(work);
}

function exactly({ requestId, units }: Work): Record<string, string> {
  return { "x-fal-request-id": requestId, "x-fal-billable-units": String(units) };
}

function plain(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...json, ...headers }, body: JSON.stringify(body), cut: false, pieces: false };
}

/** The answer as `fetch` gives it. Pieces and breaks come when the world lets them. */
export function responseOf({ status, headers, body, cut, pieces }: Answer, world: World, owner: string): Response {
  if (!cut && !pieces) return new Response(body, { status, headers });
  const bytes = new TextEncoder().encode(cut ? body.slice(0, body.length / 2) : body);
  const half = Math.ceil(bytes.length / 2);
  const parts = [bytes.slice(0, half), bytes.slice(half)];
  let left = false;
  const stream = new ReadableStream<Uint8Array>({
    cancel() {
      left = true;
    },
    pull: (controller) =>
      new Promise((resolve) => {
        const happen = () => {
          if (left) return;
          const part = parts.shift();
          if (part) controller.enqueue(part);
          else if (cut) controller.error(new TypeError("terminated", { cause: { code: "UND_ERR_SOCKET" } }));
          else controller.close();
          resolve();
        };
        world.plan({ owner, label: "hears a piece", afterMs: world.random.whole(0, 200), happen });
      }),
  });
  return new Response(stream, { status, headers });
}
