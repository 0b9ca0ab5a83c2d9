/** fal's Platform API, for reading: every question is bounded in time, size, pages and tries, and none of them throws. */
import type { Clock } from "../clock.ts";
import { describeFailure } from "../errors.ts";

/** What a list came to. `failed` may pass by itself; `refused` will not. */
export type Listing =
  | { kind: "listed"; rows: unknown[] }
  /** One of the ids asked for is unknown (fal's Platform API spec). */
  | { kind: "not-found" }
  | { kind: "refused"; status: number }
  | { kind: "failed"; why: string };

export interface Platform {
  /** All pages of one list: the rows under `name`. */
  list(path: string, query: Readonly<Record<string, string>>, name: string): Promise<Listing>;
}

export interface PlatformParts {
  fetch: typeof fetch;
  clock: Clock;
  /** A fal key, as `id:secret`; without one fal refuses. */
  credentials: string | undefined;
  /** How long an answer asks to wait, from its `Retry-After`. */
  retryAfterMs(header: string | null, now: number): number | null;
  /** Gives up whatever is under way, once its asker is gone. */
  signal?: AbortSignal;
}

const ORIGIN = "https://api.fal.ai/v1";
const TRIES = 3;
const FIRST_WAIT_MS = 1_000;
/** A longer wait is not waited for: the question is asked again another day. */
const LONGEST_WAIT_MS = 30_000;
const ANSWER_WITHIN_MS = 15_000;
const MOST_PAGES = 100;
const MOST_BYTES = 32 * 1_048_576;

type Page = { kind: "page"; body: unknown } | Exclude<Listing, { kind: "listed" }>;

export function createPlatform({ fetch, clock, credentials, retryAfterMs, signal }: PlatformParts): Platform {
  async function page(url: URL): Promise<Page> {
    let failed: Page = { kind: "failed", why: "never asked" };
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const tried = await once(url);
      if (tried.page.kind !== "failed") return tried.page;
      failed = tried.page;
      const wait = tried.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (attempt - 1);
      if (attempt === TRIES || wait > LONGEST_WAIT_MS || signal?.aborted) return failed;
      await clock.sleep(wait, signal).catch(() => {});
    }
    return failed;
  }

  async function once(url: URL): Promise<{ page: Page; retryAfterMs: number | null }> {
    const late = new AbortController();
    const answered = new AbortController();
    const giveUp = () => late.abort(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    clock.sleep(ANSWER_WITHIN_MS, answered.signal).then(
      () => late.abort(new Error("no answer in time")),
      () => {},
    );
    try {
      const headers: Record<string, string> = { accept: "application/json" };
      if (credentials) headers.authorization = `Key ${credentials}`;
      const response = await fetch(url.href, { headers, signal: late.signal });
      const wait = retryAfterMs(response.headers.get("retry-after"), clock.now());
      if (response.ok) return { page: read(await textOf(response)), retryAfterMs: null };
      // Where somebody else holds a copy of the answer, cancelling ends only once that one is read.
      response.body?.cancel().catch(() => {});
      return { page: refusalOf(response.status), retryAfterMs: wait };
    } catch (failure) {
      return { page: { kind: "failed", why: describeFailure(failure) }, retryAfterMs: null };
    } finally {
      answered.abort();
      signal?.removeEventListener("abort", giveUp);
    }
  }

  return {
    async list(path, query, name) {
      const rows: unknown[] = [];
      const url = new URL(ORIGIN + path);
      for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const answer = await page(url);
        if (answer.kind !== "page") return answer;
        const body = (answer.body ?? {}) as Record<string, unknown>;
        const { [name]: found, has_more: more, next_cursor: cursor } = body;
        if (!Array.isArray(found)) return { kind: "failed", why: `the answer has no list of ${name}` };
        for (const row of found as unknown[]) rows.push(row);
        if (more !== true || typeof cursor !== "string") return { kind: "listed", rows };
        if (url.searchParams.get("cursor") === cursor) return { kind: "failed", why: "its pages go round in a circle" };
        url.searchParams.set("cursor", cursor);
      }
      return { kind: "failed", why: `there are more than ${MOST_PAGES} pages` };
    },
  };
}

function refusalOf(status: number): Page {
  if (status === 404) return { kind: "not-found" };
  if (status === 429 || status >= 500) return { kind: "failed", why: `status ${status}` };
  return { kind: "refused", status };
}

function read(text: string | null): Page {
  if (text === null) return { kind: "failed", why: "the answer is too large" };
  try {
    return { kind: "page", body: JSON.parse(text) as unknown };
  } catch {
    return { kind: "failed", why: "the answer is no JSON" };
  }
}

async function textOf(response: Response): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) return text + decoder.decode();
    bytes += piece.value.byteLength;
    if (bytes > MOST_BYTES) {
      await reader?.cancel();
      return null;
    }
    text += decoder.decode(piece.value, { stream: true });
  }
}
