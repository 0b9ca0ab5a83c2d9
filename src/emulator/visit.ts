/** What a request asks of fal, by its address and method alone. */
export type RequestKind =
  | "run"
  | "submit"
  | "status"
  | "status-stream"
  | "result"
  | "cancel"
  | "stream"
  | "upload"
  | "media"
  | "token"
  | "keys"
  | "platform"
  | "other";

/** The kinds that buy something. */
export const PAID_KINDS: readonly RequestKind[] = ["run", "submit", "stream"];

/** One request that reached the emulator. Its body and query are not kept. */
export interface RecordedRequest {
  readonly method: string;
  /** The fal host that was asked, such as `queue.fal.run`; empty for the emulator's own addresses. */
  readonly host: string;
  readonly path: string;
  readonly kind: RequestKind;
  /** The endpoint bought or asked after; `null` where the address names none. */
  readonly endpointId: string | null;
  /** fal's id of the job; `null` where there is none. */
  readonly requestId: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** True once the request was accepted as paid work, whether or not its answer arrived. */
  readonly paid: boolean;
  /** The status answered; `null` while unanswered, and for good when the connection was dropped. */
  readonly status: number | null;
}

/** An address, read. `base` is the owner and alias that a queue address keeps of its endpoint. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly kind: RequestKind;
  readonly endpointId: string | null;
  readonly requestId: string | null;
}

/** Reads a path whose first part is a fal host, or one of the emulator's own. */
export function readAddress(method: string, pathname: string): Asked {
  const [, first = "", rest = ""] = /^\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  if (!/\.fal\.(?:run|ai|media)$|^fal\.(?:run|ai|media)$/.test(first)) return own(pathname, first);
  const plain = (kind: RequestKind): Asked => ({ host: first, path: rest, kind, endpointId: null, requestId: null });
  if (first === "queue.fal.run") return queue(method, first, rest);
  if (first === "fal.run") return inference(method, first, rest);
  if (first === "api.fal.ai") return plain("platform");
  if (first.endsWith("fal.media")) return plain("media");
  if (rest === "/.well-known/jwks.json") return plain("keys");
  if (rest.startsWith("/storage/upload/")) return plain("upload");
  return plain(rest.startsWith("/tokens") ? "token" : "other");
}

function own(path: string, first: string): Asked {
  const kind = first === "media" || first === "files" ? "media" : first === "upload" ? "upload" : "other";
  return { host: "", path, kind, endpointId: null, requestId: null };
}

function inference(method: string, host: string, path: string): Asked {
  const streamed = method === "POST" && path.endsWith("/stream");
  const endpointId = endpointOf(streamed ? path.slice(0, -"/stream".length) : path);
  const buys = endpointId !== null && (method === "POST" || method === "GET");
  return { host, path, kind: buys ? (streamed ? "stream" : "run") : "other", endpointId, requestId: null };
}

const JOB = /^(\/.+)\/requests\/([\w-]{1,128})(\/status|\/status\/stream|\/cancel)?$/;

function queue(method: string, host: string, path: string): Asked {
  const [, base = "", requestId = null, tail = ""] = JOB.exec(path) ?? [];
  if (requestId === null) {
    const endpointId = endpointOf(path);
    return { host, path, kind: endpointId !== null && method === "POST" ? "submit" : "other", endpointId, requestId };
  }
  const kinds: Readonly<Record<string, RequestKind>> = {
    "GET ": "result",
    "GET /status": "status",
    "GET /status/stream": "status-stream",
    "PUT /cancel": "cancel",
  };
  return { host, path, kind: kinds[`${method} ${tail}`] ?? "other", endpointId: endpointOf(base), requestId };
}

function endpointOf(path: string): string | null {
  const endpointId = path.replace(/^\/|\/$/g, "");
  return /^[\w.-]+(?:\/[\w.-]+)+$/.test(endpointId) ? endpointId : null;
}

/** What a queue address keeps of an endpoint: `fal-ai/flux/dev` is asked after as `fal-ai/flux`. */
export function jobBase(endpointId: string): string {
  const kept = /^(?:workflows|comfy)\//.test(endpointId) ? 3 : 2;
  return endpointId.split("/").slice(0, kept).join("/");
}

/** A request being answered: its record fills in as it goes. */
export interface Visit {
  readonly request: Request;
  readonly url: URL;
  readonly asked: Asked;
  readonly record: { -readonly [Field in keyof RecordedRequest]: RecordedRequest[Field] };
  /** What an armed fault wants the billing header to say; `undefined` when none is armed. */
  units: string | null | undefined;
}

const KEPT_MAX = 10_000;

/** Every request, newest 10,000 kept; how much paid work was accepted is counted for all. */
export class Visits {
  #kept: RecordedRequest[] = [];
  readonly #paid = new Map<string, number>();

  get requests(): readonly RecordedRequest[] {
    return this.#kept;
  }

  add(record: RecordedRequest): void {
    if (this.#kept.length >= KEPT_MAX) this.#kept = this.#kept.slice(-KEPT_MAX / 2);
    this.#kept.push(record);
  }

  accept(visit: Visit, endpointId: string, requestId: string): void {
    visit.record.paid = true;
    visit.record.requestId = requestId;
    this.#paid.set(endpointId, (this.#paid.get(endpointId) ?? 0) + 1);
  }

  paid(matches: (endpointId: string) => boolean): number {
    let count = 0;
    for (const [endpointId, accepted] of this.#paid) if (matches(endpointId)) count += accepted;
    return count;
  }
}
