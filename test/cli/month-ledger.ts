import { join } from "node:path";
import { type SeededMonth, seedMonth } from "../../scripts/month.ts";
import { emptyFolder } from "./command.ts";

/** A folder with a small October 2026 in a ledger file, and the store's name. */
export async function monthLedger(calls = 600): Promise<{ folder: string; store: string; month: SeededMonth }> {
  const folder = emptyFolder();
  const path = join(folder, "month.db");
  const month = await seedMonth({ calls, seed: 7, path });
  await month.meter.close();
  return { folder, store: `sqlite:${path}`, month };
}

/** October 2026 as flags. */
export const OCTOBER = ["--since", "2026-10-01", "--until", "2026-11-01"];
