import type { Random } from "./random.ts";

/** Something that will happen: a verb reaches the store, an answer reaches its caller, a sleeper wakes. */
export interface Happening {
  /** The life of the process that waits for it. */
  owner: string;
  label: string;
  afterMs: number;
  happen(): void;
  /** Its owner died first: what becomes of that which had left the process already. */
  orphaned?(): void;
}

interface Planned extends Happening {
  at: number;
}

/** One line that broke a rule. */
export interface Violation {
  step: number;
  rule: string;
}

/**
 * Time and order. Nothing happens unless the world lets it: among all that is due, the seed decides what comes next.
 * Timers run on true time; what a process reads from its clock is its own affair.
 */
export interface World {
  readonly random: Random;
  /** True time. */
  readonly nowMs: number;
  readonly steps: number;
  readonly trace: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly violation: Violation | null;
  /** The life whose code runs now; `null` between happenings. */
  readonly running: string | null;
  /** Answers what calls it off. */
  plan(happening: Happening): () => void;
  /** Whether the fault happens this time; counted when it does. */
  strikes(fault: string): boolean;
  note(line: string): void;
  breach(rule: string): void;
  /** Runs code of a process outside a happening, such as the beginning of a call. */
  as(owner: string, act: () => void): Promise<void>;
  /** Lets the next thing happen and everything that follows from it without waiting. False when nothing is planned. */
  step(): Promise<boolean>;
  /** Its continuations are never resumed. */
  kill(owner: string): void;
  isAlive(owner: string): boolean;
  /** When time was last passed at once, and nobody could do in between what was due. */
  readonly leaptAtMs: number;
  waiting(owner: string): string[];
  passMs(ms: number): void;
}

/** @param rates Probability of each fault, read at every turn so that a run can end in fair weather. */
export function createWorld(random: Random, startMs: number, rates: () => Readonly<Record<string, number>>): World {
  const planned = new Set<Planned>();
  const trace: string[] = [];
  const faults = new Map<string, number>();
  let nowMs = startMs;
  let steps = 0;
  let violation: Violation | null = null;
  let running: string | null = null;
  let leaptAtMs = Number.NEGATIVE_INFINITY;
  const dead = new Set<string>();

  function nextPlanned(): Planned | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { at } of planned) if (at < earliest) earliest = at;
    nowMs = Math.max(nowMs, earliest === Number.POSITIVE_INFINITY ? nowMs : earliest);
    const due = [...planned].filter(({ at }) => at <= nowMs);
    return due.length === 0 ? undefined : random.pick(due);
  }

  async function run(owner: string, act: () => void): Promise<void> {
    running = owner;
    act();
    // Everything that waits for nothing but promises has run by the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    running = null;
  }

  const world: World = {
    random,
    get nowMs() {
      return nowMs;
    },
    get steps() {
      return steps;
    },
    trace,
    faults,
    get violation() {
      return violation;
    },
    get running() {
      return running;
    },
    plan(happening) {
      const one = { ...happening, at: nowMs + happening.afterMs };
      planned.add(one);
      return () => planned.delete(one);
    },
    strikes(fault) {
      const rate = rates()[fault] ?? 0;
      if (rate === 0 || !random.chance(rate)) return false;
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
      return true;
    },
    note(line) {
      trace.push(`${steps} +${nowMs - startMs}ms ${line}`);
    },
    breach(rule) {
      violation ??= { step: steps, rule };
      world.note(`VIOLATION ${rule}`);
    },
    async as(owner, act) {
      steps++;
      await run(owner, act);
    },
    async step() {
      const next = nextPlanned();
      if (!next) return false;
      steps++;
      planned.delete(next);
      world.note(`${next.owner} ${next.label}`);
      await run(next.owner, () => next.happen());
      return true;
    },
    get leaptAtMs() {
      return leaptAtMs;
    },
    isAlive: (owner) => !dead.has(owner),
    kill(owner) {
      dead.add(owner);
      for (const one of [...planned]) {
        if (one.owner !== owner) continue;
        planned.delete(one);
        one.orphaned?.();
      }
    },
    waiting: (owner) => [...planned].filter((one) => one.owner === owner).map(({ label }) => label),
    passMs(ms) {
      nowMs += ms;
      leaptAtMs = nowMs;
    },
  };
  return world;
}
