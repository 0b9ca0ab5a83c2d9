import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Database, loadDriver } from "../../src/store/sqlite-driver.ts";

const made: string[] = [];
const mounted: string[] = [];

afterAll(() => {
  for (const folder of mounted.splice(0)) spawnSync("umount", ["-l", folder]);
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own for each test, gone after the file. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-store-"));
  made.push(folder);
  return folder;
}

export function newPath(): string {
  return join(newFolder(), "ledger.db");
}

/** Another program's hands on the file. */
export async function withDatabase<T>(path: string, work: (database: Database) => T) {
  const Driver = await loadDriver();
  const database = new Driver(path);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** A disk of `bytes` that can be filled, where this process may mount one. */
export function smallDisk(bytes: number): string | undefined {
  const folder = join(newFolder(), "disk");
  mkdirSync(folder);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder]).status !== 0) return undefined;
  mounted.push(folder);
  return folder;
}

/** Makes a folder read-only by the file system itself where it is a disk, for root ignores modes; else by its mode. */
export function makeReadOnly(folder: string): void {
  if (mounted.includes(folder)) {
    if (spawnSync("mount", ["-o", "remount,ro", folder]).status !== 0) throw new Error("the disk stays writable");
    return;
  }
  if (process.getuid?.() === 0) throw new Error("root writes everywhere, and no disk could be mounted to forbid it");
  chmodSync(folder, 0o500);
}
