import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Store } from "../../src/index.ts";
import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { startProxy } from "../store/redis-proxy.ts";
import { startRedis } from "../store/redis-server.ts";
import { smallDisk } from "../store/sqlite-folder.ts";
import { newFolder } from "./open.ts";

/** A ledger that can be taken away for a while, and has forgotten nothing when it is back. */
export interface Outage {
  store: Store;
  /** What its failures must say. */
  reason: string;
  strike(): void | Promise<void>;
  mend(): void | Promise<void>;
}

/** Long enough for a busy machine, and short enough to wait for. */
const TIMEOUT_MS = 500;

async function connect(url: string): Promise<Store> {
  return connectRedisStore({ url, timeoutMs: TIMEOUT_MS });
}

/** `null` where this machine cannot have it. */
export const outages: Record<string, () => Promise<Outage | null>> = {
  async "Redis is gone"() {
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    return { store: await connect(server.url), reason: "unreachable", strike: server.stop, mend: server.start };
  },
  async "Redis hangs"() {
    const server = await startRedis();
    return { store: await connect(server.url), reason: "unreachable", strike: server.pause, mend: server.resume };
  },
  async "Redis is asleep over a command"() {
    const server = await startRedis("--enable-debug-command", "yes");
    let sleep: Promise<unknown> | undefined;
    return {
      store: await connect(server.url),
      reason: "unreachable",
      strike() {
        sleep = server.admin.call("DEBUG", "SLEEP", "3");
      },
      async mend() {
        await sleep;
      },
    };
  },
  async "the connection to Redis is half-open"() {
    const proxy = await startProxy((await startRedis()).port);
    return { store: await connect(proxy.url), reason: "unreachable", strike: proxy.swallow, mend: proxy.restore };
  },
  async "another process keeps the file locked"() {
    const path = join(newFolder(), "ledger.db");
    const store = await openSqliteStore(path, { retryForMs: 200 });
    let release = async () => {};
    return {
      store,
      reason: "busy",
      async strike() {
        release = await lockFile(path);
      },
      mend: () => release(),
    };
  },
  async "the disk is full"() {
    const folder = smallDisk(1024 * 1024);
    if (folder === undefined) return null;
    const ballast = join(folder, "ballast");
    return {
      store: await openSqliteStore(join(folder, "ledger.db")),
      reason: "full",
      strike: () => fill(ballast),
      mend: () => rmSync(ballast),
    };
  },
};

/** Another process takes the file for itself until it is told to let go. */
async function lockFile(path: string): Promise<() => Promise<void>> {
  const script = `
    import { DatabaseSync } from "@photostructure/sqlite";
    const database = new DatabaseSync(process.argv[1]);
    database.exec("PRAGMA busy_timeout = 5000");
    database.exec("BEGIN EXCLUSIVE");
    console.log("locked");
    process.stdin.resume().once("end", () => database.close());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return async () => {
    const gone = once(child, "exit");
    child.stdin.end();
    await gone;
  };
}

function fill(path: string): void {
  const piece = Buffer.alloc(1_024);
  try {
    for (let written = 0; written < 4_096; written++) writeFileSync(path, piece, { flag: "a" });
  } catch {
    return;
  }
  throw new Error("the disk is larger than it should be");
}
