import { eventStream, json } from "./body.ts";
import type { Cashier } from "./cashier.ts";
import { type Job, type Jobs, replyOf } from "./jobs.ts";
import { jobHeaders, readOrder, refuse } from "./order.ts";
import { refusal } from "./refusal.ts";
import { jobBase, type Visit, type Visits } from "./visit.ts";

/** `queue.fal.run`: work that is left to be done, and asked after. */
export class Queue {
  readonly #jobs: Jobs;
  readonly #visits: Visits;
  readonly #cashier: Cashier;
  readonly #closing: AbortSignal;

  constructor(parts: { jobs: Jobs; visits: Visits; cashier: Cashier; closing: AbortSignal }) {
    this.#jobs = parts.jobs;
    this.#visits = parts.visits;
    this.#cashier = parts.cashier;
    this.#closing = parts.closing;
  }

  /** Takes any well-formed work: whether the model refuses it shows in the result. */
  async submit(visit: Visit): Promise<Response> {
    const order = await readOrder(visit);
    if (order instanceof Response) return order;
    const refused = this.#cashier.refuses(order.endpointId) ?? (this.#jobs.overflowing ? refusal(429) : null);
    if (refused) return refuse(refused);
    const webhookUrl = visit.url.searchParams.get("fal_webhook");
    if (webhookUrl !== null && !/^https?:\/\//.test(webhookUrl)) {
      return refuse(refusal(400, "fal_webhook must be an http or https address"));
    }
    const priority = visit.request.headers.get("x-fal-queue-priority") === "low" ? "low" : "normal";
    const job = this.#jobs.enqueue({ ...order, transport: "queue", webhookUrl, priority });
    this.#visits.accept(visit, job.endpointId, job.requestId);
    const ticket = { status: "IN_QUEUE", ...addresses(job), queue_position: this.#jobs.position(job) };
    return json(200, ticket, { "x-fal-request-id": job.requestId });
  }

  status(visit: Visit): Response {
    const job = this.#find(visit);
    if (!job) return refuse(refusal(404, "Request not found"));
    const status = this.#statusOf(job, wantsLogs(visit) ? job.logs : null);
    return json(job.state === "COMPLETED" ? 200 : 202, status, { "x-fal-request-id": job.requestId });
  }

  /** One event for each state, with the logs that are new since the event before. */
  statusStream(visit: Visit): Response {
    const job = this.#find(visit);
    if (!job) return refuse(refusal(404, "Request not found"));
    const logs = wantsLogs(visit);
    return eventStream({ "x-fal-request-id": job.requestId }, async (send, gone) => {
      let told = 0;
      while (!this.#closing.aborted && !gone.aborted) {
        // Asked for before the state is sent, so that no change falls between.
        const change = job.state === "COMPLETED" ? null : this.#jobs.changed(job, gone);
        send(this.#statusOf(job, logs ? job.logs.slice(told) : null));
        told = job.logs.length;
        if (!change) return;
        await change;
      }
    });
  }

  /** The model's own answer or refusal, with the bill. Before the end it is a 400. */
  result(visit: Visit): Response {
    const job = this.#find(visit);
    if (!job) return refuse(refusal(404, "Request not found"));
    if (job.state !== "COMPLETED") return refuse(refusal(400, "Request is still in progress"));
    const { status, body } = replyOf(job);
    const units = visit.units === undefined ? job.unitsHeader : visit.units;
    return json(status, body, jobHeaders({ ...job, unitsHeader: units }));
  }

  cancel(visit: Visit): Response {
    const job = this.#find(visit);
    if (!job) return json(404, { status: "NOT_FOUND" });
    const status = this.#jobs.cancel(job);
    return json(status === "ALREADY_COMPLETED" ? 400 : 202, { status }, { "x-fal-request-id": job.requestId });
  }

  /** A job is found under what the queue keeps of its endpoint, and nowhere else. */
  #find(visit: Visit): Job | null {
    const job = this.#jobs.find(visit.asked.requestId!);
    return job?.transport === "queue" && jobBase(job.endpointId) === visit.asked.endpointId ? job : null;
  }

  #statusOf(job: Job, logs: Job["logs"] | null): unknown {
    const common = { status: job.state, ...addresses(job) };
    if (job.state === "IN_QUEUE") return { ...common, queue_position: this.#jobs.position(job) };
    if (job.state === "IN_PROGRESS") return { ...common, logs };
    const { status, body } = replyOf(job);
    const { detail, error_type } = body as { detail?: unknown; error_type?: unknown };
    const failure =
      status === 200
        ? null
        : { error: typeof detail === "string" ? detail : "Validation failed", ...(error_type ? { error_type } : null) };
    const metrics = { inference_time: ((job.endedAt ?? job.acceptedAt) - (job.startedAt ?? job.acceptedAt)) / 1000 };
    return { ...common, logs, metrics, ...failure };
  }
}

function wantsLogs(visit: Visit): boolean {
  const logs = visit.url.searchParams.get("logs");
  return logs === "1" || logs === "true";
}

/** fal's own addresses, which the emulator's fetch leads back here. */
function addresses(job: Job) {
  const at = `https://queue.fal.run/${jobBase(job.endpointId)}/requests/${job.requestId}`;
  return { request_id: job.requestId, response_url: at, status_url: `${at}/status`, cancel_url: `${at}/cancel` };
}
