import { afterAll } from "vitest";
import { launchRedis, type RedisServer } from "./redis-process.ts";

const open: { close(): Promise<void> }[] = [];

afterAll(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** A real Redis of a test file's own, gone with the file. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const server = await launchRedis(...settings);
  open.push(server);
  return server;
}
