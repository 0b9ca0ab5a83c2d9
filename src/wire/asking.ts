import type { Clock } from "../clock.ts";

export interface AskerParts {
  fetch: typeof fetch;
  clock: Clock;
  /** Gives up whatever is under way, once its asker is gone. */
  signal?: AbortSignal;
  /** How long an answer is waited for. @default 30 seconds */
  withinMs?: number;
}

/** Asks fal a question of the meter's own. */
export interface Asker {
  /**
   * The whole answer, whatever its status.
   * @throws the transport's own error; an Error where the answer was too late
   */
  get(url: string, credentials?: string): Promise<Response>;
}

const ANSWER_WITHIN_MS = 30_000;

export function createAsker({ fetch, clock, signal, withinMs = ANSWER_WITHIN_MS }: AskerParts): Asker {
  return {
    async get(url, credentials) {
      const late = new AbortController();
      const done = new AbortController();
      const giveUp = () => late.abort(signal?.reason);
      if (signal?.aborted) giveUp();
      signal?.addEventListener("abort", giveUp);
      clock.sleep(withinMs, done.signal).then(
        () => late.abort(new Error("no answer in time")),
        () => {},
      );
      const headers: Record<string, string> = { accept: "application/json" };
      if (credentials) headers.authorization = `Key ${credentials}`;
      try {
        const response = await fetch(url, { method: "GET", headers, signal: late.signal });
        const body = await response.arrayBuffer();
        const { status, statusText, headers: answered } = response;
        return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers: answered });
      } finally {
        done.abort();
        signal?.removeEventListener("abort", giveUp);
      }
    },
  };
}
