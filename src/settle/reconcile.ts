/** Asks fal what became of purchases that are still open. Part of the line: it follows jobs as their buyers would. */
import { type Clock, type Duration, milliseconds } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Jobs } from "../job.ts";
import { fromNano } from "../money.ts";
import type { Hold, Store } from "../store/store.ts";
import { jobStatus } from "../wire/answer.ts";
import { jobUrls } from "../wire/operation.ts";
import type { Platform } from "../wire/platform.ts";
import { readRequest, type WireRequest } from "../wire/request.ts";
import type { Settler } from "./settler.ts";
import { type TrueUp, type TrueUpParts, trueUp } from "./true-up.ts";

export interface ReconcileOptions {
  /** Leaves younger purchases alone: their callers are still waiting for them. @default "10m" */
  olderThan?: Duration;
  /** fal key for asking; an admin key where `billing` is set. @default the FAL_KEY environment variable, as the fal client reads it */
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
  /** Of those, settled now. */
  settled: number;
  /** Still open: under way, or nobody can tell. */
  open: number;
  /** How the ledger stood against fal's billing events, where that was asked for. */
  billing?: TrueUp;
}

export interface ReconcileParts {
  store: Store;
  jobs: Jobs;
  events: Events;
  clock: Clock;
  fetch: typeof fetch;
  credentials: string | undefined;
  /** fal's Platform API, asked with these credentials. */
  platform(credentials: string | undefined): Platform;
  /** Reads an instant that a user wrote. @throws OptionsError naming `option` */
  instant(value: Date | number | string | undefined, option: string): number | undefined;
  settler: Settler;
  learn: TrueUpParts["learn"];
  dayOf: TrueUpParts["dayOf"];
}

const PAGE = 100;
const BILLING_DAYS = 30;
const DAY_MS = 86_400_000;

/** @throws OptionsError, StoreError */
export async function reconcile(parts: ReconcileParts, options: ReconcileOptions = {}): Promise<Reconciled> {
  onlyKeys(options, "reconcile", ["olderThan", "credentials", "billing", "since", "until"]);
  const span = billingSpan(parts, options);
  const before = parts.clock.now() - milliseconds(options.olderThan ?? "10m", "reconcile.olderThan");
  const credentials = options.credentials ?? parts.credentials;
  const tally: Reconciled = { checked: 0, settled: 0, open: 0 };
  let after: string | undefined;
  for (;;) {
    const holds = await parts.store.openHolds({ before, limit: PAGE, ...(after !== undefined && { after }) });
    for (const hold of holds) {
      tally.checked++;
      if (await decide(parts, hold, credentials)) tally.settled++;
      else tally.open++;
    }
    after = holds.at(-1)?.id;
    if (holds.length < PAGE) break;
  }
  if (!span) return tally;
  const billing = await trueUp({ ...parts, platform: parts.platform(credentials) }, span);
  return { ...tally, settled: tally.settled + billing.settled, open: tally.open - billing.settled, billing };
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

async function decide(parts: ReconcileParts, hold: Hold, credentials: string | undefined): Promise<boolean> {
  const { requestId } = hold;
  if (requestId === null || hold.purchase.transport !== "queue") return false;
  const urls = jobUrls(hold.purchase.endpointId, requestId);
  const ask = (url: string) => get(url, credentials);
  try {
    const answer = await parts.fetch(...ask(urls.status_url).args);
    const status = answer.ok ? jobStatus(await answer.json()) : null;
    if (status?.state !== "COMPLETED") return false;
    await (await parts.jobs.result(requestId, ask(urls.response_url), parts.fetch)).body?.cancel();
  } catch {
    // fal or the way to it is down: the hold stays, and the next round asks again.
    return false;
  }
  if (await parts.store.findHold({ id: hold.id })) return false;
  const entry = await parts.store.findEntry({ id: hold.id });
  const { endpointId, tags } = hold.purchase;
  const actual = entry?.actual ?? null;
  const amount = actual === null ? null : fromNano(actual);
  const facts = { purchaseId: hold.id, endpointId, tags, at: parts.clock.now() };
  parts.events.emit({ type: "hold-recovered", ...facts, outcome: entry?.outcome ?? "unknown", amount });
  return true;
}

function get(url: string, credentials: string | undefined): WireRequest {
  const headers: Record<string, string> = { accept: "application/json" };
  if (credentials) headers.authorization = `Key ${credentials}`;
  const request = readRequest([url, { method: "GET", headers }]);
  if (!request) throw new TypeError(`${url} is no address`);
  return request;
}
