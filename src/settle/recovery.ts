/** Finds out which of fal's requests the lost purchases are. Part of the line: a purchase that is found is followed like any other. */
import { inputDigest } from "../cache/key.ts";
import { OptionsError } from "../errors.ts";
import type { Hold, Store } from "../store/store.ts";
import {
  RECENT_REQUESTS,
  type RecentRequest,
  readRecentRequest,
  recentRequestsQuestion,
} from "../wire/recent-requests.ts";
import { writeAudit } from "./audit.ts";
import { type Followed, type FollowParts, follow } from "./follow.ts";
import { type Candidate, type Match, matched, type Span, spansOf } from "./matching.ts";

/** Questions in one round; what is left waits for the next. */
const MOST_QUESTIONS = 500;

export interface Recovery {
  /** Every open purchase without a request id, those too young to ask after included. */
  lost: readonly Hold[];
  /** Of those, the ones to ask after. */
  wanted: ReadonlySet<string>;
  credentials: string | undefined;
  /** Tells of a purchase that was found, and what became of it. */
  onAdopted(hold: Hold, followed: Followed): void | Promise<void>;
  /** Called before every question, to keep the turn. */
  keepTurn(): Promise<void>;
}

export interface Recovered {
  /** Purchases that fal was asked after, by our ids: those that are still open are nobody's to tell. */
  asked: Set<string>;
  /** Why the others could not be asked after; `null` where all were. */
  failure: string | null;
}

interface Found extends Candidate {
  row: RecentRequest;
}

/**
 * The request is listed with its input, and the hold carries its digest: the same input at the same time is the same purchase, unless
 * the ledger knows that request already.
 * @throws StoreError
 */
export async function recover(parts: FollowParts, recovery: Recovery): Promise<Recovered> {
  const wanted = recovery.lost.filter(({ id }) => recovery.wanted.has(id));
  const asked = new Set<string>();
  const spans = spansOf(wanted);
  for (const span of spans.slice(0, MOST_QUESTIONS)) {
    await recovery.keepTurn();
    const rows = await listed(parts, span, recovery.credentials);
    if ("failure" in rows) return { asked, failure: rows.failure };
    const lost = recovery.lost.filter(({ purchase }) => purchase.endpointId === span.endpointId);
    const candidates = await unknown(parts.store, rows.rows, lost);
    for (const { id, at, purchase } of wanted)
      if (purchase.endpointId === span.endpointId && at >= span.from && at <= span.until) asked.add(id);
    for (const match of matched(lost, candidates)) {
      if (!recovery.wanted.has(match.hold.id)) continue;
      await recovery.keepTurn();
      await adopt(parts, match, recovery);
    }
  }
  const failure = spans.length > MOST_QUESTIONS ? `more than ${MOST_QUESTIONS} questions in one round` : null;
  return { asked, failure };
}

async function listed({ platform, clock }: FollowParts, span: Span, credentials: string | undefined) {
  const question = recentRequestsQuestion(span.endpointId, { ...span, until: Math.min(span.until, clock.now()) });
  const answer = await platform(credentials).list(RECENT_REQUESTS.path, question, RECENT_REQUESTS.rows);
  if (answer.kind === "refused") return { failure: `fal's list of requests was refused with ${answer.status}` };
  if (answer.kind === "failed") return { failure: `fal's list of requests could not be read: ${answer.why}` };
  return { rows: answer.kind === "listed" ? answer.rows : [] };
}

/** The requests that have a lost purchase's input, and that no purchase of the ledger is yet. */
async function unknown(store: Store, rows: readonly unknown[], lost: readonly Hold[]): Promise<Found[]> {
  const digests = new Set(lost.map(({ purchase }) => purchase.digest));
  const found = new Map<string, Found>();
  for (const each of rows) {
    const row = readRecentRequest(each);
    const digest = row && digestOf(row.input);
    if (!row || digest === null || !digests.has(digest) || found.has(row.requestId)) continue;
    if (!(await isKnown(store, row.requestId)))
      found.set(row.requestId, { requestId: row.requestId, at: row.at, digest, row });
  }
  return [...found.values()];
}

async function isKnown(store: Store, requestId: string): Promise<boolean> {
  return Boolean((await store.findHold({ requestId })) ?? (await store.findEntry({ requestId })));
}

/** `null` for what fal was told not to keep, and for an input without a canonical form. */
function digestOf(input: unknown): string | null {
  if (input === undefined || input === null) return null;
  try {
    return inputDigest(input);
  } catch (error) {
    if (error instanceof OptionsError) return null;
    throw error;
  }
}

async function adopt(parts: FollowParts, { hold, found }: Match<Found>, recovery: Recovery): Promise<void> {
  const { store, clock } = parts;
  const { requestId, at, row } = found;
  const open = await store.findHold({ id: hold.id });
  // Whoever stalled beyond its turn may find that another has been here.
  if (!open || open.requestId !== null || (await isKnown(store, requestId))) return;
  const seconds = Math.round((at - hold.at) / 100) / 10;
  const how = `lost, and recognised as ${requestId} by its input and time (${seconds} s after its hold)`;
  await writeAudit(store, hold.id, how, clock.now());
  await store.bind(hold.id, requestId);
  const bound = { ...open, requestId, state: "pending", doubt: null } as const;
  await recovery.onAdopted(bound, await follow(parts, bound, recovery.credentials, row));
}
