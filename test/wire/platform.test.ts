import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { retryAfterMs } from "../../src/limit/retry-after.ts";
import { createPlatform, type PlatformParts } from "../../src/wire/platform.ts";
import { createVirtualClock, until } from "../limit/virtual-clock.ts";
import { streamOf } from "./pieces.ts";

const json = (body: unknown, init?: ResponseInit) => new Response(JSON.stringify(body), init);
const status = (code: number, headers: Record<string, string> = {}) => new Response("no", { status: code, headers });

/** Answers come in the order given, the last one again and again; waits between tries are over at once. */
function open(answers: (() => Response | Promise<Response>)[], rest: Partial<PlatformParts> = {}) {
  const asked: { url: URL; headers: Record<string, string> }[] = [];
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep(ms, signal) {
      // Without an answer it is too late after 15 seconds, which never pass here.
      if (ms === 15_000)
        return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const fetch: PlatformParts["fetch"] = async (input, init) => {
    asked.push({ url: new URL(String(input)), headers: init?.headers as Record<string, string> });
    return answers[Math.min(asked.length, answers.length) - 1]!();
  };
  const platform = createPlatform({ fetch, clock, credentials: "id:secret", retryAfterMs, ...rest });
  return { list: (query = {}) => platform.list("/models/things", query, "things"), asked, waits };
}

describe("a list of fal's Platform API", () => {
  it("is asked for with its query and the key, and as JSON", async () => {
    const { list, asked } = open([() => json({ things: [1, { a: 2 }] })]);
    expect(await list({ request_id: "a,b", limit: "10" })).toEqual({ kind: "listed", rows: [1, { a: 2 }] });
    expect(asked.map(({ url }) => url.href)).toEqual(["https://api.fal.ai/v1/models/things?request_id=a%2Cb&limit=10"]);
    expect(asked[0]?.headers).toEqual({ accept: "application/json", authorization: "Key id:secret" });
  });

  it("is asked for without a key where there is none", async () => {
    const { list, asked } = open([() => json({ things: [] })], { credentials: undefined });
    expect(await list()).toEqual({ kind: "listed", rows: [] });
    expect(asked[0]?.headers).toEqual({ accept: "application/json" });
  });

  it("is read page by page, as long as there is more and where to go on", async () => {
    const pages = [
      { things: [1], has_more: true, next_cursor: "b" },
      { things: [2, 3], has_more: true, next_cursor: "c" },
      { things: [4], has_more: false, next_cursor: "d" },
    ];
    const { list, asked } = open(pages.map((page) => () => json(page)));
    expect(await list()).toEqual({ kind: "listed", rows: [1, 2, 3, 4] });
    expect(asked.map(({ url }) => url.searchParams.get("cursor"))).toEqual([null, "b", "c"]);
    expect(await open([() => json({ things: [1], has_more: true })]).list()).toEqual({ kind: "listed", rows: [1] });
  });

  it("is not read for ever: not in a circle, and not beyond 100 pages", async () => {
    const circle = open([() => json({ things: [1], has_more: true, next_cursor: "b" })]);
    expect(await circle.list()).toEqual({ kind: "failed", why: "its pages go round in a circle" });
    expect(circle.asked).toHaveLength(2);
    let next = 0;
    const endless = open([() => json({ things: [1], has_more: true, next_cursor: `${next++}` })]);
    expect(await endless.list()).toEqual({ kind: "failed", why: "there are more than 100 pages" });
    expect(endless.asked).toHaveLength(100);
  });

  it.each([{}, null, [], "text", { things: { 0: 1 } }, { others: [] }])("is not in %j", async (body) => {
    expect(await open([() => json(body)]).list()).toEqual({
      kind: "failed",
      why: "the answer has no list of things",
    });
  });

  it("may be cut anywhere on its way, in the middle of a letter too", async () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ things: ["ü€😀"] }));
    const stream = () => new Response(streamOf([...bytes].map((byte) => Uint8Array.of(byte))));
    expect(await open([stream]).list()).toEqual({ kind: "listed", rows: ["ü€😀"] });
  });

  it("is too large above 32 MiB, and then no longer read", async () => {
    const limit = 32 * 1_048_576;
    const whole = JSON.stringify({ things: [] }).padEnd(limit, " ");
    expect(await open([() => new Response(whole)]).list()).toEqual({ kind: "listed", rows: [] });
    let cancelled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1_048_576)),
          cancel: () => void cancelled++,
        }),
      );
    expect(await open([endless]).list()).toEqual({ kind: "failed", why: "the answer is too large" });
    expect(cancelled).toBe(3);
  });
});

