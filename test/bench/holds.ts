/** How many holds a store takes, alone and when four processes fight over one limit. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { HoldRequest, Store } from "../../src/store/store.ts";
import { type Figure, percentile } from "./figure.ts";

const PROCESSES = 4;
const SHARED_LIMIT = 40_000n;
const HOLDS = { memory: 50_000, sqlite: 20_000 };

const counter = "total|bench|all";

/** One nano-dollar under one limit. */
export function holdRequest(id: string, limit: bigint, counterId = counter): HoldRequest {
  const estimate = { low: 1n, expected: 1n, high: 1n, unit: "image", quantity: "1", unitPrice: "0.000000001" };
  return {
    id,
    at: Date.UTC(2026, 10, 23, 12),
    amount: 1n,
    charges: [{ counter: counterId, budget: "bench", limit, window: { kind: "fixed", endsAt: null } }],
    purchase: {
      endpointId: "fal-ai/flux/dev",
      transport: "queue",
      tags: {},
      key: null,
      digest: null,
      estimate: { ...estimate, basis: "list-price", source: "bench", asOf: null },
    },
  };
}

/** What one process of the race says at its end. Times are milliseconds since the epoch. */
export interface RaceReport {
  begun: number;
  ended: number;
  /** Milliseconds of every hold that was taken. */
  took: number[];
}

export async function holds(folder: string): Promise<Figure[]> {
  return [
    ...(await alone("memory", createMemoryStore(), HOLDS.memory)),
    ...(await alone("SQLite, 1 process", await openSqliteStore(`${folder}/alone.db`), HOLDS.sqlite)),
    ...(await race(`${folder}/race.db`)),
  ];
}

async function alone(name: string, store: Store, count: number): Promise<Figure[]> {
  const took: number[] = [];
  const begun = performance.now();
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    await store.hold(holdRequest(`hold-${i}`, BigInt(count)));
    took.push(performance.now() - start);
  }
  const seconds = (performance.now() - begun) / 1000;
  await store.close();
  return [
    { name: `holds, ${name}`, measured: count / seconds, unit: "holds/s", target: null },
    ...latencies(name, took, null),
  ];
}

async function race(path: string): Promise<Figure[]> {
  const name = `SQLite, ${PROCESSES} processes`;
  const worker = fileURLToPath(new URL("./race.js", import.meta.url));
  const children = Array.from({ length: PROCESSES }, (_, i) =>
    fork(worker, [path, `p${i}`, `${SHARED_LIMIT}`], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
    }),
  );
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map(async (child) => {
    const [report] = await once(child, "message");
    await once(child, "exit");
    return report as RaceReport;
  });
  for (const child of children) child.send("go");
  const reports = await Promise.all(answers);
  const store = await openSqliteStore(path);
  const [state] = await store.counters({ prefix: counter, at: holdRequest("", 0n).at });
  await store.close();
  const took = reports.flatMap((report) => report.took);
  const span = Math.max(...reports.map(({ ended }) => ended)) - Math.min(...reports.map(({ begun }) => begun));
  const over = Math.max(took.length, Number(state?.held ?? 0n)) - Number(SHARED_LIMIT);
  return [
    { name: `holds, ${name}`, measured: took.length / (span / 1000), unit: "holds/s", target: { atLeast: 10_000 } },
    ...latencies(name, took, { p50: 30, p99: 1_000 }),
    { name: `holds, ${name}, overshoot`, measured: over, unit: "holds over the limit", target: { atMost: 0 } },
  ];
}

function latencies(name: string, took: readonly number[], most: { p50: number; p99: number } | null): Figure[] {
  return (["p50", "p99"] as const).map((mark) => ({
    name: `holds, ${name}, ${mark}`,
    measured: percentile(took, mark === "p50" ? 0.5 : 0.99) * 1000,
    unit: "µs",
    target: most && { atMost: most[mark] },
  }));
}
