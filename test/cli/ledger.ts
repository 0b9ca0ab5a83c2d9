import { join } from "node:path";
import { createFalClient, type MeterOptions } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";
import { emptyFolder } from "./command.ts";

/** A folder with a ledger in the default place, filled by real calls to an emulated fal. */
export async function ledgerOf(
  meter: MeterOptions,
  calls: (client: ReturnType<typeof createFalClient>) => Promise<unknown>,
): Promise<{ folder: string; store: string }> {
  const folder = emptyFolder();
  const store = `sqlite:${join(folder, ".fal-meter", "ledger.db")}`;
  const emulator = await startEmulator();
  const client = createFalClient({ credentials: "none", fetch: emulator.fetch, meter: { ...meter, store } });
  await calls(client);
  await client.meter.close();
  await emulator.close();
  return { folder, store };
}
