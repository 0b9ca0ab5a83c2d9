import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";

const made: string[] = [];

afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A ledger file of its own for each test, gone after the test file. */
export function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-report-"));
  made.push(folder);
  return join(folder, "ledger.db");
}

/** Every kind of store that opens here. */
export const stores: [name: string, open: () => Promise<Store>][] = [
  ["memory", async () => createMemoryStore()],
  ["sqlite", () => openSqliteStore(newFile())],
];
