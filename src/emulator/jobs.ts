import { randomUUID } from "node:crypto";
import type { Transport } from "../call.ts";
import type { Clock } from "../clock.ts";
import { zero } from "../money.ts";
import type { Cashier } from "./cashier.ts";
import { perform, type Reply, type Work } from "./model.ts";
import type { Settings } from "./options.ts";
import type { PriceList, UnitPrice } from "./prices.ts";
import { fingerprint } from "./random.ts";
import { refusal } from "./refusal.ts";

/** fal's own words. There is no word for failure: a failed job is COMPLETED, and its result says why. */
export type JobState = "IN_QUEUE" | "IN_PROGRESS" | "COMPLETED";

export interface JobLog {
  readonly message: string;
  readonly level: "INFO" | "ERROR";
  readonly source: "USER";
  readonly timestamp: string;
}

/** Work that was accepted. */
export interface Job {
  readonly requestId: string;
  readonly endpointId: string;
  readonly transport: Transport;
  readonly webhookUrl: string | null;
  /** From fal's own header: a low job starts after every normal one. */
  readonly priority: "normal" | "low";
  readonly acceptedAt: number;
  readonly work: Work;
  state: JobState;
  startedAt: number | null;
  endedAt: number | null;
  readonly logs: JobLog[];
  /** The answer, once there is one. */
  reply: Reply | null;
  /** What `x-fal-billable-units` says; `null` when the answer does not carry it. */
  unitsHeader: string | null;
}

export interface Order {
  readonly endpointId: string;
  readonly input: unknown;
  readonly transport: Transport;
  readonly webhookUrl?: string | null;
  readonly priority?: "normal" | "low";
  /** A fault's word on the billing header; `undefined` when there is none. */
  readonly units?: string | null | undefined;
}

const JOBS_MAX = 5_000;

/** Inputs and answers together; the oldest finished jobs go first. */
const CHARACTERS_MAX = 128 * 1024 * 1024;

interface Kept extends Job {
  /** Its time in the queue is over, and it waits for a free place only. */
  ready: boolean;
  readonly units: string | null | undefined;
  readonly price: UnitPrice;
  characters: number;
}

/** Everything that is waiting, at work and done; it bills each job once, when the job ends. */
export class Jobs {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #prices: PriceList;
  readonly #cashier: Cashier;
  readonly #origin: () => string;
  readonly #ended: (job: Job) => void;
  readonly #closing: AbortSignal;
  readonly #jobs = new Map<string, Kept>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #waiting: Kept[] = [];
  #busy = 0;
  #starting = false;
  #characters = 0;
  #accepted = 0;

  constructor(parts: {
    settings: Settings;
    prices: PriceList;
    cashier: Cashier;
    origin: () => string;
    ended: (job: Job) => void;
    closing: AbortSignal;
  }) {
    this.#settings = parts.settings;
    this.#clock = parts.settings.clock;
    this.#prices = parts.prices;
    this.#cashier = parts.cashier;
    this.#origin = parts.origin;
    this.#ended = parts.ended;
    this.#closing = parts.closing;
  }

  /** Whether a synchronous call would have to wait, which fal refuses with 429. */
  get full(): boolean {
    return this.#busy >= this.#settings.maxConcurrency;
  }

  /** Whether even the queue takes no more. */
  get overflowing(): boolean {
    return this.#waiting.length >= JOBS_MAX;
  }

  find(requestId: string): Job | null {
    return this.#jobs.get(requestId) ?? null;
  }

