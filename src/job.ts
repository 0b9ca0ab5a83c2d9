/**
 * What happens to a queued job after it was bought: it is watched, collected or cancelled, by its buyer, by those who
 * share its ticket, or by another process. fal's bill comes with the result.
 */

import type { Deliveries } from "./cache/deliveries.ts";
import { answerToKeep, type Results, toResponse } from "./cache/results.ts";
import type { EndpointId, JobState } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import { correctionEntry } from "./ledger/entry.ts";
import type { Place } from "./limit/lane.ts";
import type { Nano } from "./money.ts";
import { type Prices, postingFor } from "./settle/posting.ts";
import { type Verdict, verdictOn } from "./settle/settlement.ts";
import type { OpenPurchase, Settler } from "./settle/settler.ts";
import type { Entry, Store, StoredResult } from "./store/store.ts";
import {
  billOf,
  eventAnswer,
  isCancelled,
  isExplained,
  isJson,
  isWholeJson,
  jobStatus,
  jsonAnswer,
  parseJson,
} from "./wire/answer.ts";
import { createAsker } from "./wire/asking.ts";
import { jobUrls } from "./wire/operation.ts";
import { readWhole } from "./wire/reading.ts";
import { asSenderOf, type WireRequest } from "./wire/request.ts";

/** A job that this process bought and whose end it has not seen. */
export interface Job {
  /** `null` when the store failed and the call went unmetered. */
  open: OpenPurchase | null;
  /** Covers its endpoint and input; `null` where its body could not be read. */
  key: string | null;
  /** Whether its result is kept for equal calls. */
  shared: boolean;
  lifetimeMs: number;
  /** Its place in the lanes, kept while it is at work. */
  place: Place | null;
}

export interface JobParts {
  clock: Clock;
  events: Events;
  store: Store;
  results: Results | null;
  /** How long a result is kept whose job another process bought. */
  ttlMs: number;
  deliveries: Deliveries;
  settler: Settler;
  pricesAt(endpointId: EndpointId, at: number): Omit<Prices, "inferenceSeconds">;
}

export interface Jobs {
  opened(requestId: string, job: Job): void;
  status(requestId: string, request: WireRequest, via: typeof fetch): Promise<Response>;
  statusStream(requestId: string, request: WireRequest, via: typeof fetch): Promise<Response>;
  result(requestId: string, request: WireRequest, via: typeof fetch): Promise<Response>;
  cancel(requestId: string, request: WireRequest, via: typeof fetch): Promise<Response>;
  /**
   * Takes note of a job's result that was fetched for its bill: settles the purchase, frees its place and keeps the answer. Answers
   * what the result said of an open purchase, or `null` where none was open.
   */
  collected(requestId: string, response: Response, found: Found): Promise<Verdict["outcome"] | null>;
}

/** What is known of a result beside its answer. */
export interface Found {
  /** As the status said; `null` where it did not. */
  inferenceSeconds: number | null;
  /** How the job was recognised, where it had been lost. */
  how: string | null;
}

/** Jobs that nobody asks after are forgotten beyond this many, oldest first; their holds stay in the store. */
const MOST_JOBS = 10_000;

/** A caller waits for the check of its cancel no longer than this; after that the hold stays, for reconciliation. */
const CHECK_WITHIN_MS = 1_000;

interface Watched extends Job {
  lastSeen: JobState | null;
  inferenceSeconds: number | null;
}

