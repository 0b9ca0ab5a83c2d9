import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

/** What a request came in by, for faults that break it. */
export interface Connection {
  /** Breaks it before anything was answered. */
  cut(): Response;
  /** Promises the whole body, hands over half of it, and breaks. */
  cutHalfway(response: Response): Promise<Response>;
}

/** A connection of a server. */
export function socketConnection({ incoming, outgoing }: HttpBindings): Connection {
  function cut(): Response {
    incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  return {
    cut,
    async cutHalfway(response) {
      const body = Buffer.from(await response.arrayBuffer());
      outgoing.writeHead(response.status, {
        ...Object.fromEntries(response.headers),
        "content-length": String(body.length),
      });
      await new Promise<void>((resolve) => {
        outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve());
      });
      return cut();
    },
  };
}

/** A call inside of this process, which fails as a `fetch` fails whose connection was reset. */
export const innerConnection: Connection = {
  cut() {
    throw reset();
  },
  async cutHalfway(response) {
    const body = new Uint8Array(await response.arrayBuffer());
    const half = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(body.subarray(0, Math.floor(body.length / 2)));
      },
      // Not at once, for an error takes along what was not read yet.
      pull(controller) {
        controller.error(reset());
      },
    });
    return new Response(half, { status: response.status, headers: response.headers });
  },
};

function reset(): TypeError {
  const cause = Object.assign(new Error("The connection was reset."), { code: "ECONNRESET" });
  return new TypeError("fetch failed", { cause });
}
