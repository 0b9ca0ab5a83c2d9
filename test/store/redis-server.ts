import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll } from "vitest";
import { freePort, spawnRedis } from "./redis-process.ts";

/** A real Redis of a test file's own: nothing is written to disk, and it is gone with the file. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A client to look behind the store's back. */
  readonly admin: Redis;
  /** Stops and continues the whole process, as a machine that hangs. */
  pause(): void;
  resume(): void;
  /** Ends the process at once. */
  stop(): Promise<void>;
  /** Starts another, empty one on the same port. */
  start(): Promise<void>;
}

const running = new Set<ChildProcess>();
const admins: Redis[] = [];
const folders: string[] = [];

// A file that fails before its first test never comes to its end.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

afterAll(async () => {
  for (const admin of admins.splice(0)) admin.disconnect();
  for (const child of [...running]) await end(child);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-redis-"));
  folders.push(folder);
  const start = async () => {
    const child = await spawnRedis(port, folder, settings);
    running.add(child);
    return child;
  };
  let child = await start();
  const admin = new Redis(port, "127.0.0.1");
  admin.on("error", () => {});
  admins.push(admin);
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    admin,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop: () => end(child),
    async start() {
      child = await start();
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  running.delete(child);
}
