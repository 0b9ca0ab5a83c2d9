import type { Scope, Transport } from "../call.ts";
import { MEDIA_LIFE_MS, type ResolvedCache } from "./options.ts";

/**
 * May this call be answered from what was bought, joined to one under way, and kept?
 *
 * `cacheable` is all three (a scope with `cache: "refresh"` leaves out the reading). Everything else is none of them, and
 * says why not:
 * `off` no cache is configured · `bypassed` the scope said `cache: false` · `method` not a POST · `stream` told in pieces ·
 * `webhook` fal must call it, so fal must get the job · `not-json` the body cannot be compared · `private` the request asks
 * fal not to keep its contents, or sets who may see the media · `unseeded` no seed, so the caller may want another answer
 * each time.
 */
export type Cacheability =
  | "cacheable"
  | "off"
  | "bypassed"
  | "method"
  | "stream"
  | "webhook"
  | "not-json"
  | "private"
  | "unseeded";

/** What is asked of a request to decide that. */
export interface CacheQuestion {
  transport: Transport;
  method: string;
  /** The body: parsed JSON (`undefined` when empty), or something that is no JSON. */
  input: { kind: "json"; value: unknown } | { kind: "opaque" };
  /** Looks a request header up by its lower-case name. */
  header(name: string): string | null;
  /** Whether fal was given a webhook to call. */
  webhook: boolean;
  scope: Pick<Scope, "cache">;
}

const LIFECYCLE = "x-fal-object-lifecycle-preference";

export function cacheability(question: CacheQuestion, cache: ResolvedCache | null): Cacheability {
  const { transport, method, input, webhook, scope } = question;
  if (cache === null) return "off";
  if (scope.cache === false) return "bypassed";
  if (method.toUpperCase() !== "POST") return "method";
  if (transport === "stream") return "stream";
  if (webhook) return "webhook";
  if (input.kind === "opaque") return "not-json";
  if (question.header("x-fal-store-io") === "0" || mediaLifeMs(question.header(LIFECYCLE)) === "unread")
    return "private";
  if (!cache.unseeded && !hasSeed(input.value)) return "unseeded";
  return "cacheable";
}

/**
 * How long an answer may be kept, in milliseconds, counted from when its call was sent: the media is younger than that.
 * The ttl, but no longer than the media lives: seven days (fal documentation, April 2026), or what the request's
 * `X-Fal-Object-Lifecycle-Preference` header asked for. 0, do not keep, when that header cannot be understood.
 */
export function lifetime(ttlMs: number, lifecycleHeader: string | null): number {
  const lifeMs = mediaLifeMs(lifecycleHeader);
  return lifeMs === "unread" ? 0 : Math.min(ttlMs, lifeMs);
}

/** `unread` when the header says more than how long: who may see the media is part of the answer, and not ours to share. */
function mediaLifeMs(lifecycleHeader: string | null): number | "unread" {
  if (lifecycleHeader === null) return MEDIA_LIFE_MS;
  const preference = parsed(lifecycleHeader);
  if (typeof preference !== "object" || preference === null || Array.isArray(preference)) return "unread";
  const { expiration_duration_seconds: seconds, ...more } = preference as Record<string, unknown>;
  if (Object.keys(more).length > 0) return "unread";
  if (seconds === undefined || seconds === null) return MEDIA_LIFE_MS;
  return typeof seconds === "number" && seconds > 0 ? Math.min(MEDIA_LIFE_MS, seconds * 1000) : "unread";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A whole number from 0 up. -1, null and "random" ask for a random one. Above 2⁵³ JSON.parse rounds, and two seeds would
 * look like one.
 */
function hasSeed(input: unknown): boolean {
  if (typeof input !== "object" || input === null) return false;
  const { seed } = input as { seed?: unknown };
  return Number.isSafeInteger(seed) && (seed as number) >= 0;
}
