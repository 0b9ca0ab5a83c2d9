/** What fal says when it does not do what was asked: the status, the body and the headers that come with it. */
export interface Refusal {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** fal's infrastructure words for its own failures (fal documentation, April 2026). */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  500: "internal_error",
  502: "runner_incomplete_response",
  503: "runner_connection_error",
  504: "request_timeout",
};

const DETAILS: Readonly<Record<number, string>> = {
  401: "Authentication is required to access this application.",
  403: "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
  404: "Application not found",
  413: "Request body too large",
  429: "Too many concurrent requests",
  500: "Internal server error",
  502: "The runner sent an incomplete response",
  503: "The runner could not be reached",
  504: "The request timed out",
};

/** The usual refusal of a status, as inference and the queue word it. */
export function refusal(status: number, detail = DETAILS[status] ?? "The request was refused"): Refusal {
  if (status === 422) return invalid("prompt", detail, "value_error");
  if (status === 429) {
    return { status, body: { detail, error_type: "concurrent_requests_limit" }, headers: { "x-fal-needs-retry": "1" } };
  }
  if (status >= 500) {
    return { status, body: { detail, error_type: ERROR_TYPES[status] ?? "internal_error" }, headers: {} };
  }
  return { status, body: { detail }, headers: {} };
}

/** A model's own refusal of one field of the input. */
export function invalid(field: string, message: string, type: string): Refusal {
  return { status: 422, body: { detail: [{ loc: ["body", field], msg: message, type }] }, headers: {} };
}

export type PlatformErrorType =
  | "validation_error"
  | "authorization_error"
  | "not_found"
  | "rate_limited"
  | "server_error";

/** A refusal as the platform API words it. */
export function platformRefusal(status: number, type: PlatformErrorType, message: string): Refusal {
  return { status, body: { error: { type, message } }, headers: {} };
}
