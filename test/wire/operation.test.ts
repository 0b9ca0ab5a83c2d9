import { describe, expect, it } from "vitest";
import { appOf, jobUrls, operationOf } from "../../src/wire/operation.ts";
import { readInput, readRequest } from "../../src/wire/request.ts";

const operation = (method: string, url: string, headers: Record<string, string> = {}) =>
  operationOf(readRequest([url, { method, headers }])!);

describe("what a request asks of fal", () => {
  it.each([
    ["POST", "https://fal.run/fal-ai/flux/dev", { kind: "paid", transport: "run", endpointId: "fal-ai/flux/dev" }],
    ["POST", "https://fal.run/fal-ai/flux/dev/", { kind: "paid", transport: "run", endpointId: "fal-ai/flux/dev" }],
    [
      "GET",
      "https://fal.run/fal-ai/flux/dev?prompt=a",
      { kind: "paid", transport: "run", endpointId: "fal-ai/flux/dev" },
    ],
    [
      "POST",
      "https://fal.run/fal-ai/any-llm/stream",
      { kind: "paid", transport: "stream", endpointId: "fal-ai/any-llm" },
    ],
    [
      "POST",
      "https://fal.run/workflows/acme/poster",
      { kind: "paid", transport: "run", endpointId: "workflows/acme/poster" },
    ],
    [
      "POST",
      "https://queue.fal.run/fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fme",
      { kind: "paid", transport: "queue", endpointId: "fal-ai/flux/dev" },
    ],
    [
      "GET",
      "https://queue.fal.run/fal-ai/flux/dev?prompt=a",
      { kind: "paid", transport: "queue", endpointId: "fal-ai/flux/dev" },
    ],
    ["GET", "https://queue.fal.run/fal-ai/flux/requests/r-1/status?logs=1", { kind: "status", requestId: "r-1" }],
    ["GET", "https://queue.fal.run/fal-ai/flux/requests/r-1/status/stream", { kind: "statusStream", requestId: "r-1" }],
    ["GET", "https://queue.fal.run/fal-ai/flux/requests/r-1", { kind: "result", requestId: "r-1" }],
    ["PUT", "https://queue.fal.run/comfy/acme/upscale/requests/r-1/cancel", { kind: "cancel", requestId: "r-1" }],
    ["POST", "https://rest.fal.ai/storage/upload/initiate?storage_type=fal-cdn-v3", { kind: "upload" }],
    ["POST", "https://rest.fal.ai/storage/upload/initiate-multipart?storage_type=fal-cdn-v3", { kind: "upload" }],
    ["POST", "https://rest.fal.ai/tokens/", { kind: "token" }],
    ["GET", "https://v3.fal.media/files/a.png", { kind: "other" }],
    ["GET", "https://api.fal.ai/v1/models/pricing", { kind: "other" }],
    ["POST", "https://example.com/fal-ai/flux/dev", { kind: "other" }],
    ["POST", "https://evil-fal.run.example.com/fal-ai/flux", { kind: "other" }],
    ["OPTIONS", "https://fal.run/fal-ai/flux/dev", { kind: "other" }],
    ["DELETE", "https://queue.fal.run/fal-ai/flux/requests/r-1", { kind: "other" }],
    ["HEAD", "https://fal.run/fal-ai/flux/dev", { kind: "other" }],
    ["POST", "https://fal.run/", { kind: "other" }],
    ["POST", "https://queue.fal.run//", { kind: "other" }],
    ["POST", "https://fal.run//a//", { kind: "paid", transport: "run", endpointId: "a" }],
    ["POST", "https://queue.fal.run//a//", { kind: "paid", transport: "queue", endpointId: "a" }],
    ["POST", "https://fal.run/a/stream//", { kind: "paid", transport: "stream", endpointId: "a" }],
    ["POST", "https://fal.run/a%20b", { kind: "paid", transport: "run", endpointId: "a b" }],
    ["POST", "https://fal.run/a%E0", { kind: "paid", transport: "run", endpointId: "a%E0" }],
    ["POST", "https://eu.fal.run/a", { kind: "paid", transport: "run", endpointId: "a" }],
    ["POST", "https://1-app.gateway.alpha.fal.ai/a", { kind: "paid", transport: "run", endpointId: "a" }],
    ["POST", "https://1-app.gateway.alpha.fal.ai.example.com/a", { kind: "other" }],
    ["POST", "https://fal.run.example.com/a", { kind: "other" }],
    ["POST", "https://notfal.run/a", { kind: "other" }],
    ["GET", "https://queue.fal.run/a/b/requests/r%2F1", { kind: "result", requestId: "r/1" }],
    ["POST", "https://queue.fal.run/a/b/requests/r-1/status", { kind: "other" }],
    ["GET", "https://queue.fal.run/a/b/requests/r-1/cancel", { kind: "other" }],
    [
      "POST",
      "https://queue.fal.run/a/requests/r-1/more",
      { kind: "paid", transport: "queue", endpointId: "a/requests/r-1/more" },
    ],
    ["POST", "https://rest.alpha.fal.ai/storage/upload/initiate", { kind: "upload" }],
    ["POST", "https://rest.fal.ai/tokens", { kind: "token" }],
    ["GET", "https://rest.fal.ai/tokens", { kind: "other" }],
    ["POST", "https://rest.fal.ai/tokens-of-love", { kind: "other" }],
    ["POST", "https://rest.fal.ai/v1/tokens", { kind: "other" }],
    ["POST", "https://rest.fal.ai/storage/upload/initiate/more", { kind: "other" }],
    ["POST", "https://rest.fal.ai.example.com/tokens", { kind: "other" }],
    ["POST", "https://my-rest.fal.ai/tokens", { kind: "other" }],
  ])("%s %s", (method, url, wanted) => {
    expect(operation(method, url)).toEqual(wanted);
  });

  it("looks behind a proxy for the real address", () => {
    const headers = { "X-Fal-Target-Url": "https://queue.fal.run/fal-ai/flux/dev" };
    expect(operation("POST", "https://my.app/api/fal/proxy", headers)).toEqual({
      kind: "paid",
      transport: "queue",
      endpointId: "fal-ai/flux/dev",
    });
  });

  it("reads a Request object and every shape of headers", () => {
    const target = "https://fal.run/fal-ai/flux/dev";
    for (const headers of [
      new Headers({ "x-fal-target-url": target }),
      [["x-fal-target-url", target]] as [string, string][],
    ]) {
      expect(operationOf(readRequest(["https://my.app/proxy", { method: "post", headers }])!)).toMatchObject({
        kind: "paid",
        transport: "run",
      });
    }
    expect(operationOf(readRequest([new Request(target, { method: "POST", body: "{}" })])!)).toMatchObject({
      kind: "paid",
    });
  });
});

