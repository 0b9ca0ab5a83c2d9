import { createFalClient } from "@fal-ai/client";
import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { failure, open } from "./open.ts";

interface Pictures {
  images: { url: string; width: number; height: number; content_type: string }[];
  seed: number;
}

test("run answers pictures of the size asked for, and bills megapixels rounded up for each", async () => {
  const { emulator, fal } = await open();
  const { data, requestId } = await fal.run("fal-ai/flux/dev", {
    input: { prompt: "a lighthouse", image_size: { width: 1440, height: 1440 }, num_images: 2, seed: 7 },
  });
  expect(data).toMatchObject({ seed: 7, images: [{ width: 1440, height: 1440, content_type: "image/png" }, {}] });
  expect(emulator.book.lines).toMatchObject([
    { requestId, endpointId: "fal-ai/flux/dev", unit: "megapixels", transport: "run" },
  ]);
  expect(emulator.book.line(requestId)?.units.toFixed()).toBe("4");
  expect(emulator.book.total().toFixed()).toBe("0.1");
});

test("a picture's address opens as a real PNG of its size, the same for the same seed and prompt only", async () => {
  const { fal } = await open();
  const draw = async (seed: number, prompt: string) => {
    const { data } = await fal.run("fal-ai/flux/dev", {
      input: { prompt, seed, image_size: { width: 96, height: 64 } },
    });
    const answer = await fetch((data as Pictures).images[0]!.url);
    expect(answer.headers.get("content-type")).toBe("image/png");
    return Buffer.from(await answer.arrayBuffer());
  };
  const first = await draw(1, "a fox");
  expect(PNG.sync.read(first)).toMatchObject({ width: 96, height: 64 });
  expect((await draw(1, "a fox")).equals(first)).toBe(true);
  expect((await draw(2, "a fox")).equals(first)).toBe(false);
  expect((await draw(1, "a hare")).equals(first)).toBe(false);
});

test("the address of a picture does not carry its prompt", async () => {
  const { fal } = await open();
  const { data } = await fal.run("fal-ai/flux/dev", { input: { prompt: "secretword" } });
  expect((data as Pictures).images[0]!.url).not.toContain("secretword");
});

test("sync_mode answers the picture itself", async () => {
  const { fal } = await open();
  const { data } = await fal.run("fal-ai/flux/dev", {
    input: { prompt: "a fox", sync_mode: true, image_size: { width: 32, height: 16 } },
  });
  const [head, base64] = (data as Pictures).images[0]!.url.split(",");
  expect(head).toBe("data:image/png;base64");
  expect(PNG.sync.read(Buffer.from(base64!, "base64"))).toMatchObject({ width: 32, height: 16 });
});

test("speech, music, video and training answer files of their kind that can be read", async () => {
  const { fal } = await open();
  const load = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());
  const speech = await fal.run("fal-ai/f5-tts", { input: { gen_text: "x".repeat(60) } as never });
  const wav = await load(speech.data.audio_url.url);
  expect(wav.subarray(0, 4).toString()).toBe("RIFF");
  expect(wav.readUInt32LE(40)).toBe(4 * 8000 * 2);
  const video = await fal.run("fal-ai/veo3.1", { input: { prompt: "waves", duration: "4s" } as never });
  const mp4 = await load((video.data as { video: { url: string } }).video.url);
  expect(boxes(mp4)).toEqual(["ftyp", "moov", "mdat"]);
  const trained = await fal.run("fal-ai/flux-lora-portrait-trainer", { input: { steps: 200 } as never });
  const weights = await load((trained.data as { diffusers_lora_file: { url: string } }).diffusers_lora_file.url);
  expect(() => JSON.parse(weights.subarray(8, 8 + Number(weights.readBigUInt64LE(0))).toString())).not.toThrow();
});

test.each([
  ["fal-ai/flux/dev", { prompt: "a fox", image_size: { width: 1024, height: 1280 } }, "2", "0.05"],
  ["fal-ai/flux/dev", { prompt: "a fox", image_size: "square_hd" }, "1", "0.025"],
  ["fal-ai/f5-tts", { gen_text: "x".repeat(250) }, "0.25", "0.0125"],
  ["fal-ai/veo3.1", { prompt: "waves", duration: "4s" }, "4", "1.6"],
  ["fal-ai/veo3.1", { prompt: "waves", duration: "4s", generate_audio: false }, "2", "0.8"],
  ["fal-ai/flux-lora-portrait-trainer", { steps: 10 }, "100", "0.24"],
  ["fal-ai/nano-banana-pro", { prompt: "a fox", resolution: "4K", num_images: 2 }, "4", "0.6"],
  ["someone/elses-app", { anything: 1 }, "1", "0.01"],
])("%s with %j is billed %s units", async (endpointId, input, units, amount) => {
  const { emulator } = await open();
  const answer = await emulator.fetch(`https://fal.run/${endpointId}`, { method: "POST", body: JSON.stringify(input) });
  expect(answer.headers.get("x-fal-billable-units")).toBe(units);
  expect(emulator.book.total().toFixed()).toBe(amount);
});

test("given prices are billed in place of the listed ones, exactly", async () => {
  const { emulator, fal } = await open({
    prices: { "acme/tiny": { unit: "requests", unitPrice: "0.000000000123456789" } },
  });
  for (let call = 0; call < 3; call++) await fal.run("acme/tiny", { input: {} as never });
  expect(emulator.book.total().toFixed()).toBe("0.000000000370370367");
  expect(emulator.book.byEndpoint().get("acme/tiny")).toMatchObject({ calls: 3 });
});

