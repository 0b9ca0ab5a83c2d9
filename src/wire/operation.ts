import type { EndpointId, Transport } from "../call.ts";
import type { WireRequest } from "./request.ts";

/**
 * What a request asks of fal. `paid` ones may be billed; the others follow a job, carry files, or are no business of
 * the meter. Shapes of addresses as @fal-ai/client 1.10.1 builds them.
 */
export type Operation =
  | { kind: "paid"; transport: Transport; endpointId: EndpointId }
  | { kind: "status" | "statusStream" | "result" | "cancel"; requestId: string }
  /** Asks where a file may be uploaded to. */
  | { kind: "upload" }
  | { kind: "token" }
  | { kind: "other" };

const QUEUE_HOST = "queue.fal.run";
const REST_HOST = /^rest(\.[a-z-]+)?\.fal\.ai$/;
const RUN_HOST = /(^|\.)fal\.run$|\.gateway\.alpha\.fal\.ai$/;
const JOB_PATH = /\/requests\/([^/]+)(\/status|\/status\/stream|\/cancel)?$/;
const STREAM_SUFFIX = "/stream";

const JOB_VERBS: Record<string, { kind: "status" | "statusStream" | "result" | "cancel"; method: string }> = {
  "": { kind: "result", method: "GET" },
  "/status": { kind: "status", method: "GET" },
  "/status/stream": { kind: "statusStream", method: "GET" },
  "/cancel": { kind: "cancel", method: "PUT" },
};

const other: Operation = { kind: "other" };

export function operationOf(request: WireRequest): Operation {
  const { hostname, pathname } = request.url;
  if (hostname === QUEUE_HOST) return queueOperation(request.method, pathname);
  if (RUN_HOST.test(hostname)) return runOperation(request.method, pathname);
  if (REST_HOST.test(hostname)) return restOperation(request.method, pathname);
  return other;
}

function queueOperation(method: string, pathname: string): Operation {
  const [, requestId, verb = ""] = JOB_PATH.exec(pathname) ?? [];
  if (requestId === undefined) return paid(method, "queue", pathname);
  const job = JOB_VERBS[verb];
  return job && job.method === method ? { kind: job.kind, requestId: decodePath(requestId) } : other;
}

function runOperation(method: string, pathname: string): Operation {
  const path = pathname.replace(/\/+$/, "");
  return path.endsWith(STREAM_SUFFIX)
    ? paid(method, "stream", path.slice(0, -STREAM_SUFFIX.length))
    : paid(method, "run", path);
}

function restOperation(method: string, pathname: string): Operation {
  if (method !== "POST") return other;
  if (/\/storage\/upload\/initiate(-multipart)?$/.test(pathname)) return { kind: "upload" };
  if (/^\/tokens(\/|$)/.test(pathname)) return { kind: "token" };
  return other;
}

function paid(method: string, transport: Transport, pathname: string): Operation {
  const endpointId = decodePath(pathname).replace(/^\/+|\/+$/g, "");
  if (endpointId === "" || method === "HEAD" || method === "OPTIONS") return other;
  return { kind: "paid", transport, endpointId };
}

function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

const NAMESPACES = new Set(["workflows", "comfy"]);

/** `fal-ai/flux/dev` → `fal-ai/flux`: status, result and cancel addresses drop the sub-path; namespaces keep one more segment. */
export function appOf(endpointId: EndpointId): string {
  const parts = endpointId.split("/");
  return parts.slice(0, NAMESPACES.has(parts[0] ?? "") ? 3 : 2).join("/");
}

/** The addresses that fal gives with a queued job. */
export function jobUrls(endpointId: EndpointId, requestId: string) {
  const response_url = `https://${QUEUE_HOST}/${appOf(endpointId)}/requests/${encodeURIComponent(requestId)}`;
  return { response_url, status_url: `${response_url}/status`, cancel_url: `${response_url}/cancel` };
}
