import { type Clock, systemClock } from "../clock.ts";
import { OptionsError, StoreError } from "../errors.ts";
import { notesMax, wholeNumber } from "./bounds.ts";
import { addressOf, connectIoredis, type Evaluator, evaluatorOf, type RedisLike } from "./redis-client.ts";
import { type Connection, createConnection } from "./redis-connection.ts";
import { redisFailure } from "./redis-failure.ts";
import { createRedisLedger, type LedgerBounds } from "./redis-ledger.ts";
import { createRedisPermits } from "./redis-permits.ts";
import { scripts } from "./redis-scripts.ts";
import { createRedisShelf, type ShelfBounds } from "./redis-shelf.ts";
import type { Store } from "./store.ts";

export type { NodeRedisLike, RedisLike } from "./redis-client.ts";

interface CommonOptions {
  /**
   * Keeps ledgers on one server apart: keys begin with `{fm:<prefix>}:`, which puts all of one ledger into one slot of a
   * cluster. 1 to 64 letters, digits and `._-`. @default "default"
   */
  prefix?: string;
  /** Entries kept to be read one by one; the oldest go first, and stay in the totals. At least 1. @default 100_000 */
  maxEntries?: number;
  /** Bytes of stored results; the least recently used go first. At least 1. @default 64 MiB */
  maxResultBytes?: number;
  /** Notes kept of one kind; the oldest go first. At least 1. @default 10_000 */
  maxNotes?: number;
  /**
   * How long one round trip may take, in milliseconds; then the verb fails as `unreachable`. Every verb is one round trip,
   * but for those that read long lists page by page. At least 1. @default 2_000
   */
  timeoutMs?: number;
  /** What the timeouts are measured by. @default the system's */
  clock?: Clock;
}

/** An address, for which `ioredis` is loaded, or a client of your own, which you close yourself. */
export type RedisStoreOptions = CommonOptions & ({ url: string } | { client: RedisLike });

const schemaVersion = 1;
const openHoldsMax = 100_000;
const membersMax = 100_000;
const prefixPattern = /^[\w.-]{1,64}$/;

/**
 * A ledger on a Redis server (6.2 or later, or a fork of it), for many machines.
 *
 * - Each verb is one Lua script: whole or not at all, over everybody who shares the server. A full server refuses new holds as
 *   `full`, and still takes the settlements of open ones.
 * - A verb whose answer was lost may be sent again: a known hold answers `held` (a joined one `joined`), a settled one
 *   `already` with its entry, a recorded entry is not recorded twice. `share` and `unshare` alone count every time.
 * - Windows go by the time each caller gives. What has left a rolling window, or ended two days ago, is dropped only when the
 *   server's own clock agrees, so one machine whose clock is ahead cannot make the others forget. What ends by itself
 *   (counters, results) lives as long as it should by the server's clock.
 * - While the connection is lost, verbs fail as `unreachable` at once; it is made again by itself.
 * - A ledger must not be forgotten: a server with a memory limit has to keep `maxmemory-policy noeviction`. One that is wiped
 *   is a new ledger with nothing spent, in which what was held before settles as `already`, without an entry.
 *
 * Up to 100,000 holds may be open; a rolling window is exact up to 100,000 amounts.
 * @throws StoreError `unreachable`, `busy`, `read-only`, `newer-schema` or `failed`; none shows a password.
 * @throws OptionsError when an option is out of its bounds.
 */
export async function connectRedisStore(options: RedisStoreOptions): Promise<Store> {
  const prefix = options.prefix ?? "default";
  if (!prefixPattern.test(prefix))
    throw new OptionsError("prefix", "1 to 64 letters, digits, dots, dashes, underscores", prefix);
  const clock = options.clock ?? systemClock;
  const timeoutMs = wholeNumber(options.timeoutMs, 2_000, "timeoutMs");
  const bounds = {
    entriesMax: wholeNumber(options.maxEntries, 100_000, "maxEntries"),
    resultBytesMax: wholeNumber(options.maxResultBytes, 64 * 1024 * 1024, "maxResultBytes"),
    notesMax: wholeNumber(options.maxNotes, notesMax, "maxNotes"),
    openHoldsMax,
    membersMax,
  };
  const { name, evaluator } = await evaluatorFor(options, clock, timeoutMs);
  const connection = createConnection(evaluator, { store: name, prefix, clock, timeoutMs });
  try {
    await greet(name, connection);
  } catch (error) {
    connection.close();
    throw error;
  }
  return createRedisStore(name, connection, bounds);
}

/** The port over an open connection. */
export function createRedisStore(name: string, connection: Connection, bounds: LedgerBounds & ShelfBounds): Store {
  return {
    name,
    ...createRedisLedger(name, connection, bounds),
    ...createRedisPermits(connection),
    ...createRedisShelf(connection, bounds),
    async close() {
      connection.close();
    },
  };
}

async function evaluatorFor(
  options: RedisStoreOptions,
  clock: Clock,
  timeoutMs: number,
): Promise<{ name: string; evaluator: Evaluator }> {
  if ("client" in options) return { name: "redis: (a client of yours)", evaluator: evaluatorOf(options.client) };
  const address = addressOf(options.url);
  try {
    return { name: address.name, evaluator: await connectIoredis(address, clock, timeoutMs) };
  } catch (error) {
    throw redisFailure(address.name, error);
  }
}

async function greet(name: string, { run }: Connection): Promise<void> {
  const [version, evicts] = (await run(scripts.open, [], [`${schemaVersion}`])) as [string, string];
  if (Number(version) > schemaVersion) {
    throw new StoreError(
      name,
      "newer-schema",
      `its ledger has version ${version}, this package knows ${schemaVersion}`,
    );
  }
  if (evicts === "") return;
  const detail = `it drops keys when its memory is full (maxmemory-policy ${evicts}), and with them money; set noeviction`;
  throw new StoreError(name, "failed", detail);
}