test("a GET carries its input in the query", async () => {
  const { emulator, fal } = await open();
  const { data } = await fal.run("fal-ai/flux/dev", {
    method: "get",
    input: { prompt: "a fox", seed: 5, num_images: 2 },
  });
  expect(data).toMatchObject({ seed: 5, images: [{}, {}] });
  expect(emulator.book.total().toFixed()).toBe("0.05");
});

test("numbers and booleans in a query are read as what they are", async () => {
  const { emulator } = await open();
  const answer = await emulator.fetch("https://fal.run/fal-ai/flux/dev?prompt=a+fox&width=32&height=16&sync_mode=true");
  const { images } = (await answer.json()) as Pictures;
  expect(images).toMatchObject([{ url: expect.stringMatching(/^data:image\/png/), width: 32, height: 16 }]);
});

test("endpoints named headerless answer without the bill and are billed all the same", async () => {
  const { emulator } = await open({ headerlessEndpoints: ["fal-ai/flux/*"] });
  const answer = await emulator.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: "{}" });
  expect(answer.headers.has("x-fal-billable-units")).toBe(false);
  expect(emulator.book.total().toFixed()).toBe("0.025");
});

test("an input that the schema refuses is a free 422 with its fields", async () => {
  const { emulator, fal } = await open();
  for (const input of [{ prompt: "" }, { prompt: "a fox", num_images: 0 }, { prompt: "a fox", image_size: "huge" }]) {
    const error = await failure(fal.run("fal-ai/flux/dev", { input: input as never }));
    expect(error).toMatchObject({
      name: "ValidationError",
      status: 422,
      body: { detail: [{ loc: ["body", expect.any(String)] }] },
    });
  }
  const answer = await emulator.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: '{"prompt":""}' });
  expect(answer.headers.get("x-fal-billable-units")).toBe("0");
  expect(emulator.book.total().isZero()).toBe(true);
});

test("a body that is no JSON is refused and buys nothing", async () => {
  const { emulator } = await open();
  const answer = await emulator.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: "{" });
  expect(answer.status).toBe(422);
  expect(emulator.paidPosts()).toBe(0);
});

test("a server failure is free and says nothing of units; a refusal after the work is billed", async () => {
  const { emulator } = await open();
  const post = (fail: string) =>
    emulator.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: JSON.stringify({ fail }) });
  const failed = await post("server");
  expect([failed.status, failed.headers.has("x-fal-billable-units")]).toEqual([500, false]);
  expect(emulator.book.total().isZero()).toBe(true);
  const charged = await post("charged");
  expect([charged.status, charged.headers.get("x-fal-billable-units")]).toEqual([422, "1"]);
  expect(emulator.book.total().toFixed()).toBe("0.025");
});

test("a missing key is a 401 where keys are required, and the client's key is enough", async () => {
  const { emulator, fal } = await open({ requireKey: true });
  const nobody = createFalClient({ credentials: "", fetch: emulator.fetch });
  expect(await failure(nobody.run("fal-ai/flux/dev", { input: { prompt: "a fox" } }))).toMatchObject({ status: 401 });
  expect(emulator.paidPosts()).toBe(0);
  await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } });
  expect(emulator.paidPosts()).toBe(1);
});

test("a spent balance locks the account", async () => {
  const { emulator, fal } = await open({ balance: "0.03" });
  await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } });
  await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } });
  const error = await failure(fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } }));
  expect(error).toMatchObject({
    status: 403,
    body: { detail: expect.stringMatching(/^User is locked\. Reason: Exhausted balance\./) },
  });
  expect(emulator.book.total().toFixed()).toBe("0.05");
});

test("an endpoint that nobody published is a free 404", async () => {
  const { emulator } = await open({ unknownEndpoints: ["fal-ai/nothing*"] });
  const answer = await emulator.fetch("https://fal.run/fal-ai/nothing/here", { method: "POST", body: "{}" });
  expect([answer.status, answer.headers.get("x-fal-billable-units")]).toEqual([404, "0"]);
  expect(emulator.paidPosts()).toBe(0);
});

test("a stream sends previews before the whole answer, under one bill", async () => {
  const { emulator, fal } = await open();
  const stream = await fal.stream("fal-ai/flux/dev", { input: { prompt: "a fox", seed: 3 } });
  const events: { progress?: number; images: unknown[] }[] = [];
  stream.on("data", (event) => events.push(event as { progress?: number; images: unknown[] }));
  const last = await stream.done();
  expect(events.map((event) => event.progress)).toEqual([0.25, 0.5, 0.75, undefined]);
  expect(last).toMatchObject({ seed: 3, images: [{ width: 1024, height: 768 }] });
  expect(emulator.book.line(stream.requestId)).toMatchObject({ endpointId: "fal-ai/flux/dev", transport: "stream" });
  expect(emulator.paidPosts("fal-ai/flux/*")).toBe(1);
});

test("a stream that the model refuses fails as plain JSON", async () => {
  const { emulator, fal } = await open();
  const stream = await fal.stream("fal-ai/flux/dev", { input: { prompt: "" } });
  expect(await failure(stream.done())).toMatchObject({ status: 422 });
  expect(emulator.book.total().isZero()).toBe(true);
});

test("the same emulator seed draws the same pictures for calls without a seed, each its own", async () => {
  const seeds = async (seed: number) => {
    const { fal } = await open({ seed });
    const draw = async () => ((await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } })).data as Pictures).seed;
    return [await draw(), await draw()];
  };
  const first = await seeds(1);
  expect(first[0]).not.toBe(first[1]);
  expect(await seeds(1)).toEqual(first);
  expect(await seeds(2)).not.toEqual(first);
});

/** The names of an MP4's outer boxes, each found where the one before says it ends. */
function boxes(mp4: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < mp4.length; at += mp4.readUInt32BE(at)) names.push(mp4.subarray(at + 4, at + 8).toString());
  return names;
}
