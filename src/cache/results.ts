import { LRUCache } from "lru-cache";
import { endpointMatcher } from "../call.ts";
import type { Clock } from "../clock.ts";
import type { Store, StoredResult } from "../store/store.ts";
import type { ResolvedCache } from "./options.ts";

/** Whether an answer was kept, and if not, why: `failed` is a status that is no 2xx, `expired` would end before it began. */
export type Kept = "kept" | "failed" | "too-large" | "expired";

export type ResultSelector = { key: string } | { requestId: string };

/** Which results to forget: all of the given must match; none given matches every result. */
export type InvalidationQuery = Parameters<Store["deleteResults"]>[0];

/** Answers already bought: this process's memory in front of the store. */
export interface Results {
  /** The answer, as the caller's own copy. @throws StoreError when the store had to be asked and could not be. */
  get(by: ResultSelector): Promise<StoredResult | undefined>;
  /** Keeps a copy. @throws StoreError when it could not be written; then memory does not have it either. */
  put(result: StoredResult): Promise<Kept>;
  /** Forgets results in both tiers; answers how many went. */
  invalidate(query: InvalidationQuery): Promise<number>;
}

/** How long this process trusts its memory without asking the store, in milliseconds. */
const TRUSTED_MS = 1000;

/** What an entry takes besides its body, roughly, in bytes. */
const OVERHEAD_BYTES = 256;

interface Remembered {
  result: StoredResult;
  seenAt: number;
}

/**
 * Gotcha: what another process invalidates or replaces, this one may still give out for up to one second; what this process
 * itself invalidates is gone at once. A hit within that second does not touch the store. Without `persist` the store is
 * never touched.
 */
export function createResults(
  cache: ResolvedCache,
  store: Pick<Store, "putResult" | "getResult" | "deleteResults">,
  clock: Clock,
): Results {
  const keyOfRequest = new Map<string, string>();
  const memory = new LRUCache<string, Remembered>({
    max: cache.maxEntries,
    maxSize: cache.maxBytes,
    sizeCalculation: ({ result }) => result.body.byteLength + OVERHEAD_BYTES,
    dispose: ({ result }, key) => {
      if (keyOfRequest.get(result.requestId) === key) keyOfRequest.delete(result.requestId);
    },
  });
  /** Counts changes, so that an answer read from the store before a change is not remembered after it. */
  let changes = 0;

  const remember = (result: StoredResult) => {
    memory.set(result.key, { result, seenAt: clock.now() });
    // One from a process with more room may be too large for this one's.
    if (memory.has(result.key)) keyOfRequest.set(result.requestId, result.key);
  };
  const recall = (key: string | undefined): StoredResult | undefined => {
    const remembered = key === undefined ? undefined : memory.get(key);
    if (!remembered) return undefined;
    const now = clock.now();
    const trusted = !cache.persist || (now >= remembered.seenAt && now - remembered.seenAt < TRUSTED_MS);
    return trusted && remembered.result.expiresAt > now ? remembered.result : undefined;
  };

  return {
    async get(by) {
      // An answer that came without a request id is nobody's by that name.
      if ("requestId" in by && by.requestId === "") return undefined;
      const key = "key" in by ? by.key : keyOfRequest.get(by.requestId);
      const remembered = recall(key);
      if (remembered || !cache.persist) return remembered && ownCopy(remembered);
      const changesBefore = changes;
      const stored = await store.getResult(by, clock.now());
      if (stored && changes === changesBefore) remember(stored);
      return stored && ownCopy(stored);
    },

    async put(result) {
      if (result.status < 200 || result.status >= 300) return "failed";
      if (result.body.byteLength > cache.maxBytes / 4) return "too-large";
      if (result.expiresAt <= clock.now()) return "expired";
      const own = ownCopy(result);
      if (cache.persist) await store.putResult(own);
      changes++;
      remember(own);
      return "kept";
    },

    async invalidate(query) {
      if (!cache.persist) return forget(memory, query);
      try {
        return await store.deleteResults(query);
      } finally {
        changes++;
        memory.clear();
      }
    },
  };
}

function forget(memory: LRUCache<string, Remembered>, { endpoint, tag, key }: InvalidationQuery): number {
  const isEndpoint = endpoint === undefined ? () => true : endpointMatcher(endpoint);
  let count = 0;
  for (const { result } of [...memory.values()]) {
    if (key !== undefined && result.key !== key) continue;
    if (tag && result.tags[tag.name] !== tag.value) continue;
    if (isEndpoint(result.endpointId) && memory.delete(result.key)) count++;
  }
  return count;
}

/** fal's answer as it is kept. */
export function answerToKeep(
  of: Pick<StoredResult, "key" | "requestId" | "endpointId" | "tags" | "transport" | "cost">,
  { status, headers }: Response,
  body: Uint8Array,
  life: { storedAt: number; lifetimeMs: number },
): StoredResult {
  const { key, requestId, endpointId, tags, transport, cost } = of;
  const { storedAt, lifetimeMs } = life;
  const contentType = headers.get("content-type") ?? "application/octet-stream";
  const expiresAt = storedAt + lifetimeMs;
  return { key, requestId, endpointId, tags, transport, status, contentType, body, cost, storedAt, expiresAt };
}

/** A copy that shares nothing mutable with the original. */
export function ownCopy(result: StoredResult): StoredResult {
  return { ...result, tags: { ...result.tags }, body: result.body.slice() };
}

/** The statuses that a Response may not have a body with. */
const BODILESS = [204, 205];

/**
 * The stored answer as fal gave it: status, content type, body and `x-fal-request-id`. Never `x-fal-billable-units`, for
 * nothing is billed this time. Each call makes a Response of its own.
 */
export function toResponse(result: StoredResult): Response {
  const headers = new Headers();
  if (result.contentType !== "") headers.set("content-type", result.contentType);
  if (result.requestId !== "") headers.set("x-fal-request-id", result.requestId);
  const body = BODILESS.includes(result.status) ? null : result.body.slice();
  return new Response(body, { status: result.status, headers });
}
