import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { MeteredFalClient, MeterOptions } from "../../src/index.ts";
import { image, newFolder, openClient, openEmulator, unpriced } from "./open.ts";

/** Told apart from anything that the meter itself would write. */
const secrets = {
  prompt: "a lighthouse-of-secrets at dusk",
  key: "key-of-secrets:0123456789abcdef",
  media: "bytes-of-secrets, which make a picture",
};
const label = "customer-of-labels";

/** What nobody may find, spelled in the ways in which it could be written down. */
const forbidden = Object.values(secrets).flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("hex"),
]);

function found(text: string): string[] {
  return forbidden.filter((secret) => text.includes(secret));
}

/** Every file beside the ledger: its log and its shared memory too. */
function ledgerText(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "latin1"))
    .join("\n");
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** A ledger in a file, and everything that the meter says while it is kept. */
async function openWatched(meter: MeterOptions) {
  const emulator = await openEmulator();
  const folder = newFolder();
  const said: string[] = [];
  for (const level of ["debug", "info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((...args) => void said.push(inspect(args, { depth: 20 })));
  }
  const store = `sqlite:${join(folder, "ledger.db")}`;
  const options = { store, tags: { customer: label }, ...meter };
  const { fal, events } = openClient(emulator, options, {
    credentials: secrets.key,
    retry: { backoffMultiplier: 0.001, enableJitter: false },
  });
  return { emulator, folder, said, fal, events };
}

const { prompt } = secrets;
const picture = () => new Blob([secrets.media], { type: "image/png" });
const dataUri = `data:image/png;base64,${Buffer.from(secrets.media).toString("base64")}`;

/** Calls that go well, and calls that fail in every way there is. */
function program(fal: MeteredFalClient, armed: (status: number | "drop-after-accept" | "drop-mid-body") => void) {
  const run = (endpointId: string, input: object) => fal.run(endpointId, { input });
  return [
    () => run(image, { prompt, image_size: "square_hd" }),
    () => run("fal-ai/clarity-upscaler", { prompt, image_url: picture() }),
    () => run("fal-ai/clarity-upscaler", { prompt, image_url: dataUri }),
    () => fal.subscribe(image, { input: { prompt }, pollInterval: 5, logs: true }),
    async () => (await fal.stream("fal-ai/any-llm", { input: { prompt } })).done(),
    () => fal.run(image, { method: "get", input: { prompt } }),
    () => fal.with({ tags: { team: "a" }, draft: true }).run(image, { input: { prompt } }),
    () => run(image, { prompt, fail: "charged" }),
    () => run(image, { prompt, fail: "server" }),
    () => fal.with({ maxCost: "0.001" }).run(image, { input: { prompt } }),
    () => fal.with({ maxCost: "0.001" }).run(unpriced, { input: { prompt } }),
    ...["num_images", "image_size", "seed", "duration", "num_frames", "num_inference_steps"].flatMap((name) => [
      () => run(image, { prompt, [name]: prompt }),
      () => run(image, { prompt, [name]: { width: prompt, height: prompt } }),
      () => run("fal-ai/kling-video/v2/master/text-to-video", { prompt, [name]: prompt }),
    ]),
    ...([422, 403, 503, "drop-after-accept", "drop-mid-body"] as const).map((mishap) => () => {
      armed(mishap);
      return run(image, { prompt });
    }),
    () => fal.queue.status(image, { requestId: "no-such-job" }),
    () => fal.meter.estimate(image, { prompt, num_images: prompt }),
    () => fal.meter.estimate(image, { prompt, image_size: { width: prompt } }),
    () => fal.meter.keyOf(image, { prompt, more: () => prompt }),
    () => fal.meter.keyOf(image, { prompt, more: new Map([[prompt, prompt]]) }),
  ];
}

/** Runs it all, and returns every way in which an error could be printed. */
async function play(fal: MeteredFalClient, emulator: Awaited<ReturnType<typeof openEmulator>>): Promise<string[]> {
  const printed: string[] = [];
  const calls = program(fal, (mishap) =>
    emulator.fault({ times: 1, do: typeof mishap === "number" ? { status: mishap } : mishap }),
  );
  for (const call of calls) {
    try {
      await call();
    } catch (error) {
      const { message, stack } = error as Error;
      printed.push([message, stack, JSON.stringify(error), inspect(error, { depth: 20, showHidden: true })].join("\n"));
    }
  }
  return printed;
}

describe("without the cache nothing of what is asked, made or signed with is written or said", () => {
  const meter: MeterOptions = {
    ...{ mode: "development", cache: false, budgets: [{ limit: 5, per: "day" }], onUnknownPrice: "allow" },
    limits: { concurrency: 10 },
  };

  test("in the ledger, the log, the events and the errors", async () => {
    const { emulator, folder, said, fal, events } = await openWatched(meter);
    const errors = await play(fal, emulator);
    await fal.meter.spend({ by: ["endpoint", "tag:customer"] });
    const whileOpen = ledgerText(folder);
    await fal.meter.close();
    const written = `${whileOpen}\n${ledgerText(folder)}`;

    // The search finds what is there.
    expect(written).toContain(label);
    expect(written).toContain(image);
    expect(said.join("\n")).toContain("billed-units");
    expect(events.length).toBeGreaterThan(50);
    expect(errors.length).toBeGreaterThan(15);
    expect(emulator.paidPosts()).toBeGreaterThan(10);

    expect(found(written)).toEqual([]);
    expect(found(said.join("\n"))).toEqual([]);
    expect(found(events.map((event) => JSON.stringify(event)).join("\n"))).toEqual([]);
    expect(errors.filter((printed) => found(printed).length > 0)).toEqual([]);
  });

  test("nor in the lines of a logger of one's own", async () => {
    const lines: string[] = [];
    const line = (facts: object, message: string) => void lines.push(`${inspect(facts, { depth: 20 })} ${message}`);
    const logger = { debug: line, info: line, warn: line, error: line };
    const { emulator, fal } = await openWatched({ ...meter, logger });
    await play(fal, emulator);
    expect(lines.length).toBeGreaterThan(50);
    expect(found(lines.join("\n"))).toEqual([]);
  });
});

describe("with the cache the answer is kept, and of the request only its hash", () => {
  const cache = { ttl: "1h", unseeded: true } as const;

  test("where fal does not repeat the request", async () => {
    const { emulator, folder, fal } = await openWatched({ cache });
    const { requestId } = await fal.run("fal-ai/clarity-upscaler", {
      input: { prompt, image_url: picture() } as never,
    });
    await fal.subscribe("fal-ai/clarity-upscaler", { input: { prompt, image_url: dataUri } as never, pollInterval: 5 });
    await fal.meter.close();
    const written = ledgerText(folder);
    expect(written).toContain(`/media/${requestId}`);
    expect(found(written)).toEqual([]);
    expect(emulator.paidPosts()).toBe(2);
  });

  test("where fal repeats the prompt in its answer the prompt is kept with it, and the key is not", async () => {
    const { folder, fal } = await openWatched({ cache });
    await fal.run(image, { input: { prompt } });
    await fal.meter.close();
    expect(found(ledgerText(folder))).toEqual([secrets.prompt]);
  });

  test("and nothing in the file where answers are kept in memory only", async () => {
    const { folder, fal, emulator } = await openWatched({ cache: { ...cache, persist: false } });
    for (let count = 0; count < 2; count++) await fal.run(image, { input: { prompt } });
    await fal.meter.close();
    expect(emulator.paidPosts()).toBe(1);
    expect(found(ledgerText(folder))).toEqual([]);
  });
});
