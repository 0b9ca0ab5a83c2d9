import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { startRedis } from "./redis-server.ts";
import { charged, fixed, noon, request } from "./samples.ts";
import { newFolder } from "./sqlite-folder.ts";

const worker = fileURLToPath(new URL("./process-worker.ts", import.meta.url));
const server = await startRedis();
const folder = newFolder();

/** A ledger for each task, and how this process opens it. */
const stores: [name: string, placeOf: (task: string) => string, open: (task: string) => Promise<Store>][] = [
  ["SQLite file", fileOf, (task) => openSqliteStore(fileOf(task))],
  ["Redis", () => server.url, (task) => connectRedisStore({ url: server.url, prefix: task })],
];

function fileOf(task: string): string {
  return join(folder, task, "ledger.db");
}

/** Starts processes that open one ledger at the same moment and wait for the word. */
async function start(task: string, place: string, count: number, cap: number): Promise<ChildProcess[]> {
  const children = Array.from({ length: count }, (_, i) =>
    fork(worker, [task, place, `p${i}`, `${cap}`], { execArgv: ["--import", "tsx"] }),
  );
  await Promise.all(children.map((child) => once(child, "message")));
  return children;
}

async function run(children: ChildProcess[]): Promise<number[]> {
  const answers = children.map(async (child) => {
    const [answer] = await once(child, "message");
    await once(child, "exit");
    return answer as number;
  });
  for (const child of children) child.send("go");
  return Promise.all(answers);
}

describe.each(stores)("on one %s", (_, placeOf, openLedger) => {
  test("four processes that open a new ledger at once and race for one cap hold exactly the cap", async () => {
    const held = await run(await start("race", placeOf("race"), 4, 1_000));
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(1_000);
    const store = await openLedger("race");
    expect(await store.counters({ prefix: "cap", at: noon })).toMatchObject([{ spent: 0n, held: 1_000n }]);
    expect(await store.openHolds({ limit: 2_000 })).toHaveLength(1_000);
    await store.close();
  });

  test("a purchase that two processes settle is posted once", async () => {
    const store = await openLedger("settle");
    const charges = [fixed("cap", null, null)];
    for (let i = 0; i < 200; i += 1) await store.hold(request(`h${i}`, { amount: 1n, charges }));
    const settled = await run(await start("settle", placeOf("settle"), 2, 200));
    expect(settled[0]! + settled[1]!).toBe(200);
    expect(await store.counters({ prefix: "cap", at: noon })).toMatchObject([{ spent: 400n, held: 0n }]);
    expect(await store.totals({ by: [] })).toMatchObject([{ spent: 400n, calls: 200 }]);
    await store.close();
  });

  test("killed processes leave their holds, refund nothing, and block nobody", async () => {
    const children = await start("forever", placeOf("forever"), 2, 1_000_000);
    const reported = new Set<string>();
    const enough = children.map(
      (child) =>
        new Promise<void>((resolve) => {
          let count = 0;
          child.on("message", ({ held }: { held: string }) => {
            reported.add(held);
            count += 1;
            if (count === 25) resolve();
          });
          child.send("go");
        }),
    );
    await Promise.all(enough);
    const closed = children.map((child) => once(child, "close"));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(closed);

    const store = await openLedger("forever");
    const open = await store.openHolds({ limit: 100_000 });
    const entries = await store.entries({ limit: 100_000 });
    const known = new Set([...open, ...entries].map(({ id }) => id));
    expect([...reported].filter((id) => !known.has(id))).toEqual([]);
    expect(known.size).toBe(open.length + entries.length);
    expect(open.length).toBeGreaterThan(0);
    const [cap] = await store.counters({ prefix: "cap", at: noon });
    expect(cap).toMatchObject({ held: BigInt(open.length), spent: BigInt(entries.length) });
    const totals = { spent: cap!.spent, held: cap!.held, calls: entries.length };
    expect(await store.totals({ by: [] })).toMatchObject([totals]);
    expect(await store.settle(open[0]!.id, charged(1n))).toMatchObject({ outcome: "settled" });
    await store.close();
  });
});
