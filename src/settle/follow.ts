/** Asks fal what became of one purchase whose request id is known. Part of the line: it follows a job as its buyer would. */
import type { Clock } from "../clock.ts";
import type { Jobs } from "../job.ts";
import type { Hold, Store } from "../store/store.ts";
import { jobStatus, jsonAnswer } from "../wire/answer.ts";
import type { Asker } from "../wire/asking.ts";
import { jobUrls } from "../wire/operation.ts";
import type { Platform } from "../wire/platform.ts";
import {
  RECENT_REQUESTS,
  type RecentRequest,
  readRecentRequest,
  recentRequestsQuestion,
} from "../wire/recent-requests.ts";
import { readAudit } from "./audit.ts";
import { verdictOn } from "./settlement.ts";
import type { Settler } from "./settler.ts";

export interface FollowParts {
  store: Store;
  jobs: Jobs;
  settler: Settler;
  clock: Clock;
  asker: Asker;
  /** fal's Platform API, asked with these credentials. */
  platform(credentials: string | undefined): Platform;
}

export type BoundHold = Hold & { requestId: string };

/** `settled`: it is closed. `under-way`: not ended. `unanswered`: fal could not be asked. `lost`: fal does not know, or not what it cost. */
export type Followed = "settled" | "under-way" | "unanswered" | "lost";

/** What a purchase's doubt begins with once fal has no result for it. */
const NOT_FOUND = "NOT_FOUND";

/**
 * Status, then result: with it comes the bill. A run or a stream that the queue does not know is looked up in fal's list of requests;
 * `listed` is its row, where it is at hand.
 * @throws StoreError
 */
export async function follow(
  parts: FollowParts,
  hold: BoundHold,
  credentials: string | undefined,
  listed?: RecentRequest,
): Promise<Followed> {
  const how = await readAudit(parts.store, hold.id, parts.clock.now());
  const seen = await collect(parts, hold, credentials, how);
  const followed = seen === "not-found" ? await unknownToQueue(parts, hold, credentials, how, listed) : seen;
  return (await parts.store.findHold({ id: hold.id })) ? followed : "settled";
}

type Seen = Exclude<Followed, "settled"> | "not-found";

async function collect(
  { asker, jobs }: FollowParts,
  { purchase, requestId }: BoundHold,
  credentials: string | undefined,
  how: string | null,
): Promise<Seen> {
  const urls = jobUrls(purchase.endpointId, requestId);
  const status = await asked(asker, urls.status_url, credentials);
  if (status?.status === 404) return "not-found";
  const state = status?.ok ? jobStatus(await status.json().catch(() => null)) : null;
  if (!state) return "unanswered";
  if (state.state !== "COMPLETED") return "under-way";
  const result = await asked(asker, urls.response_url, credentials);
  if (!result) return "unanswered";
  await jobs.collected(requestId, result, { inferenceSeconds: state.inferenceSeconds, how });
  if (result.status === 404) return "not-found";
  return saysNothing(result) ? "unanswered" : "lost";
}

/** A good answer that left the purchase open could not be written down; a refused key or a gateway is no answer at all. */
function saysNothing({ ok, status }: Response): boolean {
  return ok || [401, 403, 408, 429].includes(status) || status >= 500;
}

/** fal or the way to it may be down: the hold stays, and the next round asks again. */
async function asked(asker: Asker, url: string, credentials: string | undefined): Promise<Response | null> {
  return asker.get(url, credentials).catch(() => null);
}

async function unknownToQueue(
  parts: FollowParts,
  hold: BoundHold,
  credentials: string | undefined,
  how: string | null,
  listed: RecentRequest | undefined,
): Promise<Followed> {
  if (hold.purchase.transport !== "queue") {
    const row = listed ?? (await look(parts, hold, credentials));
    if (row === "unanswered") return row;
    if (row) return byList(parts, hold, row, how);
  }
  const doubt = `${NOT_FOUND}: fal keeps no result of ${hold.requestId}`;
  // Settled meanwhile by somebody else, it is in doubt no longer.
  if ((await parts.store.findHold({ id: hold.id })) && hold.doubt !== doubt)
    await parts.store.doubt(hold.id, doubt, parts.clock.now());
  return "lost";
}

const HOUR_MS = 3_600_000;

async function look(
  { platform, clock }: FollowParts,
  { purchase, at, requestId }: BoundHold,
  credentials: string | undefined,
): Promise<RecentRequest | "unanswered" | undefined> {
  const span = { from: at - HOUR_MS, until: Math.min(at + 24 * HOUR_MS, clock.now()) };
  const question = recentRequestsQuestion(purchase.endpointId, span, requestId);
  const answer = await platform(credentials).list(RECENT_REQUESTS.path, question, RECENT_REQUESTS.rows);
  if (answer.kind === "not-found") return undefined;
  if (answer.kind !== "listed") return "unanswered";
  return answer.rows
    .map(readRecentRequest)
    .find((row): row is RecentRequest => row !== null && row.requestId === requestId);
}

/** The list says how it ended and not what was billed, so it is settled as an answer without a bill. */
async function byList(
  { jobs, settler }: FollowParts,
  hold: BoundHold,
  { status, seconds: inferenceSeconds, output }: RecentRequest,
  how: string | null,
): Promise<Followed> {
  if (status === null) return "under-way";
  const { requestId } = hold;
  const bill = { kind: "absent" } as const;
  const verdict = verdictOn({ kind: "answered", transport: "run", status, bill, requestId });
  if (verdict.outcome !== "charged" && verdict.outcome !== "free") return "lost";
  const evidence = {
    requestId,
    inferenceSeconds,
    how: [`fal lists it as ended with ${status}`, how].filter(Boolean).join("; "),
  };
  if (verdict.outcome === "charged" && typeof output === "object" && output !== null)
    await jobs.collected(requestId, jsonAnswer(output, status, requestId), evidence);
  else await settler.conclude(hold, verdict, evidence);
  return "unanswered";
}
