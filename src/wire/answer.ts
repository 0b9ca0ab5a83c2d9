import type { Bill, JobState } from "../call.ts";
import { decimal } from "../money.ts";

/** fal's bill, on the answer of run and stream and on the queue's result (fal's client source and recorded exchanges, April 2026). */
const BILLABLE_UNITS_HEADER = "x-fal-billable-units";
const REQUEST_ID_HEADER = "x-fal-request-id";

/** Plain decimals with as much float noise as fal prints (`"8.439999999999998"`); signs, exponents and words are no bill. */
const UNITS = /^\d{1,15}(\.\d{1,30})?$/;

export function billOf(headers: Headers): Bill {
  const text = headers.get(BILLABLE_UNITS_HEADER)?.trim();
  if (text === undefined) return { kind: "absent" };
  return UNITS.test(text) ? { kind: "units", units: decimal(text), text } : { kind: "malformed" };
}

/** Request ids longer than this are no ids. */
const LONGEST_REQUEST_ID = 200;

export function requestIdOf(headers: Headers): string | null {
  const id = headers.get(REQUEST_ID_HEADER) ?? "";
  return id !== "" && id.length <= LONGEST_REQUEST_ID ? id : null;
}

/** The request id in the answer to a submit; `null` where the answer is not what fal sends. */
export function submittedId(body: unknown): string | null {
  const id = (body as { request_id?: unknown } | null)?.request_id;
  return typeof id === "string" && id !== "" && id.length <= LONGEST_REQUEST_ID ? id : null;
}

/** What a status answer says: the state, and how long the model worked once it is done. */
export function jobStatus(body: unknown): { state: JobState; inferenceSeconds: number | null } | null {
  const { status, metrics } = (body ?? {}) as { status?: unknown; metrics?: { inference_time?: unknown } };
  if (status !== "IN_QUEUE" && status !== "IN_PROGRESS" && status !== "COMPLETED") return null;
  const time = metrics?.inference_time;
  return {
    state: status,
    inferenceSeconds: typeof time === "number" && time >= 0 && Number.isFinite(time) ? time : null,
  };
}

/** True for the status of a job that ended because it was cancelled while it waited. */
export function isCancelled(body: unknown): boolean {
  const { status, error, error_type: type } = (body ?? {}) as Record<"status" | "error" | "error_type", unknown>;
  return status === "COMPLETED" && [error, type].some((text) => typeof text === "string" && /cancell?ed/i.test(text));
}

/** True for an answer that fal's model or runner gave, rather than something on the way to it. */
export function isExplained(body: unknown): boolean {
  return typeof body === "object" && body !== null && "detail" in body;
}

/** `undefined` where the bytes are no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

export function isJson(response: Response): boolean {
  return (response.headers.get("content-type") ?? "").includes("application/json");
}

/** Whether an answer is worth giving again: one that broke off, or says JSON and is none, would fail everyone who got it. */
export function isWholeJson(response: Response, body: Uint8Array): boolean {
  return isJson(response) && parseJson(body) !== undefined;
}

/** An answer of our own, in fal's form. */
export function jsonAnswer(body: unknown, status: number, requestId?: string): Response {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (requestId) headers[REQUEST_ID_HEADER] = requestId;
  return new Response(JSON.stringify(body), { status, headers });
}

/** One server-sent event and the end, as a status stream of a finished job sends it. */
export function eventAnswer(body: unknown): Response {
  return new Response(`data: ${JSON.stringify(body)}\n\n`, { headers: { "content-type": "text/event-stream" } });
}
