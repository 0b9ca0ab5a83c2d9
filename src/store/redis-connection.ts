import type { Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import type { Evaluator } from "./redis-client.ts";
import { isUnknownScript, redisFailure } from "./redis-failure.ts";
import type { Script } from "./redis-scripts.ts";

/** What a script answers. `null` is Lua's `false`. */
export type Reply = string | number | null | Reply[];

export interface Connection {
  /** Runs a script once. `rows` are the keys it will touch beside its tables, as far as they are known. */
  run(script: Script, rows: readonly string[], values: readonly string[]): Promise<Reply>;
  close(): void;
}

export interface ConnectionOptions {
  store: string;
  /** Part of every key. */
  prefix: string;
  clock: Clock;
  /** How long one round trip may take. */
  timeoutMs: number;
}

export function createConnection(evaluator: Evaluator, options: ConnectionOptions): Connection {
  const { store, prefix, clock, timeoutMs } = options;
  const slot = `{fm:${prefix}}:`;
  let closed = false;

  /** A server that is late may still do the work: its answer is unknown, like that of a lost connection. */
  async function inTime<T>(answer: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const late = clock.sleep(timeoutMs, answered.signal).then(async () => {
      // The answer may have come while this process itself was busy; then it is read now.
      await clock.sleep(1, answered.signal);
      evaluator.reconnect();
      throw new StoreError(store, "unreachable", `it did not answer within ${timeoutMs} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      answered.abort();
      late.catch(() => {});
    }
  }

  async function evaluate({ sha, text }: Script, keys: string[], values: string[]): Promise<unknown> {
    try {
      return await evaluator.bySha(sha, keys, values);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return evaluator.byText(text, keys, values);
    }
  }

  return {
    async run(script, rows, values) {
      if (closed) throw new StoreError(store, "closed", "close() was called");
      const keys = [...script.tables, ...rows].map((key) => slot + key);
      try {
        return (await inTime(evaluate(script, keys, [...values]))) as Reply;
      } catch (error) {
        if (closed) throw new StoreError(store, "closed", "close() was called");
        throw redisFailure(store, error);
      }
    },
    close() {
      if (closed) return;
      closed = true;
      evaluator.close();
    },
  };
}
