import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFalClient, type Estimate, isMeterError, type MeterOptions } from "../../src/index.ts";
import type { Decimal } from "../../src/money.ts";
import { listPrices } from "../../src/price/list-prices.ts";
import { rateCard } from "../../src/price/rate-card.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { wrongInBooks } from "./books.ts";
import { bareClient, type Caller, createFar, described } from "./play.ts";
import { ended, quickRealm, SleepersClock } from "./realm.ts";
import { cases, withSeed } from "./seed.ts";

quickRealm();

const PRICED = [...Object.keys(rateCard), ...listPrices.map((row) => row.split("|")[0]!)].filter(
  (id) => !id.includes("*"),
);

/** An id that nobody published: of two parts at least, as the client wants it, or not even that. */
const oddEndpoint = fc.oneof(
  fc.constantFrom(
    "fal-ai/__proto__",
    "__proto__/constructor",
    "acme/toString",
    "a/b/requests/c",
    "fal-ai/flux/../../x",
    "x",
    "",
    "/",
    "a//b",
  ),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ minLength: 1, maxLength: 30 }))
    .map(([owner, name]) => `${owner}/${name}`),
  fc.constantFrom(
    `acme/${"e".repeat(5_000)}`,
    "acme/é",
    "acme/\u202e",
    "acme/%2e%2e",
    "acme/a|b",
    "acme/a*b",
    "acme/[a-z]?",
    "acme/'; --",
  ),
);
const endpoint = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PRICED) }, { weight: 1, arbitrary: oddEndpoint });

/** What prices are made of. */
const FIELDS = [
  ...[
    "num_images",
    "image_size",
    "width",
    "height",
    "duration",
    "resolution",
    "aspect_ratio",
    "prompt",
    "text",
    "seed",
    "fps",
  ],
  ...[
    "num_frames",
    "frames_per_second",
    "generate_audio",
    "steps",
    "num_inference_steps",
    "quality",
    "style",
    "video_url",
  ],
  ...[
    "image_url",
    "image_urls",
    "audio_url",
    "upscale_factor",
    "scale",
    "num_videos",
    "num_samples",
    "max_images",
    "voice_id",
  ],
  ...[
    "number_of_steps",
    "images_data_url",
    "total_seconds",
    "music_length_ms",
    "video_size",
    "rendering_speed",
    "messages",
  ],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "then", "toJSON", "length", "", "\u0000", "ключ", "💥"],
];

const oddNumber = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.1,
    1e-320,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 31,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc.double(),
  fc.integer(),
);
const oddText = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "1",
    "-1",
    "1e9",
    "NaN",
    "5s",
    "auto",
    "720p",
    "16:9",
    "0:0",
    "1024x1024",
    "square_hd",
    "x".repeat(30_000),
  ),
  fc.constantFrom(
    "\ud800",
    "a\u0000b",
    "\u202eevil",
    "👩‍👩‍👧‍👦".repeat(500),
    "9".repeat(2_000),
    "data:image/png;base64,AAAA",
    "https://v3.fal.media/a.png",
  ),
  fc.string({ unit: "binary", maxLength: 50 }),
);
const scalar = fc.oneof(oddNumber, oddText, fc.constantFrom<unknown>(true, false, null, undefined));

function nest(depth: number, shape: "list" | "object"): unknown {
  let value: unknown = "end";
  for (let i = 0; i < depth; i++) value = shape === "list" ? [value] : { prompt: value };
  return value;
}

const deep = fc
  .tuple(fc.constantFrom(99, 100, 101, 500, 5_000), fc.constantFrom("list" as const, "object" as const))
  .map(([depth, shape]) => nest(depth, shape));

const member: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.record({ width: scalar, height: scalar, url: scalar }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      {},
      [],
      [[]],
      { length: -1 },
      Array.from({ length: 3_000 }, () => 0),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: deep },
);

/** Objects with own members of any name, `__proto__` too. */
const record = fc.array(fc.tuple(fc.constantFrom(...FIELDS), member), { maxLength: 7 }).map((members) => {
  const input = {};
  for (const [name, value] of members) {
    Object.defineProperty(input, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return input;
});

class Odd {
  prompt = "a cat";
  get image_size(): never {
    throw new RangeError("a getter of the caller's");
  }
}

/** What JSON has no words for. Made anew for each run. */
const foreign: readonly (() => unknown)[] = [
  () => ({ seed: 10n }),
  () => ({ prompt: Symbol("a cat") }),
  () => ({ prompt: () => "a cat" }),
  () => new Map([["prompt", "a cat"]]),
  () => new Date(Number.NaN),
  () => ({ image_url: new Blob(["x"]) }),
  () => new Odd(),
  () => {
    const round: Record<string, unknown> = { prompt: "a cat" };
    round.self = round;
    return round;
  },
  () => Object.create(null),
  () => ({ toJSON: () => ({ num_images: 3 }) }),
  () => ({
    toJSON() {
      throw new TypeError("a toJSON of the caller's");
    },
  }),
  () =>
    new Proxy(
      {},
      {
        ownKeys: () => ["a", "b"],
        getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 1 }),
      },
    ),
];

