import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.ts";
import { createFalClient, type MeterEvent, type MeteredConfig, type MeterOptions } from "../../src/index.ts";

/** An image at exactly $0.04, by the rate card and by the emulator's bill. */
export const image = "fal-ai/flux-pro/v1.1";
export const input = { prompt: "a cat", image_size: "square_hd" } as const;

/** What nobody has a price for; the emulator bills it a cent. */
export const unpriced = "acme/unpriced";

/** A Wednesday. */
export const noon = Date.UTC(2026, 10, 11, 12);

/** A calendar that stands still until it is set; what sleeps by it sleeps for real. */
export class Calendar implements Clock {
  #now: number;
  readonly sleep = systemClock.sleep;

  constructor(now = noon) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  set(now: number | Date): void {
    this.#now = Number(now);
  }
}

export async function openEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** A metered client whose fal is the emulator, with everything that its meter tells. */
export function openClient(emulator: Emulator, meter: MeterOptions = {}, config: Omit<MeteredConfig, "meter"> = {}) {
  const events: MeterEvent[] = [];
  const onEvent = (event: MeterEvent) => {
    events.push(event);
    meter.onEvent?.(event);
  };
  const options = { store: "memory:", clock: new Calendar(), ...meter, onEvent };
  const fal = createFalClient({ credentials: "id:secret", fetch: emulator.fetch, ...config, meter: options });
  onTestFinished(() => fal.meter.close());
  return { fal, meter: fal.meter, events };
}

/** A folder of its own, gone when the test is over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-flow-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A ledger of its own in a file. */
export function newLedger(): string {
  return `sqlite:${join(newFolder(), "ledger.db")}`;
}

export const stores: [name: string, make: () => string][] = [
  ["memory", () => "memory:"],
  ["SQLite", newLedger],
];

/** What a call threw. */
export async function failure(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("The call did not fail.");
}

/** What became of many calls: how many were answered, and what the others threw. */
export async function outcomes(calls: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(calls);
  const errors = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
  return { answered: settled.length - errors.length, errors };
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Amounts as the plain decimals that JSON carries. */
export function plain<T>(value: T): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Waits until a check holds, as long as a busy machine may need. */
export function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 5 });
}
