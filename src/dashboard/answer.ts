/** How the dashboard answers: the headers of everything it sends. */

/**
 * The page runs its own script and style and nothing else, sends to nobody, and is framed by nobody. Nothing inline is
 * allowed, so text that came to stand in the page as markup would still do nothing.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const GUARDS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Why something was not answered. */
export type Refusal =
  | "wrong-host"
  | "token-needed"
  | "read-only"
  | "not-found"
  | "bad-request"
  | "no-ledger"
  | "ledger-failed"
  | "too-many-listeners"
  | "failed";

/** An answer with the guards on it. Nothing is kept by a cache unless it says so itself. */
export function answer(body: BodyInit | null, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(body, { status, headers: { "cache-control": "no-store", ...GUARDS, ...headers } });
}

/** Amounts are decimal strings already; a Decimal or a Date that is left writes itself as one. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return answer(JSON.stringify(value), status, { "content-type": "application/json; charset=utf-8", ...headers });
}

export function refused(
  status: number,
  kind: Refusal,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return json({ error: { kind, message } }, status, headers);
}

export function html(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return answer(text, status, { "content-type": "text/html; charset=utf-8", ...headers });
}
