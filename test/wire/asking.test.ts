import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { createAsker } from "../../src/wire/asking.ts";
import { createVirtualClock, until } from "../limit/virtual-clock.ts";

const url = "https://queue.fal.run/fal-ai/flux/requests/r-1";

/** Never answers; fails when it is given up. */
const silent: typeof fetch = (_, init) =>
  new Promise((_, reject) => {
    const fail = () => reject(init?.signal?.reason);
    if (init?.signal?.aborted) fail();
    init?.signal?.addEventListener("abort", fail);
  });

describe("a question of the meter's own", () => {
  it("is a GET for JSON, with the key where there is one", async () => {
    const asked: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      asked.push([input, init?.method, init?.headers]);
      return new Response("{}");
    };
    const asker = createAsker({ fetch, clock: createVirtualClock() });
    await asker.get(url);
    await asker.get(url, "id:secret");
    expect(asked).toEqual([
      [url, "GET", { accept: "application/json" }],
      [url, "GET", { accept: "application/json", authorization: "Key id:secret" }],
    ]);
  });

  it("is answered with all of the answer, whatever its status, and no body for none", async () => {
    const answers = [
      new Response('{"a":1}', { status: 422, statusText: "No", headers: { "x-fal-billable-units": "2" } }),
      new Response(null, { status: 204 }),
    ];
    const asker = createAsker({ fetch: async () => answers.shift()!, clock: createVirtualClock() });
    const answer = await asker.get(url);
    expect([answer.status, answer.statusText, answer.headers.get("x-fal-billable-units")]).toEqual([422, "No", "2"]);
    expect(await answer.json()).toEqual({ a: 1 });
    expect((await asker.get(url)).body).toBeNull();
  });

  it("is given up after 30 seconds, while the answer is on its way too", async () => {
    const slow: typeof fetch = async (_, init) =>
      new Response(
        new ReadableStream({
          start: (controller) => init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason)),
        }),
      );
    for (const fetch of [silent, slow]) {
      const clock = createVirtualClock();
      const answer = createAsker({ fetch, clock }).get(url);
      const failure = expect(answer).rejects.toThrow("no answer in time");
      await until(() => clock.sleeping === 1);
      clock.advance(29_999);
      expect(clock.sleeping).toBe(1);
      clock.advance(1);
      await failure;
    }
  });

  it("is given up with its asker, be that before or while it is asked", async () => {
    const before = AbortSignal.abort(new Error("closed before"));
    await expect(createAsker({ fetch: silent, clock: createVirtualClock(), signal: before }).get(url)).rejects.toThrow(
      "closed before",
    );
    const closing = new AbortController();
    const clock = createVirtualClock();
    const failure = expect(createAsker({ fetch: silent, clock, signal: closing.signal }).get(url)).rejects.toThrow(
      "closed meanwhile",
    );
    await until(() => clock.sleeping === 1);
    closing.abort(new Error("closed meanwhile"));
    await failure;
  });

  it("leaves nothing behind: no timer and no listener", async () => {
    const { signal } = new AbortController();
    const clock = createVirtualClock();
    await createAsker({ fetch: async () => new Response("{}"), clock, signal }).get(url);
    await expect(
      createAsker({ fetch: () => Promise.reject(new Error("reset")), clock, signal }).get(url),
    ).rejects.toThrow("reset");
    expect(clock.sleeping).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