export function createJobs(parts: JobParts): Jobs {
  const { clock, events, store, results, settler, deliveries } = parts;
  const watched = new Map<string, Watched>();

  function forget(requestId: string) {
    watched.get(requestId)?.place?.leave();
    watched.delete(requestId);
  }

  async function kept(requestId: string): Promise<StoredResult | undefined> {
    return watched.has(requestId) || !results ? undefined : quietly("getResult", results.get({ requestId }));
  }

  /** What fal would say of a finished job. */
  function finished({ endpointId }: StoredResult, requestId: string) {
    return {
      status: "COMPLETED",
      request_id: requestId,
      ...jobUrls(endpointId, requestId),
      logs: [],
      metrics: { inference_time: null },
    };
  }

  async function findOpen(requestId: string): Promise<OpenPurchase | null> {
    return watched.get(requestId)?.open ?? (await quietly("findHold", store.findHold({ requestId }))) ?? null;
  }

  /** A bill for a purchase that was given up as free or expired: the ledger learns the later truth. */
  async function correct(entry: Entry | undefined, verdict: Verdict) {
    if (verdict.outcome !== "charged" || verdict.by !== "billed-units") return;
    if (!entry || entry.outcome === "charged") return;
    const prices = { ...parts.pricesAt(entry.endpointId, entry.at), inferenceSeconds: null };
    const posting = postingFor(verdict, entry.estimate, prices);
    const difference = (posting.post.amount ?? 0n) - (entry.actual ?? 0n);
    if (posting.post.amount === null || difference === 0n || (await alreadyCorrected(entry))) return;
    const { basis, billableUnits } = posting;
    const note = `billed after it was booked as ${entry.outcome}`;
    // One id for one purchase's late bill: two who fetch the same result at once must not correct it twice.
    await store.record(
      correctionEntry(`${entry.id}:billed-late`, entry, { difference, at: clock.now(), basis, billableUnits, note }),
    );
  }

  async function alreadyCorrected({ id, requestId }: Entry): Promise<boolean> {
    if (requestId === null) return false;
    const later = await store.entries({ requestId, kinds: ["correction"], limit: 100 });
    return later.some(({ about }) => about === id);
  }

  /** Keeps the result: for a caller whose download of it fails, and, where the cache may, for equal calls. */
  async function keep(requestId: string, open: OpenPurchase, response: Response, body: Uint8Array, cost: Nano | null) {
    const job = watched.get(requestId);
    const key = job ? job.key : open.purchase.key;
    if (key === null || !isWholeJson(response, body)) return;
    const life = { storedAt: clock.now(), lifetimeMs: job?.lifetimeMs ?? parts.ttlMs };
    const result = answerToKeep({ ...open.purchase, key, requestId, cost }, response, body, life);
    deliveries.delivered(key, result);
    if ((job?.shared ?? true) && results) await quietly("putResult", results.put(result));
  }

  /** Looking after a job may never break it: a store that fails is told of, and the answer is fal's. */
  async function quietly<T>(verb: string, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      const message = error instanceof Error ? error.message : typeof error;
      events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb, message });
      return undefined;
    }
  }

  async function collected(requestId: string, response: Response, found: Found): Promise<Verdict["outcome"] | null> {
    const job = watched.get(requestId);
    const open = await findOpen(requestId);
    // A failure that is no JSON says nothing of the job, and may never end.
    const body = response.ok || isJson(response) ? await readWhole(response) : new Uint8Array();
    const seen = {
      kind: "collected",
      status: response.status,
      bill: billOf(response.headers),
      explained: !response.ok && isJson(response) && isExplained(parseJson(body)),
    } as const;
    const verdict = verdictOn(seen);
    if (!open) {
      await quietly(
        "record",
        store.findEntry({ requestId }).then((entry) => correct(entry, verdict)),
      );
      return null;
    }
    const inferenceSeconds = found.inferenceSeconds ?? job?.inferenceSeconds ?? null;
    // Another process, or time, may have closed what this one still remembers as open.
    const onClosed = async (entry: Entry) => void (await quietly("record", correct(entry, verdict)));
    const cost = await settler.conclude(open, verdict, { requestId, inferenceSeconds, how: found.how, onClosed });
    if (response.ok) await keep(requestId, open, response, body, cost);
    if (verdict.outcome !== "undecided") forget(requestId);
    return verdict.outcome;
  }

  /** The state of a job whose cancel fal has taken: one that never ran still waits, was cancelled, or is known no more. */
  async function seenSince(request: WireRequest, via: typeof fetch): Promise<JobState | null> {
    const ask: typeof fetch = (url, init = {}) => via(...asSenderOf(request, String(url), init));
    const asker = createAsker({ fetch: ask, clock, withinMs: CHECK_WITHIN_MS });
    const answer = await asker.get(request.url.href.replace(/\/cancel(?=\?|$)/, "/status")).catch(() => null);
    if (answer === null) return null;
    if (answer.status === 404 || answer.status === 410) return "IN_QUEUE";
    const body: unknown = answer.ok ? await answer.json().catch(() => null) : null;
    return isCancelled(body) ? "IN_QUEUE" : (jobStatus(body)?.state ?? null);
  }

  return {
    collected,

    opened(requestId, job) {
      watched.set(requestId, { ...job, lastSeen: "IN_QUEUE", inferenceSeconds: null });
      const [oldest] = watched.keys();
      if (watched.size > MOST_JOBS && oldest !== undefined) forget(oldest);
    },

    async status(requestId, request, via) {
      const result = await kept(requestId);
      if (result) return jsonAnswer(finished(result, requestId), 200, requestId);
      const response = await via(...request.args);
      const job = watched.get(requestId);
      if (job && response.ok && isJson(response)) {
        const seen = jobStatus(parseJson(await readWhole(response)));
        job.lastSeen = seen?.state ?? null;
        job.inferenceSeconds = seen?.inferenceSeconds ?? job.inferenceSeconds;
        if (seen?.state === "COMPLETED") job.place?.leave();
      }
      return response;
    },

    async statusStream(requestId, request, via) {
      const result = await kept(requestId);
      if (result) return eventAnswer(finished(result, requestId));
      const job = watched.get(requestId);
      if (job) job.lastSeen = null;
      return via(...request.args);
    },

    async result(requestId, request, via) {
      const result = await kept(requestId);
      if (result) return toResponse(result);
      const response = await via(...request.args);
      await collected(requestId, response, { inferenceSeconds: null, how: null });
      return response;
    },

    async cancel(requestId, request, via) {
      const open = await findOpen(requestId);
      if (open && ((await quietly("unshare", store.unshare(requestId))) ?? 0) > 0)
        return jsonAnswer({ status: "CANCELLATION_REQUESTED" }, 202, requestId);
      const response = await via(...request.args);
      let lastSeen = watched.get(requestId)?.lastSeen ?? null;
      // It may have begun since. Where a cap holds money for it, that is not given back on what was seen a while ago.
      const capped = open?.charges.some(({ limit }) => limit !== null) ?? false;
      if (response.ok && lastSeen === "IN_QUEUE" && capped) lastSeen = await seenSince(request, via);
      const verdict = verdictOn({ kind: "cancelled", status: response.status, lastSeen });
      if (open) await settler.conclude(open, verdict, { requestId, inferenceSeconds: null });
      if (verdict.outcome !== "undecided") forget(requestId);
      return response;
    },
  };
}
