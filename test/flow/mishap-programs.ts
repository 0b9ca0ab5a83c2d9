import { flux, input, picture } from "./programs.ts";
import type { Program, Stage } from "./trace.ts";

/** Once a fault struck `times` times the endpoint is well again. */
function ill(stage: Stage, status: number, times: number) {
  stage.emulator.fault({ times, do: { status } });
}

const quickRetries = { retry: { backoffMultiplier: 0.01, enableJitter: false } };

/** Programs that meet what can go wrong at fal, or on the way to it. */
export const mishapPrograms: Record<string, Program> = {
  "asks for a model that nobody published": {
    emulator: { unknownEndpoints: ["acme/*"] },
    play: (fal) => fal.run("acme/nothing", { input }),
  },
  "is refused by the model's schema": { play: (fal) => fal.run(flux, { input: { prompt: "" } }) },
  "is refused by the model's schema in the queue": {
    play: (fal) => fal.subscribe(flux, { input: { prompt: "" }, pollInterval: 1 }),
  },
  "has an exhausted balance": { emulator: { balance: 0 }, play: (fal) => fal.subscribe(flux, { input }) },
  "has a wrong key": {
    emulator: { requireKey: true },
    config: () => ({ credentials: () => undefined }),
    play: (fal) => fal.run(flux, { input }),
  },
  "has a job that fails": {
    play: (fal) => fal.subscribe("acme/broken", { input: { prompt: "a cat", fail: "server" }, pollInterval: 1 }),
  },
  "has a job that fails and was charged": {
    play: (fal) => fal.subscribe(flux, { input: { prompt: "a cat", fail: "charged" } as never, pollInterval: 1 }),
  },
  "meets 503 twice and is then served": {
    config: () => quickRetries,
    play(fal, stage) {
      ill(stage, 503, 2);
      return fal.run(flux, { input });
    },
  },
  "meets 503 for good": {
    config: () => quickRetries,
    play(fal, stage) {
      ill(stage, 503, 100);
      return fal.subscribe(flux, { input, pollInterval: 1 });
    },
  },
  "meets 429 and is then served": {
    config: () => quickRetries,
    play(fal, stage) {
      ill(stage, 429, 1);
      return fal.subscribe(flux, { input, pollInterval: 1 });
    },
  },
  "meets 503 and retries nothing, as configured": {
    config: () => ({ retry: { retryableStatusCodes: [] } }),
    play(fal, stage) {
      ill(stage, 503, 1);
      return fal.run(flux, { input });
    },
  },
  "retries an upload, as configured": {
    config: () => ({ retry: { maxRetries: 2, baseDelay: 1, enableJitter: false } }),
    play({ storage }, stage) {
      stage.emulator.fault({ match: { kind: "upload" }, times: 2, do: { status: 502 } });
      return storage.upload(picture("cat.png"));
    },
  },
  "meets 500 on a run": {
    play(fal, stage) {
      ill(stage, 500, 1);
      return fal.run(flux, { input });
    },
  },
  "meets an answer that is no JSON": {
    play(fal, stage) {
      stage.emulator.fault({ times: 1, do: "malformed-json" });
      return fal.run(flux, { input });
    },
  },
  "meets a submit whose answer is no JSON": {
    play(fal, stage) {
      stage.emulator.fault({ times: 1, do: "malformed-json" });
      return fal.subscribe(flux, { input });
    },
  },
  "meets a result that breaks off, which is asked for again": {
    config: () => quickRetries,
    play(fal, stage) {
      stage.emulator.fault({ match: { kind: "result" }, times: 1, do: "drop-mid-body" });
      return fal.subscribe(flux, { input, pollInterval: 1 });
    },
  },
  "finds nobody at home": {
    config: (stage) => ({
      ...quickRetries,
      fetch(input, init) {
        stage.note("fetch", init?.method);
        return stage.emulator.fetch(input, init);
      },
    }),
    async play(fal, { emulator }) {
      await emulator.close();
      return fal.run(flux, { input });
    },
  },
};

/** Upstream and fal take these as they come; the meter does too, where no budget has to be kept. */
export const absurdPrograms: Record<string, Program> = {
  "asks for a billion images": { play: (fal) => fal.run(flux, { input: { prompt: "a cat", num_images: 1e9 } }) },
  "asks for a size that is none": {
    play: (fal) =>
      fal.run(flux, { input: { prompt: "a cat", image_size: { width: Number.NaN, height: "tall" } as never } }),
  },
  "sends text for numbers": { play: (fal) => fal.run(flux, { input: { prompt: "a cat", num_images: "2" as never } }) },
};
