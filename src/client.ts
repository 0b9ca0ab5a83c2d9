import { createFalClient as createUpstreamClient, type FalClient } from "@fal-ai/client";
import type { EndpointId, Scope } from "./call.ts";
import { OptionsError } from "./errors.ts";
import { createMeter, type Meter, realtimeRefused } from "./meter.ts";
import type { MeterOptions } from "./options.ts";
import type { Estimate } from "./price/estimate.ts";

/** The config of `@fal-ai/client`, which does not export its name. */
export type FalConfig = NonNullable<Parameters<typeof createUpstreamClient>[0]>;

/** Upstream's config, and how to meter. */
export type MeteredConfig = FalConfig & {
  /** Options for a meter of its own, or a meter to share among clients. @default a meter with no options: it keeps the ledger and changes nothing else */
  meter?: MeterOptions | Meter;
};

/** The real fal client over the metered fetch. */
export interface MeteredFalClient extends FalClient {
  readonly meter: Meter;
  /** The same client for calls of one kind. @throws OptionsError naming `scope.…` */
  with(scope: Scope): MeteredFalClient;
  /** What a call would cost. Sends nothing. @throws OptionsError for an absurd input, naming the field */
  estimate(endpointId: EndpointId, input?: unknown): Promise<Estimate>;
}

/**
 * `createFalClient` of `@fal-ai/client`, with a `meter`. The client inside is the real one; only its `fetch` is ours.
 * @throws OptionsError naming the meter option, what was wanted and what came
 */
export function createFalClient(config: MeteredConfig = {}): MeteredFalClient {
  const { meter: given, ...upstream } = config;
  if (isMeter(given)) return meteredClient(upstream, upstream.fetch ? given.with({}, upstream.fetch) : given);
  const options: MeterOptions = { ...given };
  if (upstream.fetch) options.fetch = upstream.fetch;
  if (options.credentials === undefined && upstream.credentials !== undefined)
    options.credentials = upstream.credentials;
  const { prices } = options;
  if (prices?.source === "live" && prices.credentials === undefined) options.prices = { ...prices, ...keyOf(upstream) };
  return meteredClient(upstream, createMeter(options));
}

/** The client's own key asks for live prices too. */
function keyOf({ credentials }: FalConfig): { credentials?: string } {
  const key = typeof credentials === "function" ? credentials() : credentials;
  return key === undefined ? {} : { credentials: key };
}

function isMeter(value: MeterOptions | Meter | undefined): value is Meter {
  return typeof (value as Meter | undefined)?.receipt === "function";
}

function meteredClient(config: FalConfig, meter: Meter): MeteredFalClient {
  const client = createUpstreamClient({ ...config, fetch: meter.fetch });
  return {
    ...client,
    realtime: meter.realtime === "refuse" ? { connect: refuseRealtime } : client.realtime,
    meter,
    with: (scope) => meteredClient(config, meter.with(scope)),
    estimate: (endpointId, input) => meter.estimate(endpointId, input),
  };
}

function refuseRealtime(): never {
  throw realtimeRefused();
}

/** The singleton: upstream's members, made on first use; importing does nothing. */
export type SingletonFalClient = MeteredFalClient & {
  /** Replaces the client. The meter stays unless the config brings one. */
  config(config: MeteredConfig): void;
};

export const fal: SingletonFalClient = (() => {
  let current: MeteredFalClient | undefined;
  const client = () => {
    current ??= createFalClient();
    return current;
  };
  return {
    config(config) {
      if (typeof config !== "object" || config === null) throw new OptionsError("config", "an object", config);
      current = createFalClient(config.meter === undefined && current ? { ...config, meter: current.meter } : config);
    },
    get meter() {
      return client().meter;
    },
    get queue() {
      return client().queue;
    },
    get realtime() {
      return client().realtime;
    },
    get storage() {
      return client().storage;
    },
    get streaming() {
      return client().streaming;
    },
    run: (endpointId, options) => client().run(endpointId, options),
    subscribe: (endpointId, options) => client().subscribe(endpointId, options),
    stream: (endpointId, options) => client().stream(endpointId, options),
    with: (scope) => client().with(scope),
    estimate: (endpointId, input) => client().estimate(endpointId, input),
  };
})();
