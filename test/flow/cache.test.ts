import { describe, expect, test } from "vitest";
import type { MeteredFalClient } from "../../src/index.ts";
import { Calendar, failure, image, input, newLedger, noon, openClient, openEmulator, plain } from "./open.ts";
import { go, type Orders, startProcesses } from "./processes.ts";

const cache = { ttl: "1h" } as const;
const seeded = { ...input, seed: 4 };

function bytes(fill: number): Blob {
  return new Blob([new Uint8Array(2_048).fill(fill)], { type: "image/png" });
}

const doors: Record<string, (fal: MeteredFalClient, input?: object) => Promise<{ data: unknown; requestId: string }>> =
  {
    run: (fal, asked = seeded) => fal.run(image, { input: asked as typeof seeded }),
    subscribe: (fal, asked = seeded) => fal.subscribe(image, { input: asked as typeof seeded, pollInterval: 5 }),
    "a streamed subscribe": (fal, asked = seeded) =>
      fal.subscribe(image, { input: asked as typeof seeded, mode: "streaming" }),
  };

describe.for(Object.entries(doors))("an answer bought by %s", ([, call]) => {
  test("is given again with the same request id, for nothing, and what it saved is booked", async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, { cache, budgets: [{ limit: "0.04", per: "day" }] });
    const first = await call(fal);
    const again = await call(fal, { seed: 4, ...input });
    expect(again).toEqual(first);
    expect(emulator.paidPosts()).toBe(1);
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", saved: "0.04", calls: 1, cached: 1, refused: 0 });
    expect(plain(await meter.receipt(first.requestId))).toMatchObject({ actual: "0.04", saved: "0.04", cached: true });
  });

  test("outlives the process in a file", async () => {
    const emulator = await openEmulator();
    const store = newLedger();
    const before = openClient(emulator, { store, cache });
    const first = await call(before.fal);
    await before.meter.close();
    const { fal, meter } = openClient(emulator, { store, cache });
    expect(await call(fal)).toEqual(first);
    expect(emulator.paidPosts()).toBe(1);
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", saved: "0.04", cached: 1 });
  });

  test("belongs to each caller: changing one result changes no other", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { cache });
    const first = await call(fal);
    const original = structuredClone(first);
    (first.data as { images: unknown[] }).images.length = 0;
    expect(await call(fal)).toEqual(original);
  });

  test("is forgotten when its time is over, and not before", async () => {
    const emulator = await openEmulator();
    const clock = new Calendar();
    const { fal } = openClient(emulator, { cache, clock, store: newLedger() });
    const first = await call(fal);
    clock.set(noon + 60 * 60_000 - 1);
    expect((await call(fal)).requestId).toBe(first.requestId);
    clock.set(noon + 60 * 60_000);
    expect((await call(fal)).requestId).not.toBe(first.requestId);
    expect(emulator.paidPosts()).toBe(2);
  });

  test("is neither read nor kept with cache: false, and bought anew with refresh", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { cache });
    const bypassed = await call(fal.with({ cache: false }));
    const first = await call(fal);
    expect(first.requestId).not.toBe(bypassed.requestId);
    expect((await call(fal.with({ cache: false }))).requestId).not.toBe(first.requestId);
    expect((await call(fal)).requestId).toBe(first.requestId);
    expect(emulator.paidPosts()).toBe(3);
    const fresh = await call(fal.with({ cache: "refresh" }));
    expect(fresh.requestId).not.toBe(first.requestId);
    expect((await call(fal)).requestId).toBe(fresh.requestId);
    expect(emulator.paidPosts()).toBe(4);
  });

  test("without a seed is not kept, unless asked for", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { cache });
    expect((await call(fal, input)).requestId).not.toBe((await call(fal, input)).requestId);
    expect((await call(fal, { ...input, seed: -1 })).requestId).not.toBe(
      (await call(fal, { ...input, seed: -1 })).requestId,
    );
    const keen = openClient(emulator, { cache: { ...cache, unseeded: true } });
    expect((await call(keen.fal, input)).requestId).toBe((await call(keen.fal, input)).requestId);
    expect(emulator.paidPosts()).toBe(5);
  });

  test("is never a refusal or a failure", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { cache });
    for (const asked of [
      { ...seeded, prompt: "" },
      { ...seeded, fail: "charged" },
      { ...seeded, fail: "server" },
    ]) {
      const first = await failure(call(fal, asked));
      const second = await failure(call(fal, asked));
      expect(first.requestId).not.toBe(second.requestId);
      expect(first.status).toBe(second.status);
    }
    emulator.fault({ times: 1, do: { status: 500 } });
    await failure(call(fal));
    await call(fal);
    expect(emulator.paidPosts()).toBe(7);
  });

  test("serves the other doors too", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { cache });
    const first = await call(fal);
    for (const other of Object.values(doors)) expect(await other(fal)).toEqual(first);
    expect(emulator.paidPosts()).toBe(1);
  });
});

