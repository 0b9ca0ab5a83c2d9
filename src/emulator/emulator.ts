import { setMaxListeners } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { type EndpointGlob, endpointMatcher } from "../call.ts";
import { emulatorFetch, innerFetch } from "./address.ts";
import { json } from "./body.ts";
import { Book } from "./book.ts";
import { Cashier } from "./cashier.ts";
import { innerConnection, socketConnection } from "./connection.ts";
import { Door } from "./door.ts";
import { type Fault, Faults } from "./fault.ts";
import { Files } from "./files.ts";
import { Inference } from "./inference.ts";
import { Jobs } from "./jobs.ts";
import { type EmulatorOptions, readOptions, type Settings } from "./options.ts";
import { refuse } from "./order.ts";
import { Platform } from "./platform.ts";
import { PriceList } from "./prices.ts";
import { Queue } from "./queue.ts";
import { refusal } from "./refusal.ts";
import { Storage } from "./storage.ts";
import { type RecordedRequest, Visits } from "./visit.ts";
import { Webhooks } from "./webhooks.ts";

export { emulatorFetch } from "./address.ts";
export type { BookLine, EndpointTotal } from "./book.ts";
export type { Fault, Mishap } from "./fault.ts";
export type { EmulatorOptions } from "./options.ts";
export type { RecordedRequest, RequestKind } from "./visit.ts";

/** A fal on this machine: no key, no money, real HTTP. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`, or a name that only `fetch` knows. A fal address is under it by its host: `/queue.fal.run/fal-ai/flux/dev`. */
  readonly url: string;
  /**
   * Takes requests for fal's hosts here, and all others where they were going.
   * @example createFalClient({ fetch: emulator.fetch })
   */
  readonly fetch: typeof fetch;
  /** For the client's own `proxyUrl`; it follows the header `x-fal-target-url`. */
  readonly proxyUrl: string;
  /** What was really billed. */
  readonly book: Omit<Book, "enter">;
  /** The newest requests, oldest first; at most 10,000. */
  readonly requests: readonly RecordedRequest[];
  /** How many paid requests were accepted, answered or not, for one endpoint, a glob of them, or all. */
  paidPosts(endpoint?: EndpointGlob): number;
  /**
   * Arms a fault; the function returned disarms it.
   * @throws OptionsError when the fault is none that can be.
   */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /**
   * What an endpoint costs from now on, as a price that fal changes; what was accepted before keeps its price.
   * @throws OptionsError when the price is no amount or the unit no text.
   */
  reprice(endpointId: string, price: { unit: string; unitPrice: string | number }): void;
  /** Cuts every connection and stops. Work that has not ended never will. */
  close(): Promise<void>;
}

/**
 * Starts a fal on loopback. It speaks run, queue, stream, storage, webhooks and the Platform API, makes real media,
 * and bills exactly. It is for building and testing: what it makes is drawn, not generated.
 * @throws OptionsError when an option is out of bounds; the system's own error when the port is taken.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = readOptions(options);
  let url = "";
  const { door, hand } = build(settings, options, () => url);
  const server = await listen(settings, door);
  const { port } = server.address() as AddressInfo;
  url = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;
  return hand(emulatorFetch(url), () => {
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });
}

/** A host that no name server knows (RFC 6761): what it names is reached by the emulator's own `fetch` alone. */
const INNER_URL = "http://fal.invalid";

/**
 * The same fal inside of this process: it opens no port, and only its `fetch` reaches it. For tests and long runs, where the network
 * is not what matters. A connection that a fault breaks fails as a `fetch` whose connection was reset.
 * @throws OptionsError when an option is out of bounds.
 */
export function createEmulator(options: Omit<EmulatorOptions, "port" | "host"> = {}): Emulator {
  const { door, hand } = build(readOptions(options), options, () => INNER_URL);
  const inner = innerFetch(new URL(INNER_URL), (request) => door.answer(request, innerConnection));
  return hand(inner, () => Promise.resolve());
}

interface Built {
  readonly door: Door;
  /** The emulator as its user sees it, reached by this `fetch` and closed by this. */
  hand(reachedBy: typeof fetch, close: () => Promise<void>): Emulator;
}

function build(settings: Settings, options: EmulatorOptions, origin: () => string): Built {
  const prices = new PriceList(options.prices ?? {});
  const faults = new Faults();
  for (const fault of options.faults ?? []) faults.arm(fault);
  const closing = new AbortController();
  // Every job that waits listens for the end, and there may be thousands.
  setMaxListeners(0, closing.signal);
  const book = new Book();
  const visits = new Visits();
  const parts = { settings, prices, faults, book, visits, origin, closing: closing.signal };
  const webhooks = new Webhooks(settings.clock, closing.signal);
  const cashier = new Cashier(parts);
  const jobs = new Jobs({ ...parts, cashier, ended: (job) => webhooks.deliver(job) });
  const inference = new Inference({ ...parts, jobs, cashier });
  const queue = new Queue({ ...parts, jobs, cashier });
  const storage = new Storage(new Files(), origin);
  const platform = new Platform({ ...parts, jobs });
  const rooms = {
    run: (visit) => inference.run(visit),
    stream: (visit) => inference.stream(visit),
    submit: (visit) => queue.submit(visit),
    status: (visit) => queue.status(visit),
    "status-stream": (visit) => queue.statusStream(visit),
    result: (visit) => queue.result(visit),
    cancel: (visit) => queue.cancel(visit),
    upload: (visit) => storage.upload(visit),
    media: (visit) => storage.media(visit),
    token: () => json(200, "emulated-token"),
    keys: () => json(200, webhooks.keys()),
    platform: (visit) => platform.answer(visit),
    other: () => refuse({ ...refusal(404, "Not Found"), headers: { "x-fal-billable-units": "0" } }),
  } satisfies ConstructorParameters<typeof Door>[0]["rooms"];
  return {
    door: new Door({ ...parts, jobs, cashier, rooms }),
    hand: (reachedBy, close) => ({
      url: origin(),
      fetch: reachedBy,
      proxyUrl: `${origin()}/proxy`,
      book,
      get requests() {
        return visits.requests;
      },
      paidPosts: (endpoint = "*") => visits.paid(endpointMatcher(endpoint)),
      fault: (fault) => faults.arm(fault),
      clearFaults: () => faults.clear(),
      reprice: (endpointId, price) => prices.set(endpointId, price, "price"),
      close() {
        closing.abort(new Error("The emulator was closed."));
        jobs.close();
        return close();
      },
    }),
  };
}

/** Pages of other origins may call it, as they may call fal, and read fal's own headers. */
function listen(settings: Settings, door: Door): Promise<Server> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(cors({ origin: "*", exposeHeaders: ["x-fal-request-id", "x-fal-billable-units", "x-fal-needs-retry"] }));
  app.all("*", (context) => door.answer(context.req.raw, socketConnection(context.env)));
  app.onError((error) => refuse(refusal(500, `The emulator failed: ${error.message}`)));
  // The global Request and Response stay the runtime's own: a test that imports this must not run on others.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, settings.host, () => resolve(server));
  });
}
