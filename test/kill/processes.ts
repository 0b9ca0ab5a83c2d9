import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Order, Said } from "./orders.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const compiled = fileURLToPath(new URL("../out/kill/test/kill/worker.js", import.meta.url));
const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** Compiles the worker, for a process of plain JavaScript is there in a quarter of the time. */
export async function compileWorker(): Promise<void> {
  await promisify(execFile)(process.execPath, [compiler, "-p", here]);
}

/** A process died of SIGKILL, or by itself, before it had answered. */
export class Died extends Error {
  constructor() {
    super("The process is gone.");
  }
}

/** A program that buys, in a process of its own. */
export interface Program {
  readonly pid: number;
  /** Whether it can still be told anything. */
  readonly alive: boolean;
  /** @throws Died where it is killed before it answers; an Error with what it threw */
  ask(order: Order): Promise<unknown>;
  /** Called with what it tells unasked. One listener at a time. */
  onTold(listener: (said: Exclude<Said, { answers: number }>) => void): void;
  /** SIGKILL. Resolves once the process is gone. */
  kill(): Promise<void>;
}

/** Starts a process, which waits for orders. */
async function startProgram(): Promise<Program> {
  const child = fork(compiled, { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const gone = once(child, "exit");
  await Promise.race([once(child, "message"), gone]);
  if (child.exitCode !== null || child.signalCode !== null) throw new Error("A program ended at its start.");
  return programOf(child, gone);
}

function programOf(child: ChildProcess, gone: Promise<unknown>): Program {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let listener: Parameters<Program["onTold"]>[0] = () => {};
  let orders = 0;
  child.on("message", (said: Said) => {
    if (!("answers" in said)) return listener(said);
    const asker = waiting.get(said.answers);
    waiting.delete(said.answers);
    if ("failure" in said) asker?.reject(new Error(said.failure));
    else asker?.resolve(said.result);
  });
  // After its last words were read.
  child.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Died());
    waiting.clear();
  });
  return {
    pid: child.pid!,
    get alive() {
      return child.connected;
    },
    ask(order) {
      const number = orders++;
      return new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Died());
        waiting.set(number, { resolve, reject });
        child.send({ number, order }, (error) => error && reject(new Died()));
      });
    },
    onTold(next) {
      listener = next;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Programs that stand ready, so that nobody waits for a process to start. */
export interface Troop {
  /** One that has nothing open. */
  take(): Promise<Program>;
  /** Back among those that wait; it has closed what it had open. */
  giveBack(program: Program): void;
  /** Ends all that wait. */
  dismiss(): Promise<void>;
}

export function createTroop(size: number): Troop {
  const idle: Program[] = [];
  const starting = new Set<Promise<Program>>();
  let dismissed = false;

  function refill(): void {
    while (!dismissed && idle.length + starting.size < size) {
      const start = startProgram();
      starting.add(start);
      start.then(
        (program) => {
          if (starting.delete(start)) idle.push(program);
        },
        () => starting.delete(start),
      );
    }
  }

  return {
    async take() {
      const ready = idle.shift();
      const [next] = starting;
      if (!ready && next) starting.delete(next);
      refill();
      return ready ?? next ?? startProgram();
    },
    giveBack(program) {
      if (program.alive) idle.push(program);
    },
    async dismiss() {
      dismissed = true;
      const started = await Promise.allSettled([...starting]);
      const late = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      await Promise.all([...new Set([...idle.splice(0), ...late])].map((program) => program.kill()));
    },
  };
}
