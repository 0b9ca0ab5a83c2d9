import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** One request as it crossed the wire. */
export interface Crossing {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** JSON and text as they are; anything else by its length and hash. */
  body: string;
}

/** A stretch of real wire between a client and an emulator: it passes everything on and writes down what crossed. */
export interface Wire {
  readonly url: string;
  /** Takes fal's hosts, and the emulator's own addresses, over this wire. */
  readonly fetch: typeof fetch;
  /** In the order in which their last byte came. */
  readonly crossings: readonly Crossing[];
  /** Resolves once a request whose path contains this has crossed. */
  crossed(path: string): Promise<void>;
}

const FAL_HOST = /^(?:[a-z0-9-]+\.)*fal\.(?:run|ai|media)$/;

/** Where a webhook may be sent: answered here, and not written down, since it comes when it comes. */
export const HOOK_PATH = "/hook";

export async function openWire(emulatorUrl: string): Promise<Wire> {
  const crossings: Crossing[] = [];
  const watchers = new Set<() => void>();
  const server = createServer((incoming, outgoing) => {
    void pass(incoming, outgoing, emulatorUrl, (crossing) => {
      crossings.push(crossing);
      for (const watch of watchers) watch();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url,
    crossings,
    fetch: (input, init) => globalThis.fetch(overWire(String(input), url, emulatorUrl), init),
    crossed: (path) =>
      new Promise((resolve) => {
        const watch = () => {
          if (!crossings.some((crossing) => crossing.path.includes(path))) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
}

function overWire(address: string, wireUrl: string, emulatorUrl: string): string {
  if (!URL.canParse(address)) return address;
  const { hostname, origin, pathname, search } = new URL(address);
  if (FAL_HOST.test(hostname)) return `${wireUrl}/${hostname}${pathname}${search}`;
  return origin === emulatorUrl ? `${wireUrl}${pathname}${search}` : address;
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  emulatorUrl: string,
  crossed: (crossing: Crossing) => void,
): Promise<void> {
  const { method = "", url = "", headers } = incoming;
  if (url === HOOK_PATH) {
    incoming.resume();
    outgoing.end();
    return;
  }
  const onward = httpRequest(`${emulatorUrl}${url}`, { method, headers });
  // What breaks on one side breaks on the other.
  onward.on("error", () => incoming.socket.destroy());
  outgoing.on("close", () => onward.destroy());
  onward.on("response", (answer) => {
    answer.on("error", () => incoming.socket.destroy());
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  try {
    const body = await written(incoming, (chunk) => onward.write(chunk));
    crossed({ method, path: url, headers: shown(headers), body });
    onward.end();
  } catch {
    onward.destroy();
  }
}

async function written(incoming: IncomingMessage, write: (chunk: Buffer) => void): Promise<string> {
  const hash = createHash("sha256");
  const texts: Buffer[] = [];
  const isText = /json|text/.test(incoming.headers["content-type"] ?? "");
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
    if (isText) texts.push(chunk);
    write(chunk);
  }
  if (bytes === 0) return "";
  return isText ? Buffer.concat(texts).toString() : `${bytes} bytes ${hash.digest("hex")}`;
}

/** Every header but those that say where the wire itself is. */
function shown(headers: IncomingMessage["headers"]): Record<string, string> {
  const { host: _, connection: __, ...said } = headers;
  return Object.fromEntries(Object.entries(said).map(([name, value]) => [name, String(value)]));
}
