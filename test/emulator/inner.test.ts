import { createFalClient, type FalClient } from "@fal-ai/client";
import { describe, expect, onTestFinished, test } from "vitest";
import { createEmulator, type Emulator, type Mishap, startEmulator } from "../../src/emulator/emulator.ts";
import { failure } from "./open.ts";

const FLUX = "fal-ai/flux/dev";
const input = { prompt: "a fox", seed: 7, image_size: { width: 64, height: 64 } };

type Program = (fal: FalClient, emulator: Emulator) => Promise<unknown>;

const programs: Record<string, Program> = {
  "runs a model": async (fal) => (await fal.run(FLUX, { input })).data.seed,
  "follows a queued job": async (fal) => {
    const seen: string[] = [];
    await fal.subscribe(FLUX, { input, onQueueUpdate: ({ status }) => seen.push(status) });
    return seen;
  },
  "follows a streamed status": async (fal) => {
    const seen: string[] = [];
    await fal.subscribe(FLUX, { input, mode: "streaming", onQueueUpdate: ({ status }) => seen.push(status) });
    return seen;
  },
  "streams a model": async (fal) => {
    const stream = await fal.stream(FLUX, { input });
    let events = 0;
    for await (const _ of stream) events++;
    return [events, ((await stream.done()) as { seed: number }).seed];
  },
  "uploads and downloads a file": async (fal, emulator) => {
    const url = await fal.storage.upload(new Blob(["a letter"], { type: "text/plain" }));
    return (await emulator.fetch(url)).text();
  },
  "downloads the picture that was made": async (fal, emulator) => {
    const { data } = await fal.run(FLUX, { input });
    const answer = await emulator.fetch(data.images[0]!.url);
    return [answer.headers.get("content-type"), (await answer.arrayBuffer()).byteLength];
  },
  "asks for prices": async (_, emulator) =>
    (await emulator.fetch(`https://api.fal.ai/v1/models/pricing?endpoint_id=${FLUX}`)).json(),
};

const mishaps: Mishap[] = [
  ...(["drop-before-accept", "drop-after-accept", "drop-mid-body", "lose-result", "malformed-json"] as const),
  ...[{ status: 503 }, { status: 422 }, { units: "0.5" }],
];
for (const mishap of mishaps) {
  programs[`meets ${JSON.stringify(mishap)}`] = async (fal, emulator) => {
    emulator.fault({ times: 1, match: { kind: "run" }, do: mishap });
    return fal.run(FLUX, { input }).then(
      ({ data }) => data.seed,
      ({ name, status }: { name: string; status?: number }) => [name, status],
    );
  };
}

/** What came of a program, and what the emulator saw and billed of it. */
async function trace(program: Program, emulator: Emulator) {
  onTestFinished(() => emulator.close());
  const fal = createFalClient({ credentials: "test-key", fetch: emulator.fetch });
  const result = await program(fal, emulator);
  const requests = emulator.requests.map(({ method, host, kind, status, paid }) => ({
    method,
    host,
    kind,
    status,
    paid,
  }));
  const bills = emulator.book.lines.map(({ endpointId, amount }) => [endpointId, amount.toFixed()]);
  return { result, requests, bills, paid: emulator.paidPosts() };
}

describe("an emulator inside of this process", () => {
  test.each(Object.entries(programs))("is the one with a port when a client %s", async (_, program) => {
    const far = await trace(program, await startEmulator());
    expect(far.requests.length).toBeGreaterThan(0);
    expect(await trace(program, createEmulator())).toEqual(far);
  });

  test("fails as a fetch fails whose connection was reset", async () => {
    const emulator = createEmulator({ faults: [{ do: "drop-after-accept" }] });
    const error = await failure(emulator.fetch(`https://fal.run/${FLUX}`, { method: "POST", body: "{}" }));
    expect(error).toMatchObject({ name: "TypeError", message: "fetch failed", cause: { code: "ECONNRESET" } });
    expect(emulator.paidPosts()).toBe(1);
  });

  test("lets go of a caller that aborts, and does its work", async () => {
    const emulator = createEmulator({ latencyMs: { run: 50 } });
    const abort = new AbortController();
    const call = emulator.fetch(`https://fal.run/${FLUX}`, { method: "POST", body: "{}", signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect.poll(() => emulator.book.lines.length).toBe(1);
  });

  test("leaves other addresses to the network", async () => {
    const other = await startEmulator();
    onTestFinished(() => other.close());
    const answer = await createEmulator().fetch(`${other.url}/fal.run/${FLUX}`, { method: "POST", body: "{}" });
    expect(answer.ok).toBe(true);
    expect(other.paidPosts()).toBe(1);
  });
});
