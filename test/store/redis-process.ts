import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A real Redis of one's own: nothing is written to disk. */
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

const binaries = ["redis-server", "valkey-server"].flatMap((name) =>
  ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map((folder) => join(folder, name)),
);
const running = new Set<ChildProcess>();

// Whoever ends in a hurry leaves none behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts one; `close` ends it and everything of it. */
export async function launchRedis(...settings: string[]): Promise<RedisServer & { close(): Promise<void> }> {
  const binary = binaries.find((path) => existsSync(path));
  if (!binary) {
    throw new Error(
      "These tests run against a real Redis. Install one: apt-get install redis-server, or brew install redis.",
    );
  }
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-redis-"));
  const start = async () => {
    const fixed = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
    const child = spawn(binary, [...fixed, ...settings], { stdio: ["ignore", "pipe", "inherit"] });
    running.add(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (text: Buffer) => text.includes("Ready to accept connections") && resolve());
      child.once("exit", (code) => reject(new Error(`redis-server ended at its start with code ${code}`)));
    });
    return child;
  };
  let child = await start();
  const admin = new Redis(port, "127.0.0.1");
  admin.on("error", () => {});
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
    async close() {
      admin.disconnect();
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (!running.delete(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
