import { isMeterError, StoreError, type StoreFailure } from "../errors.ts";

/** How the errors of a server begin, from the Redis documentation "Serialization protocol" and the server's own texts. */
const REASONS: readonly [RegExp, StoreFailure][] = [
  [/^(READONLY|NOREPLICAS)\b/, "read-only"],
  [/^OOM\b/, "full"],
  [/^(LOADING|BUSY|TRYAGAIN)\b/, "busy"],
  [/^(CLUSTERDOWN|MASTERDOWN|UNBLOCKED)\b/, "unreachable"],
];

/** An answer of the server: a word in capitals, then why. Anything else comes from the way there. */
const SERVER_ERROR = /^[A-Z]{2,}[A-Z0-9]* /;

/** Before version 7 the error of a whole script comes wrapped, its place told twice: the server's own word stands after this. */
const WRAPPED = /^ERR Error running script[^:]*: (@\w+: ?\d+: )+-?/;

/** Where in which script it happened helps nobody. */
const PLACE = / script: .*$/s;

/** What clients say of a connection that is not there, in the words of their options. */
const LOST = /max retries per request|isn't writeable|connection is closed|socket closed/i;

const detailMax = 200;

/**
 * Turns what a client threw into a `StoreError`; our own errors are handed on. A server's text names commands and keys of a
 * script, never the values sent; the rest of the client's error, which carries them, is left behind.
 */
export function redisFailure(store: string, error: unknown): Error {
  if (isMeterError(error)) return error;
  const text = textOf(error).replace(WRAPPED, "").replace(PLACE, "").slice(0, detailMax);
  const known = REASONS.find(([beginning]) => beginning.test(text));
  if (known) return new StoreError(store, known[1], text);
  if (SERVER_ERROR.test(text)) return new StoreError(store, "failed", text);
  return new StoreError(store, "unreachable", LOST.test(text) ? "the connection was lost" : text);
}

/** A host of several addresses, none of which answers, fails with a code and without a message. */
function textOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return (
    [message, code].find((part): part is string => typeof part === "string" && part !== "") ?? "no reason was given"
  );
}

/** The server does not know the script (yet, or any more): nothing was run. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