/** A value, or the number of a foreign one. */
type Input = { value: unknown } | { foreign: number };

const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 12, arbitrary: record.map((value) => ({ value })) },
  { weight: 2, arbitrary: member.map((value) => ({ value })) },
  { weight: 1, arbitrary: fc.nat(foreign.length - 1).map((index) => ({ foreign: index })) },
);

function made(given: Input): unknown {
  return "value" in given ? given.value : foreign[given.foreign]!();
}

const METERS: readonly MeterOptions[] = [
  { budgets: [{ limit: 1_000, per: "day", splitBy: "endpoint" }], cache: { ttl: "1h" } },
  { cache: { ttl: "1h", unseeded: true } },
  { budgets: [{ limit: 1_000, per: "day" }], onUnknownPrice: { assume: "0.50" }, cache: { ttl: "1h", unseeded: true } },
  { mode: "development", limits: { concurrency: 20 }, budgets: [], logger: silent() },
];

function silent(): NonNullable<MeterOptions["logger"]> {
  const say = () => {};
  return { debug: say, info: say, warn: say, error: say };
}

interface Case {
  endpointId: string;
  input: Input;
  options: MeterOptions;
  verb: "run" | "submit";
}

const anyCase = fc.record<Case>({
  endpointId: endpoint,
  input,
  options: fc.constantFrom(...METERS),
  verb: fc.constantFrom("run", "submit"),
});

function wrongInEstimate({ low, expected, high }: Estimate): string[] {
  const bounds = [low, expected, high];
  const some = bounds.filter((bound): bound is Decimal => bound !== null);
  if (some.some((bound) => !bound.isFinite() || bound.isNegative())) return ["an estimate is no amount"];
  return some.length === 3 && (low!.gt(expected!) || expected!.gt(high!))
    ? [`low ${low}, expected ${expected}, high ${high}`]
    : [];
}

/** Whatever the caller's own members throw is the caller's to hear. */
async function outcome(work: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

function ask({ fal }: Caller, { endpointId, verb }: Case, value: unknown): Promise<unknown> {
  const given = { input: value as Record<string, unknown> };
  // An id that is none is refused before there is a promise.
  return Promise.resolve().then(
    (): Promise<unknown> => (verb === "run" ? fal.run(endpointId, given) : fal.queue.submit(endpointId, given)),
  );
}

const GOOD = {
  kind: "answer" as const,
  status: 200,
  headers: [
    ["content-type", "application/json"],
    ["x-fal-request-id", "r-1"],
  ] as const,
  body: { kind: "pieces" as const, pieces: [new TextEncoder().encode('{"status":"IN_QUEUE","request_id":"r-1"}')] },
};

const REFUSALS = new Set(["OptionsError", "UnknownPriceError", "BudgetExceededError"]);

async function check(one: Case): Promise<void> {
  const [far, bareFar, store] = [createFar(), createFar(), createMemoryStore()];
  far.begin([GOOD], () => {});
  bareFar.begin([GOOD], () => {});
  const fal = createFalClient({
    credentials: "id:secret",
    fetch: far.fetch,
    meter: { ...one.options, store, clock: new SleepersClock() },
  });
  const wrong: string[] = [];

  const estimated = await outcome(fal.estimate(one.endpointId, made(one.input)));
  if ("value" in estimated) wrong.push(...wrongInEstimate(estimated.value as Estimate));
  else if (!isMeterError(estimated.error) && !isCallers(estimated.error))
    wrong.push(`estimate: ${(estimated.error as Error)?.stack ?? estimated.error}`);

  const mine = await outcome(ask({ fal, fetch: fal.meter.fetch }, one, made(one.input)));
  const other = await outcome(ask(bareClient(bareFar), one, made(one.input)));
  if ("error" in mine && isMeterError(mine.error)) {
    if (!REFUSALS.has(mine.error.name)) wrong.push(`run: ${mine.error.stack}`);
    if (far.paid > 0) wrong.push("it was refused and sent");
  } else if (!isDeepStrictEqual(shown(mine), shown(other)))
    wrong.push(JSON.stringify([shown(mine), shown(other)]).slice(0, 1_000));
  expect([...wrong, ...(await wrongInBooks(fal.meter, store, far.paid))]).toEqual([]);
  expect(Object.keys(Object.prototype)).toEqual([]);
  await fal.meter.close();
}

function isCallers(error: unknown): boolean {
  return error instanceof Error && /of the caller's$/.test(error.message);
}

function shown(found: { value: unknown } | { error: unknown }): unknown {
  return "error" in found ? { error: described(found.error) } : found;
}

describe(`malformed inputs ${withSeed}`, () => {
  test("are priced, refused by name, or meet upstream's own error", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, (one) => ended(check(one))),
      cases(3_300),
    );
  });
});
