import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { afterAll } from "vitest";

/** A way to the server that can lose an answer, or everything. */
export interface Proxy {
  readonly url: string;
  /** The next answer is swallowed and its connection cut. Resolves when that has happened. */
  loseNextReply(): Promise<void>;
  /** From now on what is sent either way goes nowhere, and no end of any connection is told. */
  swallow(): void;
  /** New connections go through again; those of before stay as good as dead. */
  restore(): void;
}

const closers: (() => void)[] = [];

afterAll(() => {
  for (const close of closers.splice(0)) close();
});

export async function startProxy(port: number): Promise<Proxy> {
  let lose: (() => void) | null = null;
  let swallowing = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    let dead = false;
    const swallowed = () => {
      dead ||= swallowing;
      return dead;
    };
    near.on("data", (bytes) => swallowed() || far.write(bytes));
    far.on("data", (bytes) => {
      if (swallowed()) return;
      if (!lose) {
        near.write(bytes);
        return;
      }
      near.destroy();
      lose();
      lose = null;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseNextReply: () =>
      new Promise<void>((resolve) => {
        lose = resolve;
      }),
    swallow() {
      swallowing = true;
    },
    restore() {
      swallowing = false;
    },
  };
}
