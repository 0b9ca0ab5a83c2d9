import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../src/clock.ts";
import type { Alert } from "../../src/report/alert.ts";

export interface Received {
  body: string;
  headers: IncomingHttpHeaders;
  status: number;
}

/** A webhook's receiver. Answers what `answer` says, and keeps what came. */
export interface Receiver {
  url: string;
  received: Received[];
  answer: number;
  /** The ids of alerts that it took. */
  taken(): string[];
  close(): Promise<void>;
}

export async function openReceiver(onReceived: () => void = () => {}): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ body: Buffer.concat(parts).toString(), headers: request.headers, status: receiver.answer });
      onReceived();
      if (receiver.answer !== 0) response.writeHead(receiver.answer, { location: "http://127.0.0.1:1/" }).end("{}");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/s3cret`,
    received,
    answer: 200,
    taken: () => received.filter(({ status }) => status === 200).map(({ body }) => (JSON.parse(body) as Alert).id),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** A clock that jumps over every pause, and remembers them; pauses of `held` ms never end by themselves. */
export function jumpingClock(now: number, held?: number): Clock & { pauses: number[] } {
  const pauses: number[] = [];
  let at = now;
  return {
    pauses,
    now: () => at,
    async sleep(ms, signal) {
      if (ms === held)
        return new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
        );
      pauses.push(ms);
      at += ms;
    },
  };
}

export function alertNamed(id: string, at: number): Alert {
  return {
    id,
    kind: "usage-threshold",
    severity: "warning",
    title: `alert ${id}`,
    facts: { budget: "daily" },
    at: new Date(at),
  };
}
