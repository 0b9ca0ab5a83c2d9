import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Makes the folder and an empty file that only its owner may read, where they are missing. A folder made here keeps itself
 * out of version control: a ledger is nobody's source.
 *
 * A file that exists is only asked about, never opened: closing any descriptor of it would drop the locks that another
 * connection of this process holds on it.
 * @throws the file system's own error.
 */
export function prepareFile(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) createFolder(folder);
  if (!existsSync(path)) createFile(path);
  // SQLite opens what it may not write and fails at the first hold; the write-ahead log needs the folder too.
  accessSync(path, constants.R_OK | constants.W_OK);
  accessSync(folder, constants.W_OK);
}

function createFolder(folder: string): void {
  let above = dirname(folder);
  while (!existsSync(above)) above = dirname(above);
  // Asked first, for on a read-only disk Node.js says of a nested folder only that there is none.
  accessSync(above, constants.W_OK);
  if (mkdirSync(folder, { recursive: true }) !== undefined) writeFileSync(join(folder, ".gitignore"), "*\n");
}

function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