describe("the addresses of a job", () => {
  it("drop the sub-path, and namespaces keep one more segment", () => {
    expect(appOf("fal-ai/flux/dev")).toBe("fal-ai/flux");
    expect(appOf("workflows/acme/poster/v2")).toBe("workflows/acme/poster");
    expect(appOf("comfy/acme/upscale/v2")).toBe("comfy/acme/upscale");
    expect(jobUrls("a/b", "r/1").response_url).toBe("https://queue.fal.run/a/b/requests/r%2F1");
    expect(jobUrls("fal-ai/flux-pro/v1.1", "r-1")).toEqual({
      response_url: "https://queue.fal.run/fal-ai/flux-pro/requests/r-1",
      status_url: "https://queue.fal.run/fal-ai/flux-pro/requests/r-1/status",
      cancel_url: "https://queue.fal.run/fal-ai/flux-pro/requests/r-1/cancel",
    });
  });
});

describe("the input of a paid request", () => {
  const url = "https://fal.run/fal-ai/flux/dev";
  const input = (body: RequestInit["body"]) => readInput(readRequest([url, { method: "POST", body: body ?? null }])!);

  it("is its JSON, from text, bytes, a Blob or a Request", async () => {
    const wanted = { kind: "json", value: { num_images: 2 } };
    const text = '{"num_images":2}';
    expect(await input(text)).toEqual(wanted);
    expect(await input(new TextEncoder().encode(text))).toEqual(wanted);
    expect(await input(new Blob([text]))).toEqual(wanted);
    const request = new Request(url, { method: "POST", body: text });
    expect(await readInput(readRequest([request])!)).toEqual(wanted);
    expect(await request.text()).toBe(text);
  });

  it("is its query on a GET, with numbers and booleans read back and the webhook left out", async () => {
    const request = readRequest([`${url}?num_images=2&sync_mode=true&prompt=4k&fal_webhook=https://me`])!;
    expect(await readInput(request)).toEqual({ kind: "json", value: { num_images: 2, sync_mode: true, prompt: "4k" } });
  });

  it("is opaque where reading would disturb it or it is no JSON", async () => {
    expect(await input("{")).toEqual({ kind: "opaque" });
    expect(await input(new FormData())).toEqual({ kind: "opaque" });
    const stream = new Blob(["{}"]).stream();
    expect(await readInput(readRequest([url, { method: "POST", body: stream }])!)).toEqual({ kind: "opaque" });
    expect(stream.locked).toBe(false);
  });
});
