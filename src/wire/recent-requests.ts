import type { EndpointId } from "../call.ts";

/** One row of `GET /models/requests/by-endpoint` (fal's Platform API spec); an ordinary key may ask. */
export interface RecentRequest {
  requestId: string;
  /** When fal got it, or else when it began to work on it; milliseconds since the epoch. */
  at: number;
  /** How long it was worked on; `null` while it is, and where fal does not say. */
  seconds: number | null;
  /** What its answer's status was; `null` while there is none. */
  status: number | null;
  /** What was asked; `undefined` where fal was told to keep nothing. */
  input: unknown;
  /** What was answered, where fal lists it. */
  output: unknown;
}

export const RECENT_REQUESTS = { path: "/models/requests/by-endpoint", rows: "items" } as const;

const LONGEST_REQUEST_ID = 200;

/** `null` for a row that names no request or no time. */
export function readRecentRequest(row: unknown): RecentRequest | null {
  const fields = (row ?? {}) as Record<string, unknown>;
  const { request_id: requestId, status_code: status } = fields;
  const [sentAt, startedAt, endedAt] = [fields.sent_at, fields.started_at, fields.ended_at].map(timeOf);
  const at = sentAt ?? startedAt ?? null;
  if (typeof requestId !== "string" || requestId === "" || requestId.length > LONGEST_REQUEST_ID || at === null)
    return null;
  const worked = startedAt != null && endedAt != null && endedAt >= startedAt;
  return {
    requestId,
    at,
    seconds: worked ? (endedAt - startedAt) / 1000 : null,
    status: typeof status === "number" && Number.isInteger(status) && status >= 100 && status <= 599 ? status : null,
    input: fields.json_input,
    output: fields.json_output,
  };
}

function timeOf(value: unknown): number | null {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/** The question for one endpoint's requests in a span of time, or for one of them by its id. */
export function recentRequestsQuestion(
  endpointId: EndpointId,
  { from, until }: { from: number; until: number },
  requestId?: string,
): Record<string, string> {
  return {
    endpoint_id: endpointId,
    start: new Date(from).toISOString(),
    end: new Date(until).toISOString(),
    expand: "payloads",
    ...(requestId !== undefined && { request_id: requestId }),
  };
}
