import { describe, expect, it } from "vitest";
import { hasWebhook, queryOf, readInput, readRequest, withInput, withSignal } from "../../src/wire/request.ts";

const url = "https://fal.run/fal-ai/flux/dev";

describe("a request", () => {
  it("is read from what fetch was called with", () => {
    const { signal } = new AbortController();
    const init = { method: "post", signal, headers: { "X-Name": "a" } };
    const request = readRequest([url, init])!;
    expect(request.args).toEqual([url, init]);
    expect([request.url.href, request.method, request.signal]).toEqual([url, "POST", signal]);
    expect([request.header("x-name"), request.header("x-other")]).toEqual(["a", null]);
  });

  it("is a GET without a signal where nothing else is said", () => {
    for (const input of [url, new URL(url)]) {
      const request = readRequest([input])!;
      expect([request.url.href, request.method, request.signal, request.header("x-name")]).toEqual([
        url,
        "GET",
        undefined,
        null,
      ]);
    }
  });

  it("may be a Request, over which what stands beside it counts", () => {
    const { signal } = new AbortController();
    const input = new Request(url, { method: "PUT", headers: { "x-name": "inner" } });
    const bare = readRequest([input])!;
    expect([bare.method, bare.header("x-name"), bare.signal]).toEqual(["PUT", "inner", input.signal]);
    const over = readRequest([input, { method: "PATCH", headers: { "x-name": "outer" }, signal }])!;
    expect([over.method, over.header("x-name"), over.signal]).toEqual(["PATCH", "outer", signal]);
  });

  it("names its headers in any shape and case", () => {
    const pairs: [string, string][] = [
      ["X-First", "1"],
      ["X-Name", "a"],
    ];
    for (const headers of [pairs, new Headers(pairs), Object.fromEntries(pairs)])
      expect(readRequest([url, { headers }])!.header("x-name")).toBe("a");
  });

  it("without an absolute address is none; with a proxy's it is for whom the proxy passes it on to", () => {
    expect(readRequest(["/fal-ai/flux/dev"])).toBeNull();
    const to = (address: string) => readRequest(["/proxy", { headers: { "x-fal-target-url": address } }]);
    expect(to(url)?.url.href).toBe(url);
    expect(to("nowhere")).toBeNull();
  });
});

describe("a request's input", () => {
  const input = (body: BodyInit | undefined) =>
    readInput(readRequest([url, { method: "POST", ...(body !== undefined && { body }) }])!);
  const nothing = { kind: "json", value: undefined };

  it("is nothing where there is no body, or an empty one", async () => {
    expect(await input(undefined)).toEqual(nothing);
    expect(await input("")).toEqual(nothing);
    expect(await readInput(readRequest([new Request(url, { method: "POST" })])!)).toEqual(nothing);
  });

  it("is nothing that is known of a Request whose body was read", async () => {
    const request = new Request(url, { method: "POST", body: "{}" });
    await request.text();
    expect(await readInput(readRequest([request])!)).toEqual(nothing);
  });

  it("is read from the memory of bytes", async () => {
    const bytes = new TextEncoder().encode("[1]");
    expect(await input(bytes.buffer)).toEqual({ kind: "json", value: [1] });
  });

  it("is opaque above 64 Mi characters", async () => {
    const limit = 64 * 1_048_576;
    const text = "1".padEnd(limit, " ");
    expect(await input(text)).toEqual({ kind: "json", value: 1 });
    expect(await input(`${text} `)).toEqual({ kind: "opaque" });
    expect(await input(new Blob([text]))).toEqual({ kind: "json", value: 1 });
    const longer = new Blob([text, " "]);
    let read = false;
    const watched = Object.assign(longer, {
      text: async () => {
        read = true;
        return "1";
      },
    });
    expect(await input(watched)).toEqual({ kind: "opaque" });
    expect(read).toBe(false);
  });

  it.each([
    ["n=2", 2],
    ["n=-0.5", -0.5],
    ["n=2.", "2."],
    ["n=a2", "a2"],
    ["n=2a", "2a"],
    ["n=12.34", 12.34],
    ["n=true", true],
    ["n=false", false],
    ["n=truly", "truly"],
  ])("of the query %s is %j", async (query, n) => {
    expect(await readInput(readRequest([`${url}?${query}`])!)).toEqual({ kind: "json", value: { n } });
  });
});

describe("a request's query", () => {
  const post = (query: string) => readRequest([url + query, { method: "POST" }])!;

  it("says whether fal is to call back", () => {
    expect(hasWebhook(post("?fal_webhook=https%3A%2F%2Fme"))).toBe(true);
    expect(hasWebhook(post("?webhook=https%3A%2F%2Fme"))).toBe(false);
  });

  it("counts sorted, and without who is told", () => {
    expect(queryOf(post("?b=2&fal_webhook=x&a=1"))).toBe("?a=1&b=2");
    expect(queryOf(post("?fal_webhook=x"))).toBe("");
    expect(queryOf(post(""))).toBe("");
    expect(queryOf(readRequest([`${url}?a=1`])!)).toBe("");
  });
});

it("a request may be sent with another input or signal, and all else as it was", () => {
  const init = { method: "POST", body: "{}", headers: { a: "b" } };
  const { signal } = new AbortController();
  expect(withInput(readRequest([url, init])!, { n: 1 })).toEqual([url, { ...init, body: '{"n":1}' }]);
  expect(withSignal([url, init], signal)).toEqual([url, { ...init, signal }]);
});
