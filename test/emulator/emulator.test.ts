import { connect } from "node:net";
import { createFalClient } from "@fal-ai/client";
import { expect, onTestFinished, test } from "vitest";
import { emulatorFetch, startEmulator } from "../../src/emulator/emulator.ts";
import { OptionsError } from "../../src/errors.ts";
import { open } from "./open.ts";

const input = { prompt: "a fox" };

/** As they were before any emulator started. */
const runtime = [globalThis.Request, globalThis.Response];

test("it stands in as the client's proxy, the real address in a header", async () => {
  const { emulator } = await open({ requireKey: true });
  const fal = createFalClient({ proxyUrl: { url: emulator.proxyUrl, when: "always" } });
  const result = await fal.subscribe("fal-ai/flux/dev", { input });
  expect(result.data).toMatchObject({ images: [{}] });
  expect(emulator.book.line(result.requestId)).toMatchObject({ endpointId: "fal-ai/flux/dev", transport: "queue" });
  const elsewhere = await fetch(emulator.proxyUrl, { headers: { "x-fal-target-url": "https://example.com/" } });
  expect(elsewhere.status).toBe(412);
});

test("another process reaches it by its address alone", async () => {
  const { emulator } = await open();
  const fal = createFalClient({ credentials: "k", fetch: emulatorFetch(emulator.url) });
  await fal.run("fal-ai/flux/dev", { input });
  expect(emulator.paidPosts()).toBe(1);
});

test("its fetch takes strings, URLs and Requests for every host of fal, and leaves other hosts alone", async () => {
  const { emulator } = await open();
  const { emulator: other } = await open();
  const request = new Request("https://fal.run/fal-ai/flux/dev", { method: "POST", body: JSON.stringify(input) });
  expect((await emulator.fetch(request)).status).toBe(200);
  expect((await emulator.fetch(new URL("https://api.fal.ai/v1/models"))).status).toBe(200);
  expect((await emulator.fetch("https://v3.fal.media/files/none.png")).status).toBe(404);
  await emulator.fetch(`${other.url}/nothing`);
  await emulator.fetch(`${other.url}/x?at=https://fal.run`);
  expect(emulator.requests.map(({ host }) => host)).toEqual(["fal.run", "api.fal.ai", "v3.fal.media"]);
  expect(other.requests).toHaveLength(2);
});

test("a host that only ends like one of fal's is not taken for one", async () => {
  const { emulator } = await open();
  const proxied = await fetch(emulator.proxyUrl, {
    headers: { "x-fal-target-url": "https://notfal.run/fal-ai/flux/dev" },
  });
  expect(proxied.status).toBe(412);
});

test("a page of another origin may read fal's headers", async () => {
  const { emulator } = await open();
  const at = `${emulator.url}/fal.run/fal-ai/flux/dev`;
  const preflight = await fetch(at, {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    },
  });
  expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  const answer = await fetch(at, { method: "POST", body: "{}", headers: { origin: "http://localhost:3000" } });
  expect(answer.headers.get("access-control-expose-headers")).toContain("x-fal-billable-units");
  expect(emulator.paidPosts()).toBe(1);
});

test("a record of a request keeps no query and no body", async () => {
  const { emulator } = await open();
  await emulator.fetch("https://fal.run/fal-ai/flux/dev?prompt=secretword");
  expect(emulator.requests).toMatchObject([{ path: "/fal-ai/flux/dev", kind: "run", paid: true, status: 200 }]);
  expect(JSON.stringify(emulator.requests)).not.toContain("secretword");
});

test("a token for realtime is handed out as text", async () => {
  const { emulator } = await open();
  const answer = await emulator.fetch("https://rest.fal.ai/tokens/", { method: "POST", body: "{}" });
  expect(typeof (await answer.json())).toBe("string");
});

test("closing ends calls that are under way, and the port is free again", async () => {
  const emulator = await startEmulator({ latencyMs: { run: 60_000, work: 60_000 } });
  const fal = createFalClient({ credentials: "k", fetch: emulator.fetch });
  const waiting = emulator.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: "{}" }).catch(() => "cut");
  await fal.queue.submit("fal-ai/flux/dev", { input });
  await expect.poll(() => emulator.paidPosts()).toBe(2);
  await emulator.close();
  expect(await waiting).not.toMatchObject({ status: 200 });
  const again = await startEmulator({ port: Number(new URL(emulator.url).port) });
  onTestFinished(() => again.close());
  await expect(startEmulator({ port: Number(new URL(again.url).port) })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("the runtime's own Request and Response are left in place", async () => {
  await open();
  expect([globalThis.Request, globalThis.Response]).toEqual(runtime);
});

test("closing does not wait for a caller who never finishes a request", async () => {
  const emulator = await startEmulator();
  const socket = connect(Number(new URL(emulator.url).port), "127.0.0.1");
  const gone = new Promise((resolve) => socket.on("close", resolve).on("error", () => {}));
  socket.write("POST /fal.run/fal-ai/flux/dev HTTP/1.1\r\nHost: fal\r\nContent-Length: 10\r\n\r\n{");
  await expect.poll(() => emulator.requests.length).toBe(1);
  await emulator.close();
  await gone;
  expect(emulator.paidPosts()).toBe(0);
});

test.each([
  [{ host: "0.0.0.0" }, "host"],
  [{ host: "192.168.1.4" }, "host"],
  [{ port: 70_000 }, "port"],
  [{ latencyMs: -1 }, "latencyMs.run"],
  [{ latencyMs: { queue: Number.NaN } }, "latencyMs.queue"],
  [{ maxConcurrency: 0 }, "maxConcurrency"],
  [{ pageSize: 0 }, "pageSize"],
  [{ balance: -1 }, "balance"],
  [{ seed: 0.5 }, "seed"],
  [{ prices: { "acme/x": { unit: "images", unitPrice: "free" } } }, 'prices["acme/x"].unitPrice'],
])("%j is refused by name", async (options, option) => {
  await expect(startEmulator(options)).rejects.toMatchObject({ constructor: OptionsError, option });
});

test("emulatorFetch refuses an address that is not of this machine", () => {
  for (const url of ["https://fal.run", "http://example.com", "nonsense"])
    expect(() => emulatorFetch(url)).toThrow(OptionsError);
});
