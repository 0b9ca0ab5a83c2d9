import { describe, expect, test } from "vitest";
import { blob, dataUri, mp4, png, silence, wav } from "../wire/media-files.ts";
import { failure, openClient, openEmulator, plain } from "./open.ts";

/** $0.0008 a second of what is heard. */
const listener = "fal-ai/speech-to-text";
/** $0.03 a minute begun. */
const scribe = "fal-ai/elevenlabs/speech-to-text";
const upscaler = "fal-ai/clarity-upscaler";
const budgets = [{ name: "all", limit: 1, per: "day" }] as const;
const price = (amount: string) => ({ low: amount, expected: amount, high: amount });

describe("an estimate", () => {
  test("of a recording in a Blob or in a data URI is by its own length", async () => {
    const { fal } = openClient(await openEmulator());
    const recording = silence(600);
    for (const audio_url of [
      blob(recording),
      dataUri(recording, "audio/wav"),
      new File([new Uint8Array(recording)], "a"),
    ]) {
      const estimate = plain(await fal.estimate(scribe, { audio_url }));
      expect(estimate).toMatchObject({ ...price("0.3"), confidence: "exact" });
      expect(estimate).toHaveProperty("source", expect.stringContaining("the file's own length"));
    }
  });

  test("of an image, or of a film, is by its own size or length", async () => {
    const { fal } = openClient(await openEmulator());
    const image = { image_url: blob(png(1024, 1024)), upscale_factor: 2 };
    expect(plain(await fal.estimate(upscaler, image))).toMatchObject(price("0.12"));
    const film = { video_url: dataUri(mp4(4), "video/mp4") };
    expect(plain(await fal.estimate("decart/lucy-edit/pro", film))).toMatchObject(price("0.6"));
  });

  test("of a file that nobody can look into keeps the range that it states", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets });
    const range = plain(await fal.estimate(listener, { audio_url: "https://example.com/a.wav" }));
    expect(range).toMatchObject({ low: "0.0008", high: "2.88" });
    for (const audio_url of [
      blob(Buffer.from("no sound")),
      "data:audio/wav,none",
      dataUri(silence(60, 0), "audio/wav"),
    ])
      expect(plain(await fal.estimate(listener, { audio_url }))).toEqual(range);
    expect(emulator.requests).toEqual([]);
  });

  test("of an address is by the file that was uploaded there before", async () => {
    const { fal } = openClient(await openEmulator(), { budgets });
    const audio_url = await fal.storage.upload(blob(wav(30), "audio/wav"));
    expect(plain(await fal.estimate(listener, { audio_url }))).toMatchObject(price("0.024"));
  });
});

describe("a call", () => {
  test("holds exactly what the Blob that it uploads will cost", async () => {
    const emulator = await openEmulator();
    const { fal, events } = openClient(emulator, { budgets });
    const input = { audio_url: blob(wav(30), "audio/wav") };
    await fal.subscribe(listener, { input, pollInterval: 5 });
    expect(plain(events.find(({ type }) => type === "budget-held"))).toMatchObject({ amount: "0.024" });
    expect(plain(events.find(({ type }) => type === "call-priced"))).toMatchObject(price("0.024"));
  });

  test("holds exactly what the data URI in it will cost", async () => {
    const { fal, meter } = openClient(await openEmulator(), { budgets });
    const input = { audio_url: dataUri(silence(600), "audio/wav") };
    await fal.queue.submit(scribe, { input });
    expect(plain(await meter.budgets())).toMatchObject([{ held: "0.3" }]);
  });

  test("that would not fit is refused by the file's own length", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets });
    const input = { audio_url: blob(silence(3_600)) };
    expect(plain(await failure(fal.run(scribe, { input })))).toMatchObject({
      name: "BudgetExceededError",
      requested: "1.8",
    });
    expect(emulator.paidPosts()).toBe(0);
  });

  test("with a cap of its own fits by the file that it uploads, on a meter without options", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator);
    const input = { audio_url: blob(wav(30)) };
    await fal.with({ maxCost: "0.03" }).run(listener, { input });
    expect(await failure(fal.with({ maxCost: "0.02" }).run(listener, { input }))).toMatchObject({
      name: "BudgetExceededError",
    });
    expect(emulator.paidPosts()).toBe(1);
  });

  test("whose bill is not sent is booked at what its file costs", async () => {
    const emulator = await openEmulator({ headerlessEndpoints: [listener] });
    const { fal, meter } = openClient(emulator, { budgets });
    const { requestId } = await fal.run(listener, { input: { audio_url: blob(wav(30)) } });
    expect(plain(await meter.receipt(requestId))).toMatchObject({ outcome: "charged", actual: "0.024" });
  });

  test("of the same file has one key, cached by its bytes, whatever is known of its length", async () => {
    const emulator = await openEmulator();
    const { fal } = openClient(emulator, { budgets, cache: { ttl: "1h", unseeded: true } });
    for (let turn = 0; turn < 2; turn++) await fal.run(listener, { input: { audio_url: blob(wav(30)) } });
    expect(emulator.paidPosts()).toBe(1);
  });
});

test("a meter without options does not look into uploads, and no meter asks fal for more than the client does", async () => {
  const run = async (meter: object) => {
    const emulator = await openEmulator();
    const { fal, events } = openClient(emulator, meter);
    await fal.run(listener, { input: { audio_url: blob(wav(3)) } });
    const { high } = plain(events.find(({ type }) => type === "call-priced")) as { high: string };
    return { high, asked: emulator.requests.map(({ kind }) => kind) };
  };
  const [plainly, guarded] = [await run({}), await run({ budgets })];
  expect([plainly.high, guarded.high]).toEqual(["2.88", "0.0024"]);
  expect(guarded.asked).toEqual(plainly.asked);
});
