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

  it.each([
    ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "ERR_INVALID_URL"],
    ...["UND_ERR_CONNECT_TIMEOUT", "CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"],
    ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("%s proves that nothing arrived, however deep it lies", (code) => {
    const cause = Object.assign(new Error(), { code });
    expect(fateOf(cause)).toBe("never-arrived");
    expect(fateOf(new TypeError("fetch failed", { cause: new Error("outer", { cause }) }))).toBe("never-arrived");
  });

  it("a code counts before the cause under it, and eight causes deep is the end", () => {
    const refused = Object.assign(new Error(), { code: "ECONNREFUSED" });
    const reset = Object.assign(new Error("reset", { cause: refused }), { code: "ECONNRESET" });
    expect(fateOf(reset)).toBe("unknown");
    const under = (depth: number) => {
      let failure: Error = refused;
      for (let level = 0; level < depth; level++) failure = new Error("outer", { cause: failure });
      return failure;
    };
    expect(fateOf(under(8))).toBe("never-arrived");
    expect(fateOf(under(9))).toBe("unknown");
    const attempts = (depth: number) => {
      let failure: Error = refused;
      for (let level = 0; level < depth; level++) failure = new AggregateError([failure]);
      return failure;
    };
    expect(fateOf(attempts(8))).toBe("never-arrived");
    expect(fateOf(attempts(9))).toBe("unknown");
  });

  it("no attempts prove nothing of themselves", () => {
    expect(fateOf(new AggregateError([]))).toBe("unknown");
    expect(fateOf(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }))).toBe("never-arrived");
    expect(fateOf({ errors: "ECONNREFUSED", code: "ECONNREFUSED" })).toBe("never-arrived");
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
