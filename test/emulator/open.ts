import { createFalClient } from "@fal-ai/client";
import { onTestFinished } from "vitest";
import { type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.ts";

/** An emulator and the real client pointed at it, both gone when the test is over. */
export async function open(options: EmulatorOptions = {}) {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  const fal = createFalClient({ credentials: "test-key", fetch: emulator.fetch });
  return { emulator, fal };
}

/** What a client threw: the fields a caller looks at. */
export async function failure(
  call: Promise<unknown>,
): Promise<{ name: string; status?: number; body?: unknown; requestId?: string }> {
  try {
    await call;
  } catch (error) {
    return error as { name: string; status?: number; body?: unknown };
  }
  throw new Error("The call did not fail.");
}
