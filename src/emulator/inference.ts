import type { Clock } from "../clock.ts";
import { eventStream, json } from "./body.ts";
import type { Cashier } from "./cashier.ts";
import { type Job, type Jobs, replyOf } from "./jobs.ts";
import { previews } from "./model.ts";
import type { Settings } from "./options.ts";
import { jobHeaders, readOrder, refuse } from "./order.ts";
import { refusal } from "./refusal.ts";
import type { Visit, Visits } from "./visit.ts";

/** `fal.run`: the calls that are answered on the connection that asked. */
export class Inference {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #jobs: Jobs;
  readonly #visits: Visits;
  readonly #cashier: Cashier;
  readonly #closing: AbortSignal;

  constructor(parts: { settings: Settings; jobs: Jobs; visits: Visits; cashier: Cashier; closing: AbortSignal }) {
    this.#settings = parts.settings;
    this.#clock = parts.settings.clock;
    this.#jobs = parts.jobs;
    this.#visits = parts.visits;
    this.#cashier = parts.cashier;
    this.#closing = parts.closing;
  }

  async run(visit: Visit): Promise<Response> {
    const job = await this.#done(visit, "run");
    if (job instanceof Response) return job;
    const { status, body } = replyOf(job);
    return json(status, body, jobHeaders(job));
  }

  /** Partial events, then the whole answer as the last one. A refusal is plain JSON. */
  async stream(visit: Visit): Promise<Response> {
    const job = await this.#done(visit, "stream");
    if (job instanceof Response) return job;
    const { status, body } = replyOf(job);
    if (status !== 200) return json(status, body, jobHeaders(job));
    const events = [...previews(job.work, body), body];
    const pauseMs = this.#settings.runMs / events.length;
    return eventStream(jobHeaders(job), async (send) => {
      for (const event of events) {
        if (pauseMs > 0) await this.#clock.sleep(pauseMs, this.#closing);
        send(event);
      }
    });
  }

  async #done(visit: Visit, transport: "run" | "stream"): Promise<Job | Response> {
    const order = await readOrder(visit);
    if (order instanceof Response) return order;
    const refused = this.#cashier.refuses(order.endpointId) ?? (this.#jobs.full ? refusal(429) : null);
    if (refused) return refuse(refused);
    // The visit is marked as paid before the work is waited for, so that a caller who leaves has still bought it.
    const { job, done } = this.#jobs.run({ ...order, transport }, transport === "run" ? this.#settings.runMs : 0);
    this.#visits.accept(visit, job.endpointId, job.requestId);
    return done;
  }
}
