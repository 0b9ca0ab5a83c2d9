/** A real `redis-server` of one's own, for tests and measurements. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";

const binaries = ["redis-server", "valkey-server"].flatMap((name) =>
  ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map((folder) => join(folder, name)),
);

/** Starts one that keeps everything in memory; `folder` is where it works. */
export async function spawnRedis(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  const binary = binaries.find((path) => existsSync(path));
  if (!binary) {
    throw new Error("A real Redis is needed. Install one: apt-get install redis-server, or brew install redis.");
  }
  const fixed = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn(binary, [...fixed, ...settings], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (text: Buffer) => text.includes("Ready to accept connections") && resolve());
    child.once("exit", (code) => reject(new Error(`redis-server ended at its start with code ${code}`)));
  });
  return child;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
