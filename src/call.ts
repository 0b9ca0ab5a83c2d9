import type { Decimal, MoneyInput } from "./money.ts";

/** An endpoint as fal names it: `fal-ai/flux/dev`, `workflows/acme/poster`, `comfy/acme/upscale`. */
export type EndpointId = string;

/** Labels that costs are allocated by, such as `{ customer: "acme" }`. At most 10, keys to 64 and values to 256 characters. */
export type Tags = Readonly<Record<string, string>>;

/** How a paid request travels: a synchronous POST, a queue submit, or a server-sent event stream. */
export type Transport = "run" | "queue" | "stream";

/** What `with()` takes: it shapes the calls of one scoped client and is never sent to fal. */
export interface Scope {
  /** Merged over the meter's own tags. */
  tags?: Tags;
  /** Higher goes first among the calls waiting in a lane. @default 0 */
  priority?: number;
  /** The most that one call may be estimated to cost, in US dollars. An unknown price is refused. @default none */
  maxCost?: MoneyInput;
  /** `false` neither reads nor writes the cache; `"refresh"` buys again and replaces what was kept. @default undefined, the cache is used */
  cache?: false | "refresh";
  /** Ask for a small draft (512×512) from endpoints that take an image size. @default the mode's own */
  draft?: boolean;
}

/** fal's bill on an answer: its billed units, exactly as it sent them; `malformed` is neither a bill nor its absence. */
export type Bill = { kind: "absent" } | { kind: "malformed" } | { kind: "units"; units: Decimal; text: string };

/** A queued job's state, in fal's words. There is no FAILED: a failure is COMPLETED with an error. */
export type JobState = "IN_QUEUE" | "IN_PROGRESS" | "COMPLETED";

/** One paid request, as every room knows it. Its input is looked at, never kept. */
export interface Call {
  /** Ours, made before anything is sent; the hold and the ledger entry carry it. */
  readonly id: string;
  readonly endpointId: EndpointId;
  readonly transport: Transport;
  readonly input: unknown;
  readonly tags: Tags;
  readonly priority: number;
}

/**
 * A new id for a purchase: a UUID (version 7, RFC 9562) that sorts by time, so that a store's indexes grow at one end.
 * @param at milliseconds since the epoch
 */
export function purchaseId(at: number): string {
  const time = Math.max(0, Math.floor(at)).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

/**
 * A pattern over endpoint ids. `*` stands for any run of characters, slashes included, so `fal-ai/*` covers every
 * sub-path: a guard that covers too much is safer than one that covers too little. Anything else is literal.
 */
export type EndpointGlob = string;

/** Makes the test for a glob, or for any of several. */
export function endpointMatcher(globs: EndpointGlob | readonly EndpointGlob[]): (endpointId: EndpointId) => boolean {
  const patterns = (typeof globs === "string" ? [globs] : globs).map(
    (glob) => new RegExp(`^${glob.split("*").map(escapeRegExp).join(".*")}$`, "s"),
  );
  return (endpointId) => patterns.some((pattern) => pattern.test(endpointId));
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