describe("invalidate forgets", () => {
  const other = "fal-ai/flux/dev";

  test.for<[what: string, query: (fal: MeteredFalClient) => Promise<object>]>([
    ["by endpoint", async () => ({ endpoint: "fal-ai/flux-pro/*" })],
    ["by tag", async () => ({ tag: { name: "team", value: "a" } })],
    ["by key", async (fal) => ({ key: await fal.meter.keyOf(image, seeded) })],
    ["by all of these", async (fal) => ({ endpoint: image, key: await fal.meter.keyOf(image, seeded) })],
  ])("%s, and nothing else", async ([, query]) => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, { cache, store: newLedger() });
    await fal.with({ tags: { team: "a" } }).run(image, { input: seeded });
    await fal.with({ tags: { team: "b" } }).run(other, { input: seeded });
    expect(await meter.invalidate(await query(fal))).toBe(1);
    await fal.run(other, { input: seeded });
    expect(emulator.paidPosts()).toBe(2);
    await fal.run(image, { input: seeded });
    expect(emulator.paidPosts()).toBe(3);
  });
});

describe("files", () => {
  const upscale = "fal-ai/clarity-upscaler";

  test("of the same bytes are one purchase however often they are uploaded, and of others another", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { cache });
    const call = (image_url: Blob) => fal.run(upscale, { input: { image_url, seed: 4 } as never });
    const first = await call(bytes(1));
    expect(await call(bytes(1))).toEqual(first);
    expect((await call(bytes(2))).requestId).not.toBe(first.requestId);
    expect(emulator.requests.filter(({ kind }) => kind === "upload")).toHaveLength(6);
    expect(emulator.paidPosts()).toBe(2);
  });

  test("uploaded beforehand count by their bytes as well", async () => {
    const emulator = await openEmulator();
    const { fal, meter } = openClient(emulator, { cache });
    const image_url = await fal.storage.upload(bytes(1));
    await fal.run(upscale, { input: { image_url, seed: 4 } as never });
    await fal.run(upscale, { input: { image_url: bytes(1), seed: 4 } as never });
    expect(emulator.paidPosts()).toBe(1);
    const keys = [image_url, bytes(1)].map((each) => meter.keyOf(upscale, { image_url: each, seed: 4 }));
    expect(new Set(await Promise.all(keys)).size).toBe(1);
  });
});

test("a submit with a webhook is never answered from what was bought, for fal must call", async () => {
  const emulator = await openEmulator();
  const { fal } = openClient(emulator, { cache });
  const { requestId } = await fal.subscribe(image, { input: seeded, pollInterval: 5 });
  const webhookUrl = `${emulator.url}/hook`;
  const submitted = await fal.queue.submit(image, { input: seeded, webhookUrl });
  expect(submitted.request_id).not.toBe(requestId);
  expect(emulator.paidPosts()).toBe(2);
});

test("a stream is not kept", async () => {
  const emulator = await openEmulator();
  const { fal } = openClient(emulator, { cache });
  for (let count = 0; count < 2; count++) await (await fal.stream(image, { input: seeded })).done();
  expect(emulator.paidPosts()).toBe(2);
});

test("a purchase whose download failed is not made again, cache or none", async () => {
  const emulator = await openEmulator();
  const { fal, meter } = openClient(emulator);
  const buy = async () => {
    const response = await meter.fetch(`https://fal.run/${image}`, { method: "POST", body: JSON.stringify(input) });
    const { images } = (await response.json()) as { images: { url: string }[] };
    return { id: response.headers.get("x-fal-request-id"), url: images[0]!.url };
  };
  const first = await buy();
  emulator.fault({ match: { kind: "media" }, times: 1, do: { status: 503 } });
  expect((await meter.fetch(first.url)).status).toBe(503);
  const again = await buy();
  expect(again).toEqual(first);
  expect((await meter.fetch(again.url)).status).toBe(200);
  expect(emulator.paidPosts()).toBe(1);
  expect((await buy()).id).not.toBe(first.id);
  expect(emulator.paidPosts()).toBe(2);
  await expect(fal.meter.spend().then(plain)).resolves.toMatchObject({ calls: 2, cached: 1 });
});

test.for(["run", "subscribe"] as const)("two processes that %s the same at once buy it once", async (door) => {
  const emulator = await openEmulator({ latencyMs: { run: 200, work: 200 } });
  const meter = { store: newLedger(), cache };
  const orders: Orders = {
    ...{ emulatorUrl: emulator.url, meter, now: Date.now() },
    ...{ endpointId: image, input: seeded, door, calls: 3 },
  };
  const outcomes = await Promise.all(go(await startProcesses(2, orders)));
  expect(outcomes.flatMap(({ errors }) => errors)).toEqual([]);
  expect(new Set(outcomes.flatMap(({ requestIds }) => requestIds)).size).toBe(1);
  expect(emulator.paidPosts()).toBe(1);
});
