import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { fateOf } from "../../src/wire/fate.ts";

async function listening(onConnection: (socket: import("node:net").Socket) => void) {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/`, close: () => new Promise((resolve) => server.close(resolve)) };
}

const failure = (url: string) =>
  fetch(url, { method: "POST", body: "{}" }).then(
    () => null,
    (error: unknown) => error,
  );

describe("what a failed request proves", () => {
  it("nothing arrived where nobody listens", async () => {
    const { url, close } = await listening(() => {});
    await close();
    expect(fateOf(await failure(url))).toBe("never-arrived");
  });

  it("nothing arrived where the name does not exist", async () => {
    expect(fateOf(await failure("http://no-such-host.invalid/"))).toBe("never-arrived");
  });

  it("nothing was sent to a port that fetch refuses", async () => {
    expect(fateOf(await failure("http://127.0.0.1:9/"))).toBe("never-arrived");
  });

  it("nothing is known when the connection is lost after the request was read", async () => {
    const { url, close } = await listening((socket) => socket.once("data", () => socket.destroy()));
    expect(fateOf(await failure(url))).toBe("unknown");
    await close();
  });

  it("of several attempts, all must have been refused", () => {
    const refused = Object.assign(new Error(), { code: "ECONNREFUSED" });
    const reset = Object.assign(new Error(), { code: "ECONNRESET" });
    expect(fateOf(new TypeError("fetch failed", { cause: new AggregateError([refused, refused]) }))).toBe(
      "never-arrived",
    );
    expect(fateOf(new TypeError("fetch failed", { cause: new AggregateError([refused, reset]) }))).toBe("unknown");
  });

  it.each([null, undefined, "ECONNREFUSED", new Error("?"), new TypeError("fetch failed")])(
    "nothing is known from %s",
    (odd) => {
      expect(fateOf(odd)).toBe("unknown");
    },
  );

  it("a ring of causes ends", () => {
    const ring = new Error("ring") as Error & { cause: unknown };
    ring.cause = ring;
    expect(fateOf(ring)).toBe("unknown");
  });
});
