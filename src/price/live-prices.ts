/** Keeps fal's own prices at hand: read from its pricing API in the background, kept in the store, and never in the way of a call. */
import type { Clock } from "../clock.ts";
import { describeFailure } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Store } from "../store/store.ts";
import { type LiveRates, observe, readPriceRow, readRates, writeRates } from "./live-rates.ts";
import type { Pricer } from "./pricer.ts";

/** fal's pricing API, as a list of rows. */
export interface PricingApi {
  list(
    path: string,
    query: Readonly<Record<string, string>>,
    name: string,
  ): Promise<
    | { kind: "listed"; rows: unknown[] }
    | { kind: "not-found" }
    | { kind: "refused"; status: number }
    | { kind: "failed"; why: string }
  >;
}

export interface LivePricesParts {
  api: PricingApi;
  store: Store;
  clock: Clock;
  events: Events;
  pricer: Pick<Pricer, "setLive">;
  /** A price older than this is asked for again, in the background. */
  maxAgeMs: number;
}

/** What asking came to. */
export interface Refreshed {
  /** Endpoints whose price was read. */
  found: number;
  /** Of those, with another price than before. */
  changed: number;
  /** Endpoints that fal names no usable price for. */
  missing: number;
  /** Why the rest could not be asked; `null` where all were. */
  failure: string | null;
}

export interface LivePrices {
  /** Takes over the prices that the store keeps. */
  load(): Promise<void>;
  /**
   * Tells that a call needs this price, and asks for it where none is kept or the kept one is old. Answers a promise only where
   * the call should wait for it, because nothing else is known of the price: for three seconds at most, and never a failure.
   */
  freshen(endpointId: string, known: boolean): Promise<void> | undefined;
  /** Asks now, whatever the age. */
  refresh(endpointIds: readonly string[]): Promise<Refreshed>;
  /** What is kept of one endpoint. */
  rates(endpointId: string): LiveRates | undefined;
  /** Resolves once nothing is being asked. */
  idle(): Promise<void>;
}

/** Ids in one request (fal's Platform API spec). */
const BATCH = 50;
const MOST_ENDPOINTS = 10_000;
const WAIT_MS = 3_000;
/** An endpoint without a price is not asked for again within this time. */
const MISSING_FOR_MS = 3_600_000;
/** After a failure nothing is asked for a while: whatever is down for one is down for all. */
const PAUSE_MS = 60_000;

const KIND = "price";