  /** Every job that is kept, oldest first. */
  all(): Job[] {
    return [...this.#jobs.values()];
  }

  /** How many wait before this one. */
  position(job: Job): number {
    return Math.max(
      0,
      this.#waiting.findIndex((waiting) => waiting.requestId === job.requestId),
    );
  }

  /** Accepts work for the queue. With no latency and a free place it is done before this returns. */
  enqueue(order: Order): Job {
    const job = this.#accept(order);
    this.#waiting.push(job);
    this.#after(this.#settings.queueMs, () => {
      job.ready = true;
      this.#startWaiting();
    });
    return job;
  }

  /** Accepts work and does it while the caller waits. It goes on, and is billed, when the caller leaves. */
  run(order: Order, latencyMs: number): { job: Job; done: Promise<Job> } {
    const job = this.#accept(order);
    this.#start(job);
    return { job, done: this.#finish(job, latencyMs) };
  }

  async #finish(job: Kept, latencyMs: number): Promise<Job> {
    if (latencyMs > 0) await this.#clock.sleep(latencyMs, this.#closing);
    this.#end(job, perform(job.work));
    return job;
  }

  /** Cancels what still waits, at no charge. What is at work goes on to its end and is billed. */
  cancel(job: Job): "CANCELLATION_REQUESTED" | "ALREADY_COMPLETED" {
    if (job.state === "COMPLETED") return "ALREADY_COMPLETED";
    const waiting = this.#waiting.find(({ requestId }) => requestId === job.requestId);
    if (waiting) {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      const body = { detail: "Request was cancelled by the client", error_type: "client_cancelled" };
      this.#end(waiting, { status: 499, body, units: zero });
    }
    return "CANCELLATION_REQUESTED";
  }

  /** Resolves at the job's next change of state, when the watcher is gone, and when the emulator closes. */
  changed(job: Job, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#watchers.get(job.requestId) ?? new Set();
      this.#watchers.set(job.requestId, watchers.add(resolve));
      const leave = () => {
        watchers.delete(resolve);
        resolve();
      };
      gone.addEventListener("abort", leave, { once: true });
    });
  }

  /** Wakes everyone who waits for a change, for none will come. */
  close(): void {
    for (const watchers of this.#watchers.values()) for (const resolve of watchers) resolve();
    this.#watchers.clear();
  }

  #accept(order: Order): Kept {
    const requestId = randomUUID();
    const { endpointId, input, transport } = order;
    const price = this.#prices.of(endpointId);
    const seed = fingerprint(`${this.#settings.seed}|${this.#accepted++}`);
    const job: Kept = {
      ...{ requestId, endpointId, transport, price, units: order.units },
      webhookUrl: order.webhookUrl ?? null,
      priority: order.priority ?? "normal",
      acceptedAt: this.#clock.now(),
      state: "IN_QUEUE",
      startedAt: null,
      endedAt: null,
      logs: [],
      reply: null,
      unitsHeader: null,
      ready: false,
      work: { requestId, endpointId, input, unit: price.unit, origin: this.#origin(), seed },
      characters: JSON.stringify(input ?? null).length,
    };
    this.#jobs.set(requestId, job);
    this.#characters += job.characters;
    this.#forget();
    return job;
  }

  #startWaiting(): void {
    // A job that takes no time ends inside this loop, and its end comes back here: one loop at a time is enough.
    if (this.#starting) return;
    this.#starting = true;
    while (!this.full) {
      const ready = this.#waiting.filter((job) => job.ready);
      const next = ready.find((job) => job.priority === "normal") ?? ready[0];
      if (!next) break;
      this.#waiting = this.#waiting.filter((job) => job !== next);
      this.#start(next);
      this.#after(this.#settings.workMs, () => this.#end(next, perform(next.work)));
    }
    this.#starting = false;
  }

  #start(job: Kept): void {
    this.#busy++;
    job.state = "IN_PROGRESS";
    job.startedAt = this.#clock.now();
    this.#log(job, "INFO", "The emulated runner took the request.");
    this.#tell(job);
  }

  #end(job: Kept, reply: Reply): void {
    if (job.startedAt !== null) this.#busy--;
    job.state = "COMPLETED";
    job.endedAt = this.#clock.now();
    job.reply = reply;
    this.#log(
      job,
      reply.status === 200 ? "INFO" : "ERROR",
      reply.status === 200 ? "Done." : `Failed with ${reply.status}.`,
    );
    job.unitsHeader = this.#cashier.bill(job, reply);
    const grown = JSON.stringify(reply.body ?? null).length;
    job.characters += grown;
    this.#characters += grown;
    this.#forget();
    this.#tell(job);
    this.#ended(job);
    this.#startWaiting();
  }

  #log(job: Kept, level: JobLog["level"], message: string): void {
    job.logs.push({ message, level, source: "USER", timestamp: new Date(this.#clock.now()).toISOString() });
  }

  #tell(job: Kept): void {
    const watchers = this.#watchers.get(job.requestId);
    this.#watchers.delete(job.requestId);
    for (const resolve of watchers ?? []) resolve();
  }

  #after(ms: number, act: () => void): void {
    if (ms === 0) act();
    else this.#clock.sleep(ms, this.#closing).then(act, () => {});
  }

  #forget(): void {
    for (const job of this.#jobs.values()) {
      if (this.#jobs.size <= JOBS_MAX * 2 && this.#characters <= CHARACTERS_MAX) return;
      if (job.state !== "COMPLETED") continue;
      this.#jobs.delete(job.requestId);
      this.#characters -= job.characters;
    }
  }
}

/** The reply of a job that has ended. */
export function replyOf(job: Job): Reply {
  return job.reply ?? { ...refusal(500), units: null };
}
