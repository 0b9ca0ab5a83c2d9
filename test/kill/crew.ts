import type { Budget } from "../../src/index.ts";
import type { AheadClock } from "./ahead.ts";
import type { Ledger } from "./ledger.ts";
import type { Order, Resolved, Ticket } from "./orders.ts";
import { Died, type Program, type Troop } from "./processes.ts";

export interface CrewParts {
  ledger: Ledger;
  emulatorUrl: string;
  clock: AheadClock;
  troop: Troop;
  budgets: Budget[];
  /** A planted bug: buys around the meter now and then. */
  unmetered: boolean;
  /** Told of what no death excuses. */
  wrong(what: string): void;
}

/** The programs that live on one ledger, and what they learned. */
export interface Crew {
  readonly alive: readonly Program[];
  /** Every job whose id a caller was given, by that id. */
  readonly learned: ReadonlyMap<string, Ticket>;
  /** One more, which has nothing open yet. */
  hire(): Promise<Program>;
  open(program: Program): Promise<void>;
  /** How long the slowest opening took. */
  readonly slowestOpenMs: number;
  /** What it answers; `null` where it was killed meanwhile. Everything else that goes wrong is told. */
  tell<Result>(program: Program, order: Order): Promise<Result | null>;
  kill(program: Program): Promise<void>;
  /** Moves everybody's clock on. */
  advance(ms: number): Promise<void>;
  /** Moves the clocks on, again and again, until the work is done: whoever waits for the dead waits by the clock. */
  ticking<Result>(work: Promise<Result>): Promise<Result>;
  /** Whether it went through; what it did is counted. */
  reconcile(program: Program): Promise<boolean>;
  readonly resolved: Omit<Resolved, "failure">;
  /** Lets everybody go who is left; they close the ledger one by one. */
  dismiss(): Promise<void>;
}

const TICK = { everyMs: 100, byMs: 31_000 };

export function createCrew({ ledger, emulatorUrl, clock, troop, budgets, unmetered, wrong }: CrewParts): Crew {
  const crew = new Set<Program>();
  const learned = new Map<string, Ticket>();
  let slowestOpenMs = 0;
  const resolved = { checked: 0, settled: 0, adopted: 0, expired: 0, corrected: 0 };

  async function tell<Result>(program: Program, order: Order): Promise<Result | null> {
    try {
      return (await program.ask(order)) as Result;
    } catch (error) {
      if (!(error instanceof Died)) wrong(`${order.do} failed: ${(error as Error).message}`);
      else if (crew.has(program)) wrong(`a program died by itself over ${order.do}`);
      return null;
    }
  }

  async function advance(ms: number): Promise<void> {
    // fal first: by its clock nothing may come before it was sent.
    clock.set(clock.aheadMs + ms);
    await ledger.passTime(ms);
    await Promise.all([...crew].map((program) => tell(program, { do: "clock", aheadMs: clock.aheadMs })));
  }

  return {
    get alive() {
      return [...crew];
    },
    learned,
    resolved,
    async hire() {
      const program = await troop.take();
      crew.add(program);
      program.onTold((said) => {
        if ("learned" in said) learned.set(said.learned.requestId, said.learned);
        else wrong(`the ledger failed a program that lives: ${said.trouble}`);
      });
      return program;
    },
    async open(program) {
      const began = performance.now();
      await tell(program, {
        do: "open",
        ledger: ledger.address,
        emulatorUrl,
        budgets,
        unmetered,
        aheadMs: clock.aheadMs,
      });
      slowestOpenMs = Math.max(slowestOpenMs, performance.now() - began);
    },
    get slowestOpenMs() {
      return slowestOpenMs;
    },
    tell,
    async kill(program) {
      crew.delete(program);
      await program.kill();
    },
    advance,
    async ticking(work) {
      let done = false;
      const ticks = (async () => {
        for (;;) {
          await clock.sleep(TICK.everyMs);
          if (done) return;
          await advance(TICK.byMs);
        }
      })();
      try {
        return await work;
      } finally {
        done = true;
        await ticks;
      }
    },
    async reconcile(program) {
      const did = await tell<Resolved>(program, { do: "reconcile" });
      if (!did) return false;
      const { failure, ...sums } = did;
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) resolved[name] += sums[name];
      return failure === null;
    },
    async dismiss() {
      for (const program of crew) {
        await tell(program, { do: "close" });
        crew.delete(program);
        troop.giveBack(program);
      }
    },
  };
}
