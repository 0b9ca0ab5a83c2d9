/** Kills programs in the midst of buying: `npm run kill -- --store sqlite|redis --rounds N --seed S`. */
import { parseArgs } from "node:util";
import { refuse, wholeNumber } from "../arguments.ts";
import { launchRedis } from "../store/redis-process.ts";
import { playKills, type Tally } from "./kill.ts";
import { type Ledger, newRedisLedger, newSqliteLedger } from "./ledger.ts";
import { compileWorker, createTroop } from "./processes.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "2" },
  },
});
const { store } = values;
if (store !== "sqlite" && store !== "redis") refuse(`--store must be sqlite or redis; got ${store}.`);
const rounds = wholeNumber(values, "rounds", 1);
const seed = wholeNumber(values, "seed", 0);
const lanes = wholeNumber(values, "lanes", 1);

await compileWorker();
const redis = store === "redis" ? await launchRedis() : null;
const newLedger = (own: number): Ledger => (redis ? newRedisLedger(redis.url, `kill-${own}`) : newSqliteLedger());
const troop = createTroop(3 * lanes);
const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;

try {
  const tally = await playKills({ seed, rounds, lanes, newLedger, troop, onRound: progress });
  console.info(`${process.stdout.isTTY ? "\n" : ""}${summary(tally)}`);
  for (const { seed: own, round, what } of tally.violations) {
    console.error(`ledger ${own}, round ${round}: ${what}`);
    console.error(`  again: npm run kill -- --store ${store} --seed ${own} --rounds ${round} --lanes 1`);
  }
  if (tally.violations.length > 0) process.exitCode = 1;
} finally {
  await troop.dismiss();
  await redis?.close();
}

function progress(tally: Tally): void {
  const line = `${tally.rounds} of ${rounds} rounds, ${tally.killed} killed, ${tally.violations.length} violations, ${seconds().toFixed(0)} s`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line} `);
  else if (tally.rounds % 25 === 0) console.info(line);
}

function summary(tally: Tally): string {
  const { resolved, undecided, outcomes } = tally;
  const calls = Object.values(outcomes).reduce((sum, times) => sum + times, 0);
  const written = ["hit", "join", "refusal"].map((kind) => `${tally.written[kind] ?? 0} ${kind}s`).join(", ");
  const by = Object.entries(outcomes)
    .sort((a, b) => b[1] - a[1])
    .map(([name, times]) => `${times} ${name}`);
  return [
    `${store}: ${tally.rounds} rounds on ${tally.ledgers} ledgers, seed ${seed}, ${seconds().toFixed(1)} s`,
    `${tally.killed} processes killed, ${tally.killedReconciling} of them reconciling; in ${tally.allDied} rounds all of them`,
    `${calls} calls of programs that lived to tell: ${by.join(", ")}`,
    `${tally.paidPosts} paid requests that fal took; ${written}`,
    `the ledger was looked at ${tally.looks} times from outside, and opened within ${tally.slowestOpenMs.toFixed(0)} ms`,
    `${tally.left} purchases left open: ${resolved.adopted} adopted, ${resolved.settled} settled, ${resolved.corrected} corrected by bills`,
    `undecided: ${undecided.neverBought} that fal never had, ${undecided.ambiguous} ambiguous, ${undecided.refused} refused without a bill; ${resolved.expired} expired as assumed billed`,
    `${tally.violations.length} violations`,
  ].join("\n");
}
