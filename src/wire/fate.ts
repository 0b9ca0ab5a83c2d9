/**
 * Failures that prove that a request never reached fal: no connection, no name, no route. Only after these may a paid
 * request be sent again. Everything else (a reset, a closed socket, a time-out on headers) may have bought something.
 */
const NEVER_ARRIVED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_INVALID_URL",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** `fetch` itself refuses some ports before it connects, and gives no code for it (WHATWG fetch, "bad port"). */
const REFUSED_BY_FETCH = "bad port";

export type Fate = "never-arrived" | "unknown";

/** What a failed `fetch` proves. Reads the codes along the causes; of several attempts, all must prove it. */
export function fateOf(failure: unknown): Fate {
  return provesAbsence(failure, 0) ? "never-arrived" : "unknown";
}

/** Causes nest two or three deep; more is a loop. */
const DEEPEST_CAUSE = 8;

function provesAbsence(failure: unknown, depth: number): boolean {
  if (typeof failure !== "object" || failure === null || depth > DEEPEST_CAUSE) return false;
  const { code, cause, errors, message } = failure as {
    code?: unknown;
    cause?: unknown;
    errors?: unknown;
    message?: unknown;
  };
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => provesAbsence(each, depth + 1));
  if (typeof code === "string") return NEVER_ARRIVED.has(code);
  if (message === REFUSED_BY_FETCH) return true;
  return provesAbsence(cause, depth + 1);
}
