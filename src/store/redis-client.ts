import type { Clock } from "../clock.ts";
import { OptionsError } from "../errors.ts";

/** What is used of `ioredis`, its `Cluster` included. */
export interface IoredisLike {
  evalsha(sha: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** What is used of `redis` (node-redis), version 4 and later. */
export interface NodeRedisLike {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Any client that can run a script. It stays the caller's: who opened it closes it. */
export type RedisLike = IoredisLike | NodeRedisLike;

/** The one thing a store asks of a server: run this script, by its name or by its text. */
export interface Evaluator {
  bySha(sha: string, keys: string[], values: string[]): Promise<unknown>;
  byText(text: string, keys: string[], values: string[]): Promise<unknown>;
  /** Gives up the connection, so that a new one is made; where the connection is ours to give up. */
  reconnect(): void;
  close(): void;
}

/** @throws OptionsError when it cannot run scripts. */
export function evaluatorOf(client: RedisLike): Evaluator {
  const nobodys = { reconnect() {}, close() {} };
  const { evalSha, evalsha } = (client ?? {}) as Partial<NodeRedisLike & IoredisLike>;
  if (typeof evalSha === "function") {
    const node = client as NodeRedisLike;
    return {
      bySha: (sha, keys, values) => node.evalSha(sha, { keys, arguments: values }),
      byText: (text, keys, values) => node.eval(text, { keys, arguments: values }),
      ...nobodys,
    };
  }
  if (typeof evalsha === "function") {
    const io = client as IoredisLike;
    return {
      bySha: (sha, keys, values) => io.evalsha(sha, keys.length, ...keys, ...values),
      byText: (text, keys, values) => io.eval(text, keys.length, ...keys, ...values),
      ...nobodys,
    };
  }
  throw new OptionsError("client", "a Redis client with evalsha (ioredis) or evalSha (node-redis)", typeof client);
}

export interface Address {
  url: string;
  /** `redis://host:port/db`: what may be printed. */
  name: string;
}

/** @throws OptionsError that shows nothing of the address, for there may be a password in it. */
export function addressOf(url: string): Address {
  const wanted = 'an address such as "redis://localhost:6379/0" or "rediss://user:password@host:6380"';
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) throw new OptionsError("url", wanted, "no address (not shown)");
  const { protocol, hostname, port, pathname } = parsed;
  const db = /^\/?(\d*)$/.exec(pathname)?.[1];
  if (!/^rediss?:$/.test(protocol) || hostname === "" || db === undefined) {
    throw new OptionsError("url", wanted, `${protocol}//${hostname}${pathname}`);
  }
  return { url, name: `${protocol}//${hostname}:${port || "6379"}/${db || "0"}` };
}

const reconnectMaxMs = 2_000;
/** How long a connection may take to close in good order before it is cut. */
const giveUpMs = 200;

/**
 * Connects with `ioredis`. Nothing waits in a queue of the client and nothing is sent twice by it: what a lost connection
 * took along fails at once, and the next verb after the reconnection goes through.
 */
export async function connectIoredis({ url }: Address, clock: Clock, timeoutMs: number): Promise<Evaluator> {
  const { Redis } = await import("ioredis");
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    disconnectTimeout: giveUpMs,
    keepAlive: 10_000,
    noDelay: true,
    retryStrategy: (tries) => Math.min(reconnectMaxMs, 25 * 2 ** Math.min(tries, 10)),
  });
  let lastError: Error | undefined;
  client.on("error", (error: Error) => {
    lastError = error;
  });
  // A server that takes the connection and says nothing keeps the client waiting for its first word for good.
  client.on("connect", () => {
    const settled = new AbortController();
    for (const event of ["ready", "close"]) client.once(event, () => settled.abort());
    clock.sleep(timeoutMs, settled.signal).then(
      () => client.disconnect(true),
      () => {},
    );
  });
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw lastError ?? error;
  }
  return {
    ...evaluatorOf(client),
    reconnect: () => client.disconnect(true),
    close: () => client.disconnect(),
  };
}
