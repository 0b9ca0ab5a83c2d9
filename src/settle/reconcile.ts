/** Asks fal what became of purchases that are still open. Part of the line: it follows jobs as their buyers would. */
import { type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import type { Events } from "../events.ts";
import { fromNano } from "../money.ts";
import { createTurn } from "../report/turn.ts";
import type { Hold } from "../store/store.ts";
import { expiresAt, expiryOf, OLDER_THAN, type Standing } from "./expiry.ts";
import { type Followed, type FollowParts, follow } from "./follow.ts";
import { LATE_MS } from "./matching.ts";
import { recover } from "./recovery.ts";
import { type TrueUp, type TrueUpParts, trueUp } from "./true-up.ts";

export interface ReconcileOptions {
  /** Leaves younger purchases alone: their callers are still waiting for them. @default "10m" */
  olderThan?: Duration;
  /** fal key for asking; an admin key where `billing` is set. @default the meter's own */
  credentials?: string;
  /**
   * Also holds the ledger against fal's billing events (an admin key is needed): open purchases that were billed are settled, and
   * settled ones that were billed otherwise are corrected. Twice changes nothing. @default false
   */
  billing?: boolean;
  /** With `billing`: purchases sent from here on, as a Date, milliseconds, an ISO time or a date. @default 30 days ago */
  since?: Date | number | string;
  /** With `billing`: purchases sent before this. @default now */
  until?: Date | number | string;
}

export interface Reconciled {
  /** Open purchases looked at. */
  checked: number;
  /** Of those, settled now by what fal said. */
  settled: number;
  /** Of those, whose answer had been lost and which were recognised in fal's list of requests. They are settled or still open. */
  adopted: number;
  /** Of those, given up now: their windows have closed and nobody can tell. Booked as if they had been billed. */
  expired: number;
  /** Still open: under way, or nobody can tell yet. */
  open: number;
  /** Why not all could be asked after; `null` where all were. */
  failure: string | null;
  /** How the ledger stood against fal's billing events, where that was asked for. */
  billing?: TrueUp;
}

export interface ReconcileParts extends FollowParts {
  events: Events;
  /** fal key of the meter. */
  credentials: string | undefined;
  /** Reads an instant that a user wrote. @throws OptionsError naming `option` */
  instant(value: Date | number | string | undefined, option: string): number | undefined;
  learn: TrueUpParts["learn"];
  dayOf: TrueUpParts["dayOf"];
  /** Ends the round before the next question. */
  signal?: AbortSignal;
}

/** Who asks: `caller`s wait for their turn; the `background` comes again, and asks after what was lost for a day only. */
export type Asking = "caller" | "background";

const PAGE = 100;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BILLING_DAYS = 30;
/** A process that says nothing for so long is dead, or so slow that another may go on. */
const LEASE_MS = 2 * MINUTE_MS;
const WAIT_MS = { caller: 3 * MINUTE_MS, background: 0 };
/** A caller that was never answered may wait in its lane, or for fal, for so long; a dead process's hold looks the same. */
const ABANDONED_MS = 60 * MINUTE_MS;
/** Lost purchases looked up in one round, oldest first. */
const MOST_LOST = 10_000;

/** One process at a time, over all that share the store. @throws OptionsError, StoreError */
export async function reconcile(
  parts: ReconcileParts,
  options: ReconcileOptions = {},
  asking: Asking = "caller",
): Promise<Reconciled> {
  onlyKeys(options, "reconcile", ["olderThan", "credentials", "billing", "since", "until"]);
  const { store, clock } = parts;
  const span = billingSpan(parts, options);
  const before = clock.now() - milliseconds(options.olderThan ?? OLDER_THAN, "reconcile.olderThan");
  const credentials = options.credentials ?? parts.credentials;
  const nothing = { checked: 0, settled: 0, adopted: 0, expired: 0, open: 0, failure: null };
  if (!span && (await store.openHolds({ before, limit: 1 })).length === 0) return nothing;
  const turn = createTurn({ store, clock, name: "turn|reconcile", leaseMs: LEASE_MS, waitMs: WAIT_MS[asking] });
  const done = await turn.take(async (keepTurn) => {
    const tally = await createRound(parts, { before, credentials, asking, keepTurn }).run();
    if (!span) return tally;
    const billing = await trueUp({ ...parts, platform: parts.platform(credentials) }, span);
    return { ...tally, settled: tally.settled + billing.settled, open: tally.open - billing.settled, billing };
  });
  return done ?? { ...nothing, failure: "another process is reconciling" };
}

function billingSpan({ clock, instant }: ReconcileParts, { billing = false, since, until }: ReconcileOptions) {
  if (typeof billing !== "boolean") throw new OptionsError("reconcile.billing", "true or false", billing);
  if (!billing) {
    if (since !== undefined || until !== undefined)
      throw new OptionsError("reconcile.billing", "true where since or until is given", billing);
    return null;
  }
  const to = instant(until, "reconcile.until") ?? clock.now();
  const from = instant(since, "reconcile.since") ?? to - BILLING_DAYS * DAY_MS;
  if (from >= to) throw new OptionsError("reconcile.until", "after since", until);
  return { since: from, until: to };
}

interface Round {
  before: number;
  credentials: string | undefined;
  asking: Asking;
  keepTurn(): Promise<void>;
}

function createRound(parts: ReconcileParts, { before, credentials, asking, keepTurn }: Round) {
  const { store, clock, events, signal } = parts;
  const tally = { checked: 0, settled: 0, adopted: 0, expired: 0, open: 0, failure: null as string | null };
  const startedAt = clock.now();

  async function run(): Promise<Reconciled> {
    const lost: Hold[] = [];
    let after: string | undefined;
    for (;;) {
      // The youngest are not asked after; what fal lists may be theirs all the same.
      const query = { before: before + 2 * LATE_MS, limit: PAGE };
      const page = await store.openHolds({ ...query, ...(after !== undefined && { after }) });
      for (const hold of page) {
        if (signal?.aborted) return tally;
        if (hold.requestId === null && hold.purchase.digest !== null) {
          if (lost.length < MOST_LOST) lost.push(hold);
        } else if (hold.at < before) await decide(hold);
      }
      after = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    await findLost(lost);
    return tally;
  }

  async function decide(hold: Hold): Promise<void> {
    const { requestId } = hold;
    if (requestId === null) return close(hold, standingOf(hold));
    await keepTurn();
    return close(hold, await follow(parts, { ...hold, requestId }, credentials));
  }

  async function findLost(lost: readonly Hold[]): Promise<void> {
    const due = lost.filter(({ at }) => at < before);
    // Beyond the bound there may be more that what fal lists could be.
    const horizon = lost.length >= MOST_LOST ? (lost.at(-1)?.at ?? 0) - 2 * LATE_MS : Number.POSITIVE_INFINITY;
    const wanted = new Set(due.filter((hold) => hold.at < horizon && isAskedAfter(hold)).map(({ id }) => id));
    const found = new Set<string>();
    const onAdopted = async (hold: Hold, followed: Followed) => {
      found.add(hold.id);
      tally.adopted++;
      if (followed !== "settled") recovered(hold, "pending", null);
      await close(hold, followed);
    };
    const { asked, failure } = await recover(parts, { lost, wanted, credentials, onAdopted, keepTurn });
    tally.failure = failure;
    for (const hold of due) {
      if (signal?.aborted) return;
      if (found.has(hold.id)) continue;
      const unasked = wanted.has(hold.id) && !asked.has(hold.id);
      await close(hold, unasked ? "unanswered" : standingOf(hold));
    }
  }

  function isAskedAfter(hold: Hold): boolean {
    if (asking === "background" && hold.at < startedAt - DAY_MS) return false;
    return standingOf(hold) === "lost";
  }

  function standingOf({ state, at }: Hold): Standing {
    return state === "unknown" || at < startedAt - ABANDONED_MS ? "lost" : "unanswered";
  }

  async function close(hold: Hold, followed: Followed): Promise<void> {
    tally.checked++;
    if (followed === "settled") {
      tally.settled++;
      const entry = await store.findEntry({ id: hold.id });
      const actual = entry?.actual ?? null;
      recovered(hold, entry?.outcome ?? "unknown", actual);
    } else if (expiresAt(hold, followed) <= startedAt && (await expire(hold))) tally.expired++;
    else tally.open++;
  }

  function recovered(hold: Hold, outcome: string, actual: bigint | null) {
    const amount = actual === null ? null : fromNano(actual);
    events.emit({ type: "hold-recovered", ...facts(hold), outcome, amount });
  }

  async function expire({ id }: Hold): Promise<boolean> {
    // As it stands now: what was just learned of it belongs into its note, and another may have settled it.
    const hold = await store.findHold({ id });
    if (!hold) return false;
    await parts.settler.conclude(hold, expiryOf(hold), { requestId: hold.requestId, inferenceSeconds: null });
    const entry = await store.findEntry({ id });
    if (entry?.outcome !== "expired") return false;
    const amount = entry.actual === null ? null : fromNano(entry.actual);
    events.emit({ type: "hold-expired", ...facts(hold), amount });
    return true;
  }

  function facts({ id, purchase }: Hold) {
    return { purchaseId: id, endpointId: purchase.endpointId, tags: purchase.tags, at: clock.now() };
  }

  return { run };
}