describe("a list that fal does not give", () => {
  it.each([
    [404, { kind: "not-found" }],
    [400, { kind: "refused", status: 400 }],
    [403, { kind: "refused", status: 403 }],
    [428, { kind: "refused", status: 428 }],
    [499, { kind: "refused", status: 499 }],
  ])("with %i will not come by asking again, and its body is let go", async (code, wanted) => {
    let cancelled = 0;
    const body = () => new ReadableStream({ cancel: () => void cancelled++ });
    const { list, asked } = open([() => new Response(body(), { status: code })]);
    expect(await list()).toEqual(wanted);
    expect(asked).toHaveLength(1);
    expect(cancelled).toBe(1);
  });

  it.each([429, 500, 503])("with %i is asked for three times, with a longer wait each time", async (code) => {
    const { list, asked, waits } = open([() => status(code)]);
    expect(await list()).toEqual({ kind: "failed", why: `status ${code}` });
    expect(asked).toHaveLength(3);
    expect(waits).toEqual([1_000, 2_000]);
  });

  it("at first may come the second time, after as long as fal asked to wait", async () => {
    const { list, waits } = open([() => status(429, { "retry-after": "30" }), () => json({ things: [7] })]);
    expect(await list()).toEqual({ kind: "listed", rows: [7] });
    expect(waits).toEqual([30_000]);
  });

  it("for longer than 30 seconds is not waited for", async () => {
    const { list, asked, waits } = open([() => status(429, { "retry-after": "31" })]);
    expect(await list()).toEqual({ kind: "failed", why: "status 429" });
    expect([asked.length, waits]).toEqual([1, []]);
  });

  it("because it is no JSON, or the way is broken, is asked for again", async () => {
    const { list, asked } = open([() => new Response("<html>"), () => Promise.reject(new Error("reset"))]);
    expect(await list()).toEqual({ kind: "failed", why: "reset" });
    expect(asked).toHaveLength(3);
    expect(await open([() => new Response("<html>")]).list()).toEqual({ kind: "failed", why: "the answer is no JSON" });
    expect(await open([() => new Response(null)]).list()).toEqual({ kind: "failed", why: "the answer is no JSON" });
  });

  it("within 15 seconds is given up, three times", async () => {
    const clock = createVirtualClock();
    const fetch: PlatformParts["fetch"] = (_, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    const listing = open([], { clock, fetch }).list();
    for (const ms of [15_000, 1_000, 15_000, 2_000, 15_000]) {
      await until(() => clock.sleeping === 1);
      clock.advance(ms - 1);
      expect(clock.sleeping).toBe(1);
      clock.advance(1);
      await until(() => clock.sleeping === 0 || ms !== 15_000);
    }
    expect(await listing).toEqual({ kind: "failed", why: "no answer in time" });
  });

  it("is given up when its asker is gone, and not asked for again", async () => {
    const gone = new AbortController();
    const clock = createVirtualClock();
    let asked = 0;
    const fetch: PlatformParts["fetch"] = (_, init) => {
      asked++;
      return new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    };
    const listing = open([], { clock, fetch, signal: gone.signal }).list();
    await until(() => clock.sleeping === 1);
    gone.abort(new Error("closed"));
    expect(await listing).toEqual({ kind: "failed", why: "closed" });
    expect([asked, clock.sleeping]).toEqual([1, 0]);
  });

  it("leaves nothing behind: no timer and no listener", async () => {
    const { signal } = new AbortController();
    const clock = createVirtualClock();
    const fetch: PlatformParts["fetch"] = async () => json({ things: [] });
    expect(await open([], { clock, fetch, signal }).list()).toEqual({ kind: "listed", rows: [] });
    expect(clock.sleeping).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
