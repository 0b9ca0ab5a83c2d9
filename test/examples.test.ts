import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** What each example prints where there is no key. */
const printed: Record<string, string[]> = {
  "01-drop-in.ts": [
    "image    512×512",
    "expected $0.003",
    "cost     $0.003 (billed-units, 1 units)",
    "budget   day $5: spent $0.003, remaining $4.997",
  ],
  "02-budget-per-customer.ts": [
    "acme: drawn",
    "acme: drawn",
    "acme: drawn",
    "acme: refused, $0.001 left and $0.003 asked",
    "globex: drawn",
    "acme spent $0.009 of $0.01",
    "globex spent $0.003 of $0.01",
  ],
  "03-cache-and-seeds.ts": [
    "same seed, same job: true",
    "at the same time, one purchase: true",
    "refresh buys again: true",
    "5 bought for $0.015; 1 cached and 1 joined saved $0.006",
  ],
  "04-limits.ts": ["calls sent: 5, most at once: 2", "after the first two: urgent"],
  "05-estimate-before-buying.ts": [
    "fal-ai/flux-pro/v1.1: $0.08 (rate-card of 2026-11-01)",
    "fal-ai/f5-tts: $0.02 to $0.03, bracketed",
    "  about 33 s of speech from 500 characters as 1 block of 30 s: $0.02",
    "acme/unheard-of: null (no price is known for this endpoint)",
    "acme/unheard-of: $0.05 (your rates)",
  ],
  "06-refusals.ts": [
    "bought",
    'too dear: $3.2 for "an hour", $0.475 left; never, as it is asked',
    'too dear: $0.025 for "maxCost", $0.01 left; never, as it is asked',
    "no price: acme/unheard-of, guarded by an hour",
    "absurd: input.num_images must be a whole number from 1 to 1000",
    "1 bought, 2 refused by budgets",
  ],
  "07-any-fetch.ts": ["sdk: 200", "client: 1 call for $0.003", "sdk: 1 call for $0.003", 'budget "today": $0.006'],
  "08-spend-and-receipts.ts": [
    "fal-ai/flux/dev: $0.05, charged, 2 units × $0.025 (bundled price list)",
    "acme  fal-ai/flux/dev  $0.05",
    "acme  fal-ai/flux/schnell  $0.003",
    "globex  fal-ai/flux/schnell  $0.003",
    "all  $0.056",
  ],
  "09-your-own-tests.ts": ["a lost answer was bought once: spent $0.1, held $0.1", "the emulator's book says $0.3"],
};

/** Runs an example as a person would, without a key and away from the repository. */
async function run(example: string) {
  const folder = await mkdtemp(join(tmpdir(), "fal-meter-example-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { FAL_KEY: _key, FAL_KEY_ID: _id, FAL_METER_STORE: _store, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--import", tsx, join(root, "examples", example)],
    {
      cwd: folder,
      env: { ...environment, TSX_TSCONFIG_PATH: join(root, "tsconfig.json") },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { lines: stdout.trimEnd().split("\n"), stderr, code, left: await readdir(folder) };
}

describe("the examples", () => {
  it("are all run by this test, and no other is", async () => {
    expect((await readdir(join(root, "examples"))).sort()).toEqual(Object.keys(printed).sort());
  });

  it.each(Object.keys(printed))(
    "%s says what it promises, ends by itself and leaves nothing behind",
    async (example) => {
      expect(await run(example)).toEqual({ lines: printed[example], stderr: "", code: 0, left: [] });
    },
  );

  it.each(Object.keys(printed))("%s fits on a screen and says how to run it", async (example) => {
    const source = await readFile(join(root, "examples", example), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(51);
    expect(source).toContain(`npx tsx examples/${example}`);
  });
});
