import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createFalClient } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Answer } from "./answer.ts";
import { wrongInBooks } from "./books.ts";
import { bareClient, createFar, play, type Step, TICKET, VERBS } from "./play.ts";
import { ended, quickRealm, SleepersClock } from "./realm.ts";

quickRealm();

const MB = 1_048_576;

function large(bytes: number, json: boolean, status: number): Answer {
  const headers: [string, string][] = [["content-type", json ? "application/json" : "text/event-stream"]];
  return { kind: "answer", status, headers, body: { kind: "large", bytes, json } };
}

/** What is really in use, all that nobody holds being gone. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("answers of five megabytes reach the caller whole, and the meter keeps no more of them than it has room for", {
  timeout: 60_000,
}, async () => {
  const [far, bareFar, store] = [createFar(), createFar(), createMemoryStore({ maxResultBytes: 8 * MB })];
  const meter = {
    store,
    clock: new SleepersClock(),
    budgets: [{ limit: 1_000, per: "day" as const }],
    cache: { ttl: "1h" as const, unseeded: true, maxBytes: 24 * MB },
  };
  const fal = createFalClient({ credentials: "id:secret", fetch: far.fetch, meter });
  const caller = { fal, fetch: fal.meter.fetch };
  const bare = bareClient(bareFar);
  const lengthOf = (played: unknown) => JSON.stringify(played)?.length ?? 0;
  let before = 0;
  for (let round = 0; round < 12; round++) {
    if (round === 2) before = usedBytes();
    await play(caller, far, { verb: "submit", door: "client", answers: [TICKET] }, 1_000 + round);
    for (const [index, verb] of VERBS.entries()) {
      const json = (round + index) % 3 !== 0;
      const step: Step = { verb, door: "fetch", answers: [large(5 * MB, json, round % 4 === 3 ? 500 : 200)] };
      const asked = far.asked;
      const mine = await ended(play(caller, far, step, round * 10 + index));
      const other = await ended(play(bare, bareFar, step, round * 10 + index));
      if (far.asked > asked) expect(lengthOf(mine)).toBe(lengthOf(other));
    }
  }
  // 24 MB in front of the store, 8 MB in it, 16 MB of deliveries, and what the machinery itself takes.
  expect((usedBytes() - before) / MB).toBeLessThan(80);
  expect(await wrongInBooks(fal.meter, store, far.paid)).toEqual([]);
  await fal.meter.close();
});
