import { ApiError, type createFalClient, type FalClient, ValidationError } from "@fal-ai/client";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.ts";
import { MovedClock } from "../emulator/moved-clock.ts";
import { type Crossing, openWire, type Wire } from "./wire.ts";

export type UpstreamConfig = NonNullable<Parameters<typeof createFalClient>[0]>;

/** Where a little program plays: an emulator of its own behind a wire, and a clock that stands still until moved. */
export interface Stage {
  emulator: Emulator;
  wire: Wire;
  /** The emulator's clock. */
  clock: MovedClock;
  /** Writes down what a callback was told. */
  note(callback: string, value: unknown): void;
}

/** A program that a user of the fal client could have written. */
export interface Program {
  emulator?: EmulatorOptions;
  config?: (stage: Stage) => UpstreamConfig;
  play(fal: FalClient, stage: Stage): Promise<unknown>;
}

/** Everything that can be seen of a program from outside. */
export interface Trace {
  result: unknown;
  thrown: unknown;
  notes: [callback: string, value: unknown][];
  crossings: readonly Crossing[];
  paidPosts: number;
}

export async function trace(
  { emulator: options = {}, config, play }: Program,
  create: (config: UpstreamConfig) => FalClient,
): Promise<Trace> {
  const clock = new MovedClock();
  const emulator = await startEmulator({ seed: 7, clock, ...options });
  onTestFinished(() => emulator.close());
  const wire = await openWire(emulator.url);
  const notes: Trace["notes"] = [];
  const stage: Stage = { emulator, wire, clock, note: (callback, value) => void notes.push([callback, value]) };
  const fal = create({ credentials: "id:secret", fetch: wire.fetch, ...config?.(stage) });
  const [result, thrown] = await play(fal, stage).then(
    (value) => [value, undefined],
    (error: unknown) => [undefined, seen(error)],
  );
  const seenTrace = { result, thrown, notes, crossings: wire.crossings, paidPosts: emulator.paidPosts() };
  return normal(seenTrace, [wire.url, emulator.url]);
}

/** Ids by their order of appearance, and addresses and moments by name: what differs from run to run. */
function normal(traced: Trace, origins: readonly string[]): Trace {
  const ids = new Map<string, string>();
  let text = JSON.stringify(traced).replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, (id) => {
    if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`);
    return ids.get(id)!;
  });
  for (const { host } of origins.map((origin) => new URL(origin))) {
    text = text.replaceAll(host, "<host>").replaceAll(encodeURIComponent(host), "<host>");
  }
  return JSON.parse(text.replace(/\b1[789]\d{11}\b/g, "<now>")) as Trace;
}

/** What a caller can tell of an error, its class by identity included. */
function seen(error: unknown): unknown {
  if (!(error instanceof Error)) return { notAnError: String(error) };
  const { cause, code } = error as { cause?: unknown; code?: unknown };
  return {
    class: [ValidationError, ApiError, DOMException, SyntaxError, TypeError, Error].find(
      (each) => error instanceof each,
    )!.name,
    constructor: error.constructor.name,
    name: error.name,
    message: error.message,
    ...(error instanceof ApiError && { status: error.status, body: error.body, requestId: error.requestId }),
    ...(error instanceof ApiError && { timeoutType: error.timeoutType, isUserTimeout: error.isUserTimeout }),
    ...(error instanceof ValidationError && { fieldErrors: error.fieldErrors }),
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause: seen(cause) }),
  };
}
