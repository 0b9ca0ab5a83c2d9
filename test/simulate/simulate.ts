import type { MeterOptions } from "../../src/options.ts";
import { createBooks } from "./books.ts";
import { createDurable } from "./durable.ts";
import { createFal } from "./fal.ts";
import { createInspection } from "./inspection.ts";
import { beginLife, type Life, type Surroundings } from "./life.ts";
import type { Plant } from "./plants.ts";
import { createPosts } from "./posts.ts";
import { createRandom } from "./random.ts";
import { enterRealm } from "./realm.ts";
import { drawScenario, JOB_TIMEOUT_MS, STARTS_PER_MS } from "./scenario.ts";
import { beginErrand, type Errand } from "./workload.ts";
import { createWorld, type Violation } from "./world.ts";

export interface SimulationOptions {
  seed: number;
  /** How many things happen before the weather clears and everything is brought to its end. */
  steps: number;
  /** A bug to put in. @default none */
  plant?: Plant | null;
}

export interface Simulated {
  seed: number;
  steps: number;
  /** How often each fault happened. */
  faults: ReadonlyMap<string, number>;
  calls: number;
  /** The first rule that was broken. */
  violation: Violation | null;
  trace: readonly string[];
}

const START_MS = Date.UTC(2026, 10, 23, 20);
const MOST_ERRANDS = 12;
/** Windows that ended two days ago are swept away; a run stays within less. */
const LONGEST_MS = 30 * 3_600_000;

/** Plays one world from its seed: the same seed and steps play the same world, event for event. */
export async function simulate({ seed, steps, plant = null }: SimulationOptions): Promise<Simulated> {
  const random = createRandom(seed);
  const scenario = drawScenario(random);
  let rates = scenario.rates;
  const world = createWorld(random, START_MS, () => rates);
  const leaveRealm = enterRealm(world);
  try {
    const books = createBooks(world);
    const fal = createFal(world);
    const durable = createDurable(world, books, plant);
    const errands = new Map<string, Errand>();
    const sharedSince = (call: string) => (scenario.cache === false ? null : (errands.get(call)?.sharedSince ?? null));
    // A place's time may end before its request does, where the clock is set forward.
    const most = scenario.skewMs === 0 ? scenario.limits?.concurrency : undefined;
    // A store that fails often enough keeps a process from saying that it still has its places.
    const together = !scenario.rates["store refuses"] && !scenario.rates["store answer lost"];
    const starts = scenario.skewMs === 0 ? scenario.limits?.starts : undefined;
    const posts = createPosts(world, books, {
      places: most === undefined ? null : { most, keptMs: JOB_TIMEOUT_MS, together },
      starts: starts ? { count: starts.count, perMs: STARTS_PER_MS } : null,
      sharedSince,
      calm: scenario.calm,
    });
    const around: Surroundings = { world, fal, durable, posts, plant, told: new Set() };
    const { budgets, cache, limits } = scenario;
    const meter: MeterOptions = { budgets, cache, ...(limits && { limits }) };
    const jobs = new Map<string, string>();
    const inspection = createInspection({ ...around, books, errands, scenario });
    const lives: Life[] = [];
    let births = 0;

    const skew = () => random.whole(-scenario.skewMs, scenario.skewMs);
    const bear = (place: number) => {
      lives[place] = beginLife(`p${place}.${births++}`, skew(), meter, around);
    };
    for (let place = 0; place < scenario.processes; place++) bear(place);
    world.note(`seed ${seed}: ${JSON.stringify(scenario)}`);

    async function die(): Promise<void> {
      const place = random.whole(0, lives.length - 1);
      const { owner } = lives[place]!;
      world.note(`${owner} dies`);
      await world.as(owner, () => world.kill(owner));
      bear(place);
    }

    async function begin(): Promise<void> {
      const life = random.pick(lives);
      const call = `c${errands.size}`;
      const { errand, act } = beginErrand(life, call, jobs, world, scenario);
      errands.set(call, errand);
      world.note(`${life.owner} ${call} begins: ${errand.what}`);
      await world.as(life.owner, act);
    }

    /** What programs do beside buying. */
    async function happenstance(): Promise<void> {
      const life = random.pick(lives);
      const chosen = random.pick([
        "reconcile",
        "set clock",
        "collect another's",
        "pass time",
        "invalidate",
        "look",
      ] as const);
      world.note(`${life.owner} ${chosen}`);
      await world.as(life.owner, () => {
        const { client, clock } = life;
        const { meter } = client;
        const job = jobs.size > 0 ? random.pick([...jobs.keys()]) : undefined;
        if (chosen === "set clock") clock.set(skew());
        else if (chosen === "pass time" && world.nowMs < START_MS + LONGEST_MS)
          world.passMs(random.whole(60_000, 5_400_000));
        else if (chosen === "reconcile")
          meter.reconcile({ olderThan: random.pick(["1s", "10m"] as const) }).catch(expected);
        else if (chosen === "collect another's" && job)
          client.queue.result(jobs.get(job)!, { requestId: job }).catch(expected);
        else if (chosen === "invalidate" && !scenario.calm)
          meter.invalidate({ endpoint: "fal-ai/nano*" }).catch(expected);
        else if (chosen === "look") meter.budgets().catch(expected);
      });
    }

    while (world.steps < steps && !world.violation) {
      const under = [...errands.values()].filter(
        ({ ending, owner }) => ending === null && lives.some((life) => life.owner === owner),
      );
      if (scenario.crashRate > 0 && random.chance(scenario.crashRate)) await die();
      else if (random.chance(0.01)) await happenstance();
      else if (under.length < MOST_ERRANDS && random.chance(0.08)) await begin();
      else if (!(await world.step())) await begin();
      await inspection.afterStep();
    }
    rates = {};
    if (!world.violation) await inspection.atEnd(lives);
    return {
      seed,
      steps: world.steps,
      faults: world.faults,
      calls: errands.size,
      violation: world.violation,
      trace: world.trace,
    };
  } finally {
    leaveRealm();
  }
}

/** The store and fal fail in rough weather; what matters is what the books say afterwards. */
function expected(): void {}
