import type { World } from "./world.ts";

type TimerArguments = [act: (...given: unknown[]) => void, ms?: number, ...given: unknown[]];

/**
 * Puts the timers, the ids and the dice of the runtime under the world, for as long as a simulation runs: the fal client and
 * the libraries below take theirs from the global object. Timers set while no simulated process runs stay real.
 * Answers what puts everything back.
 */
export function enterRealm(world: World): () => void {
  const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
  const { random: realRandom } = Math;
  const { now: realNow } = Date;
  const timers = new WeakMap<object, () => void>();
  let ids = 0;

  const simulatedTimeout = (...[act, ms = 0, ...given]: TimerArguments) => {
    const owner = world.running;
    if (owner === null) return realSetTimeout(act, ms, ...given);
    const timer = { unref: () => timer, ref: () => timer };
    timers.set(timer, world.plan({ owner, label: "timer", afterMs: ms, happen: () => act(...given) }));
    return timer;
  };
  const simulatedClear = (timer?: unknown) => {
    const callOff = typeof timer === "object" && timer !== null ? timers.get(timer) : undefined;
    if (callOff) callOff();
    else realClearTimeout(timer as number | undefined);
  };
  const broken = (reason: unknown) => world.breach(`a promise was rejected and nobody heard: ${String(reason)}`);

  globalThis.setTimeout = simulatedTimeout as typeof setTimeout;
  globalThis.clearTimeout = simulatedClear;
  Math.random = () => (world.running === null ? realRandom() : world.random.fraction());
  Date.now = () => (world.running === null ? realNow() : world.nowMs);
  Object.defineProperty(globalThis.crypto, "randomUUID", { configurable: true, value: () => uuidOf(ids++) });
  process.on("unhandledRejection", broken);

  return () => {
    globalThis.setTimeout = realSetTimeout;
    globalThis.clearTimeout = realClearTimeout;
    Math.random = realRandom;
    Date.now = realNow;
    Reflect.deleteProperty(globalThis.crypto, "randomUUID");
    process.off("unhandledRejection", broken);
  };
}

function uuidOf(count: number): string {
  return `00000000-0000-4000-8000-${count.toString(16).padStart(12, "0")}`;
}