export function createLivePrices(parts: LivePricesParts): LivePrices {
  const { api, store, clock, events, pricer, maxAgeMs } = parts;
  const kept = new Map<string, LiveRates>();
  const missing = new Map<string, number>();
  const asking = new Map<string, Promise<void>>();
  const wanted = new Map<string, () => void>();
  let pausedUntil = 0;
  let round: Promise<void> | undefined;

  function take(endpointId: string, rates: LiveRates) {
    if (kept.size >= MOST_ENDPOINTS && !kept.has(endpointId)) return;
    kept.set(endpointId, rates);
    const asOf = new Date(rates.checkedAt).toISOString();
    pricer.setLive(rates.rates.map((rate) => ({ endpointId, asOf, ...rate })));
  }

  async function put(endpointId: string, rates: LiveRates) {
    const note = { kind: KIND, key: endpointId, value: writeRates(rates), at: rates.checkedAt, expiresAt: null };
    await store.putNote(note).catch((error: unknown) => storeFailed("putNote", error));
  }

  function storeFailed(verb: string, error: unknown) {
    events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb, message: describeFailure(error) });
  }

  async function ask(ids: readonly string[], tally: Refreshed): Promise<void> {
    const answer = await api.list("/models/pricing", { endpoint_id: ids.join(",") }, "prices");
    if (answer.kind === "listed") return absorb(ids, answer.rows, tally);
    if (answer.kind !== "not-found") {
      pausedUntil = clock.now() + PAUSE_MS;
      tally.failure = answer.kind === "failed" ? answer.why : `refused with ${answer.status}`;
      return;
    }
    // One unknown id refuses them all, so the others are found by halving.
    if (ids.length === 1) return absorb(ids, [], tally);
    const half = Math.ceil(ids.length / 2);
    for (const part of [ids.slice(0, half), ids.slice(half)]) {
      if (tally.failure === null) await ask(part, tally);
    }
  }

  async function absorb(ids: readonly string[], rows: readonly unknown[], tally: Refreshed): Promise<void> {
    const at = clock.now();
    const read = new Map(rows.map(readPriceRow).flatMap((row) => (row ? [[row.endpointId, row] as const] : [])));
    for (const endpointId of ids) {
      const seen = read.get(endpointId);
      if (!seen) {
        tally.missing++;
        if (missing.size >= MOST_ENDPOINTS) missing.clear();
        missing.set(endpointId, at);
        continue;
      }
      const { rates, change } = observe(kept.get(endpointId), seen, at);
      missing.delete(endpointId);
      take(endpointId, rates);
      tally.found++;
      await put(endpointId, rates);
      if (!change) continue;
      tally.changed++;
      const { before, after } = change;
      const effectiveFrom = new Date(change.effectiveFrom);
      events.emit({ type: "price-changed", at, endpointId, before, after, effectiveFrom });
    }
  }

  /** Asks for all that is wanted, a batch at a time; what is wanted in one breath shares a request. */
  async function run(): Promise<void> {
    await Promise.resolve();
    while (wanted.size > 0) {
      const batch = [...wanted].slice(0, BATCH);
      for (const [endpointId] of batch) wanted.delete(endpointId);
      const paused = clock.now() < pausedUntil;
      if (!paused)
        await ask(
          batch.map(([endpointId]) => endpointId),
          noTally(),
        );
      for (const [endpointId, done] of batch) {
        asking.delete(endpointId);
        done();
      }
    }
    round = undefined;
  }

  function want(endpointId: string): Promise<void> {
    const under = asking.get(endpointId);
    if (under || asking.size >= MOST_ENDPOINTS) return under ?? Promise.resolve();
    const asked = new Promise<void>((resolve) => wanted.set(endpointId, resolve));
    asking.set(endpointId, asked);
    round ??= run();
    return asked;
  }

  function isDue(endpointId: string, now: number): boolean {
    const rates = kept.get(endpointId);
    // Asked for in vain, a price is left alone for an hour, old or unknown.
    const notBefore = (missing.get(endpointId) ?? Number.NEGATIVE_INFINITY) + MISSING_FOR_MS;
    return notBefore <= now && (!rates || rates.checkedAt + maxAgeMs <= now);
  }

  async function atMost(waited: Promise<void>): Promise<void> {
    const answered = new AbortController();
    await Promise.race([waited, clock.sleep(WAIT_MS, answered.signal).catch(() => {})]);
    answered.abort();
  }

  return {
    async load() {
      const notes = await store.listNotes(KIND, clock.now());
      for (const { key, value } of notes.slice(-MOST_ENDPOINTS)) {
        const rates = readRates(value);
        if (rates) take(key, rates);
      }
    },

    freshen(endpointId, known) {
      const now = clock.now();
      if (now < pausedUntil || !isDue(endpointId, now)) return undefined;
      const asked = want(endpointId);
      return known ? undefined : atMost(asked);
    },

    async refresh(endpointIds) {
      const tally = noTally();
      const ids = [...new Set(endpointIds)].slice(0, MOST_ENDPOINTS);
      for (let at = 0; at < ids.length && tally.failure === null; at += BATCH)
        await ask(ids.slice(at, at + BATCH), tally);
      return tally;
    },

    rates: (endpointId) => kept.get(endpointId),

    async idle() {
      while (round) await round;
    },
  };
}

function noTally(): Refreshed {
  return { found: 0, changed: 0, missing: 0, failure: null };
}
