import type { Input } from "./fal.ts";
import type { Life } from "./life.ts";
import type { Posts } from "./posts.ts";
import { type Scenario, unguarded } from "./scenario.ts";
import { sharedInputs } from "./workload.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;
/** Longer than a place is kept for a process that died. */
const LAPSED_MS = 60_000;

/** Longer than any answer is kept, whatever clock it was kept by. */
const FORGOTTEN_MS = 27 * HOUR_MS;

export interface ProbeParts {
  world: World;
  posts: Posts;
  scenario: Scenario;
  /** Lets everything that was begun come to its end, under every rule. */
  rest(what: string): Promise<void>;
  /** The same without a look at the counters, for windows long past are swept away. */
  restUnwatched(): Promise<void>;
}

/** Questions to a process at its end, whose answers show what it has lost inside. */
export function createProbes({ world, posts, scenario, rest, restUnwatched }: ProbeParts) {
  let asked = 0;

  async function ask(life: Life, inputs: readonly Input[], settled: () => Promise<void>): Promise<number> {
    let answered = 0;
    await world.as(life.owner, () => {
      for (const input of inputs) {
        const client = life.client.with({ tags: { call: `last ${asked++}` } });
        const heard = () => {
          answered++;
        };
        client.run(unguarded, { input }).then(heard, () => {});
      }
    });
    await settled();
    return answered;
  }

  return {
    /** As many calls at once as there are places: a place that was never given back is missing. */
    async places(life: Life): Promise<void> {
      world.passMs(LAPSED_MS);
      const most = scenario.limits?.concurrency ?? 3;
      posts.mostAtOnce(life.owner);
      const inputs = Array.from({ length: most }, () => ({ prompt: `a last cat, ${asked++}` }));
      const answered = await ask(life, inputs, () => rest(`${life.owner}'s last calls`));
      if (answered < most) world.breach(`${life.owner} answers ${answered} of ${most} calls at its end`);
      const atOnce = posts.mostAtOnce(life.owner);
      // Paces of a store that goes by its callers' clocks are for the processes of one machine, whose clock is one.
      if (scenario.limits?.starts || scenario.skewMs > 0 || atOnce >= most) return;
      world.breach(`${life.owner} has lost places: ${atOnce} of ${most} calls are at work at once`);
    },

    /** What was bought long ago is bought anew: an answer that comes without a purchase was held on to by something. */
    async memory(life: Life): Promise<void> {
      world.passMs(FORGOTTEN_MS);
      const before = posts.sent;
      const inputs = sharedInputs(unguarded);
      await ask(life, inputs, restUnwatched);
      const bought = posts.sent - before;
      if (bought !== inputs.length)
        world.breach(`${life.owner} bought ${bought} of ${inputs.length} answers that nobody has any more`);
    },
  };
}
