import { StoreError } from "../../src/errors.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type {
  Entry,
  HoldAnswer,
  HoldRequest,
  SettleAnswer,
  Settlement,
  Store,
  StoredResult,
} from "../../src/store/store.ts";
import type { Books } from "./books.ts";
import { type Plant, plantInStore } from "./plants.ts";
import type { World } from "./world.ts";

type Verb = Exclude<keyof Store, "name">;

const VERBS = [
  "hold",
  "bind",
  "settle",
  "doubt",
  "record",
  "findHold",
  "findEntry",
  "openHolds",
  "entries",
  "totals",
  "counters",
  "share",
  "unshare",
  "take",
  "keep",
  "putResult",
  "getResult",
  "deleteResults",
  "putNote",
  "getNote",
  "listNotes",
  "deleteNote",
  "close",
] satisfies Verb[];

/** What outlives every process: one memory store, reached over a line that loses things. */
export interface Durable {
  /** The store itself, for looking at: nothing is lost on the way. */
  readonly inner: Store;
  /** The store as one life of a process reaches it. */
  portOf(owner: string): Store;
}

type AnyVerb = (...args: unknown[]) => Promise<unknown>;

export function createDurable(world: World, books: Books, plant: Plant | null): Durable {
  const inner = createMemoryStore();
  const planted = plantInStore(plant, inner, world) as unknown as Record<Verb, AnyVerb>;

  /** The verb happens: in the store, and in the books. */
  async function happens(owner: string, verb: Verb, args: unknown[]): Promise<unknown> {
    const answer = await planted[verb](...args);
    const wrong = entered(owner, verb, args, answer);
    if (wrong) world.breach(wrong);
    return answer;
  }

  function entered(owner: string, verb: Verb, args: readonly unknown[], answer: unknown): string | null {
    const [first, second] = args;
    if (verb === "hold") return books.held(owner, first as HoldRequest, answer as HoldAnswer);
    if (verb === "settle") return books.settled(first as string, second as Settlement, answer as SettleAnswer);
    if (verb === "record") return books.recorded(first as Entry);
    if (verb === "bind") books.bound(first as string, second as string);
    if (verb === "share" || verb === "unshare") books.shared(first as string, answer as number);
    if (verb === "putResult") books.answered(first as StoredResult);
    return null;
  }

  function reach(owner: string, verb: Verb, args: unknown[]): Promise<unknown> {
    const label = `${verb} ${subjectOf(args[0])}`;
    const pauseMs = () => (world.strikes("store delay") ? world.random.whole(50, 3_000) : world.random.whole(0, 3));
    return new Promise((resolve, reject) => {
      const happen = () => {
        if (world.strikes("store refuses"))
          return reject(new StoreError("simulated:", "busy", "it was told to refuse"));
        const answer = happens(owner, verb, args);
        answer.catch(() => {});
        const lost = world.strikes("store answer lost");
        const reply = () =>
          lost
            ? reject(new StoreError("simulated:", "unreachable", "the answer was lost"))
            : answer.then(resolve, reject);
        world.plan({
          owner,
          label: `${label} ${lost ? "was done, unheard" : "done"}`,
          afterMs: pauseMs(),
          happen: () => void reply(),
        });
      };
      // A verb under way when its caller dies either reached the store or did not.
      const orphaned = () => {
        if (world.random.chance(0.5)) void happens(owner, verb, args);
      };
      world.plan({ owner, label, afterMs: pauseMs(), happen, orphaned });
    });
  }

  return {
    inner,
    portOf(owner) {
      const verbs = VERBS.map((verb) => [verb, (...args: unknown[]) => reach(owner, verb, args)]);
      return { name: "simulated:", ...Object.fromEntries(verbs) } as Store;
    },
  };
}

/** What a verb is about, in a few characters. */
function subjectOf(argument: unknown): string {
  if (typeof argument === "string") return argument.slice(-6);
  const { id, key, requestId, kind } = (argument ?? {}) as Record<string, string | undefined>;
  return (requestId ?? id ?? key ?? kind ?? "").slice(-6);
}
