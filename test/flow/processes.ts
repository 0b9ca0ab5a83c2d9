import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { MeterOptions } from "../../src/index.ts";

/** What a process is to do. Goes through JSON. */
export interface Orders {
  emulatorUrl: string;
  meter: MeterOptions;
  /** The time, which stands still; `null` for the system's. */
  now: number | null;
  endpointId: string;
  input: Record<string, unknown>;
  door: "run" | "subscribe";
  /** Made at once. */
  calls: number;
}

export interface Outcome {
  requestIds: string[];
  /** Names of the errors thrown. */
  errors: string[];
  /** When each paid request was handed over to be sent. */
  sentAt: number[];
}

const worker = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** Starts processes that wait for the word with the ledger open. */
export async function startProcesses(count: number, orders: Orders): Promise<ChildProcess[]> {
  const children = Array.from({ length: count }, () =>
    fork(worker, [JSON.stringify(orders)], { execArgv: ["--import", "tsx"] }),
  );
  onTestFinished(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  await Promise.all(children.map(told));
  return children;
}

/** Gives the word. */
export function go(children: readonly ChildProcess[]): Promise<Outcome>[] {
  return children.map(async (child) => {
    const answer = told(child);
    child.send("go");
    return (await answer) as Outcome;
  });
}

/** The next thing that a process says, or an error where it ends without a word. */
async function told(child: ChildProcess): Promise<unknown> {
  const heard = new AbortController();
  const { signal } = heard;
  const message = once(child, "message", { signal }).then(([said]) => said as unknown);
  // A process may be gone before its last words are read; its channel closes after them.
  const end = once(child, "disconnect", { signal }).then(() => {
    throw new Error(`A process ended with ${child.exitCode} before it said anything.`);
  });
  try {
    return await Promise.race([message, end]);
  } finally {
    heard.abort();
    await Promise.allSettled([message, end]);
  }
}

/** Ends those that still run as a crash would, and waits until they are gone. */
export async function kill(children: readonly ChildProcess[]): Promise<void> {
  const running = children.filter(({ exitCode }) => exitCode === null);
  const gone = running.map((child) => once(child, "exit"));
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(gone);
}
