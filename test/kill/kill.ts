import { startEmulator } from "../../src/emulator/emulator.ts";
import { createRandom } from "../simulate/random.ts";
import { aheadClock } from "./ahead.ts";
import type { Crew } from "./crew.ts";
import type { Ledger } from "./ledger.ts";
import { drawPlan } from "./plan.ts";
import type { Plant } from "./plants.ts";
import type { Troop } from "./processes.ts";
import { closeBooks, playRound, type Round } from "./round.ts";

export interface KillOptions {
  /** Every ledger has a seed of its own, counted from this. */
  seed: number;
  rounds: number;
  newLedger(seed: number): Ledger;
  troop: Troop;
  /** Ledgers at once. @default 2 */
  lanes?: number;
  /** A bug to put in. @default none */
  plant?: Plant | null;
  /** @default false */
  stopAtViolation?: boolean;
  /** Called after every round. */
  onRound?(tally: Tally): void;
}

/** What was found wrong, and where: the seed of the ledger and its round, from 1. */
export interface Violation {
  seed: number;
  round: number;
  what: string;
}

/** The sums of all rounds. */
export interface Tally {
  rounds: number;
  ledgers: number;
  killed: number;
  killedReconciling: number;
  /** Rounds in which everybody died. */
  allDied: number;
  outcomes: Record<string, number>;
  paidPosts: number;
  /** Entries of the ledgers, by their kinds. */
  written: Record<string, number>;
  /** Purchases that were open when everybody was done, and what became of them. */
  left: number;
  resolved: Crew["resolved"];
  undecided: Round["undecided"];
  /** Booked as assumed billed, once their windows had closed. */
  assumed: number;
  /** How often the ledger was looked at from outside. */
  looks: number;
  /** Until a process had opened the ledger, at the longest. */
  slowestOpenMs: number;
  violations: Violation[];
}

const DAY_MS = 86_400_000;
/** A Wednesday. */
const FIRST_NOON = Date.UTC(2026, 10, 11, 12);
const LONGEST_LIFE = 8;

/** Plays so many rounds: ledger after ledger, each of one to eight rounds. */
export async function playKills(options: KillOptions): Promise<Tally> {
  const { seed, rounds, newLedger, troop, lanes = 2, plant = null, onRound } = options;
  const tally = emptyTally();
  let next = seed;
  let begun = 0;

  const over = () => begun >= rounds || (options.stopAtViolation === true && tally.violations.length > 0);

  /** One ledger and one fal, through a noon of some days: windows close between them. */
  async function playLedger(own: number): Promise<void> {
    const random = createRandom(own);
    const most = random.whole(1, LONGEST_LIFE);
    const clock = aheadClock();
    const latencyMs = { run: random.whole(0, 20), queue: random.whole(0, 8), work: random.whole(0, 15) };
    const ledger = newLedger(own);
    const emulator = await startEmulator({ clock, latencyMs });
    const found = (round: number, violations: readonly string[]) =>
      tally.violations.push(...violations.map((what) => ({ seed: own, round, what })));
    try {
      const day = (number: number) => clock.set(FIRST_NOON + number * DAY_MS - Date.now());
      let played = 0;
      for (; played < most && !over(); played++) {
        begun++;
        day(played);
        const plan = drawPlan(random, `ledger ${own}, round ${played + 1}`);
        const round = await playRound({ ledger, emulator, clock, troop, plan, plant });
        found(played + 1, round.violations);
        add(tally, round);
        onRound?.(tally);
      }
      day(played + 2);
      const closed = await closeBooks({ ledger, emulator, clock, troop });
      found(played, closed.violations);
      sum(tally.resolved, closed.resolved);
      sum(tally.written, closed.written);
      tally.assumed += closed.assumed;
      tally.paidPosts += emulator.paidPosts();
      tally.ledgers++;
    } finally {
      await emulator.close();
      await ledger.remove();
    }
  }

  const lane = async () => {
    while (!over()) await playLedger(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return tally;
}

function emptyTally(): Tally {
  return {
    ...{ rounds: 0, ledgers: 0, killed: 0, killedReconciling: 0, allDied: 0, outcomes: {}, paidPosts: 0 },
    written: {},
    ...{ left: 0, assumed: 0, looks: 0, slowestOpenMs: 0, violations: [] },
    resolved: { checked: 0, settled: 0, adopted: 0, expired: 0, corrected: 0 },
    undecided: { neverBought: 0, ambiguous: 0, refused: 0 },
  };
}

function add(tally: Tally, round: Round): void {
  tally.rounds++;
  tally.killed += round.killed;
  tally.killedReconciling += round.killedReconciling;
  tally.allDied += round.allDied ? 1 : 0;
  tally.left += round.left;
  tally.looks += round.looks;
  tally.slowestOpenMs = Math.max(tally.slowestOpenMs, round.slowestOpenMs);
  sum(tally.outcomes, round.outcomes);
  sum(tally.resolved, round.resolved);
  sum(tally.undecided, round.undecided);
}

function sum<Name extends string>(sums: Record<Name, number>, added: Record<Name, number>): void {
  for (const name of Object.keys(added) as Name[]) sums[name] = (sums[name] ?? 0) + added[name];
}
