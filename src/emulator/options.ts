import type { EndpointGlob } from "../call.ts";
import { type Clock, systemClock } from "../clock.ts";
import { OptionsError } from "../errors.ts";
import { type Decimal, dollars, type MoneyInput } from "../money.ts";
import { isLoopback } from "./address.ts";
import type { Fault } from "./fault.ts";
import type { GivenPrice } from "./prices.ts";

export interface EmulatorOptions {
  /** The port to listen on, 0 to 65535. @default 0, any free one */
  port?: number;
  /** The address to listen on; anything but this machine's own loopback is refused. @default "127.0.0.1" */
  host?: string;
  /**
   * How long things take, in milliseconds to 24 hours: `run` for a synchronous call, `queue` before a queued job starts,
   * `work` for a queued job to finish. A number stands for `run` and `work`. At 0 a queued job is complete at its first
   * status. @default 0
   */
  latencyMs?: number | { run?: number; queue?: number; work?: number };
  /** Unit prices over and above the emulator's own list, by endpoint id. What nobody lists costs one cent a request. */
  prices?: Record<string, GivenPrice>;
  /** Faults armed from the start. */
  faults?: Fault[];
  /** What calls without a seed draw from: the same seed gives the same pictures in the same order. @default 0 */
  seed?: number;
  /** Answer 401 to inference, storage and platform requests that carry no key. @default false */
  requireKey?: boolean;
  /** Endpoints whose answers carry no `x-fal-billable-units`, though they are billed. @default none */
  headerlessEndpoints?: EndpointGlob[];
  /** Endpoints that answer 404, as an id nobody published does. @default none */
  unknownEndpoints?: EndpointGlob[];
  /** Jobs at work at once, from 1. Beyond it the queue waits and a synchronous call gets 429. @default unlimited */
  maxConcurrency?: number;
  /** The account's credit in US dollars. Once the bill reaches it, paid calls get 403. @default unlimited */
  balance?: MoneyInput;
  /** Rows on one page of the platform API, 1 to 10,000; a caller's `limit` may ask for fewer. @default 50 */
  pageSize?: number;
  /** Time. @default the system clock */
  clock?: Clock;
}

export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly runMs: number;
  readonly queueMs: number;
  readonly workMs: number;
  readonly seed: number;
  readonly requireKey: boolean;
  readonly headerlessEndpoints: readonly EndpointGlob[];
  readonly unknownEndpoints: readonly EndpointGlob[];
  /** `Infinity` when unlimited. */
  readonly maxConcurrency: number;
  /** `null` when unlimited. */
  readonly balance: Decimal | null;
  readonly pageSize: number;
  readonly clock: Clock;
}

const LONGEST_LATENCY_MS = 86_400_000;

/** @throws OptionsError naming the option that is out of bounds. */
export function readOptions(options: EmulatorOptions): Settings {
  const latency = options.latencyMs ?? 0;
  const { run = 0, queue = 0, work = 0 } = typeof latency === "number" ? { run: latency, work: latency } : latency;
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host)) throw new OptionsError("host", 'an address of this machine only, such as "127.0.0.1"', host);
  return {
    port: whole(options.port ?? 0, "port", 0, 65_535),
    host,
    runMs: latencyOf(run, "latencyMs.run"),
    queueMs: latencyOf(queue, "latencyMs.queue"),
    workMs: latencyOf(work, "latencyMs.work"),
    seed: whole(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER),
    requireKey: options.requireKey ?? false,
    headerlessEndpoints: options.headerlessEndpoints ?? [],
    unknownEndpoints: options.unknownEndpoints ?? [],
    maxConcurrency:
      options.maxConcurrency === undefined
        ? Number.POSITIVE_INFINITY
        : whole(options.maxConcurrency, "maxConcurrency", 1, 10_000),
    balance: options.balance === undefined ? null : dollars(options.balance, "balance"),
    pageSize: whole(options.pageSize ?? 50, "pageSize", 1, 10_000),
    clock: options.clock ?? systemClock,
  };
}

function whole(value: number, option: string, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OptionsError(option, `a whole number from ${least} to ${most}`, value);
}

/** @throws OptionsError when it is no number of milliseconds from 0 to 24 hours. */
export function latencyOf(value: number, option: string): number {
  if (typeof value === "number" && value >= 0 && value <= LONGEST_LATENCY_MS) return value;
  throw new OptionsError(option, "a number of milliseconds from 0 to 86400000", value);
}
