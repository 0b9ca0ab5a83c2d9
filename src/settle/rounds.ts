import { type Clock, idleFor } from "../clock.ts";

export interface RoundsParts {
  clock: Clock;
  /** From the end of one round to the start of the next. */
  everyMs: number;
  /** Ends the rounds. */
  signal: AbortSignal;
  round(): Promise<void>;
  /** Told of a round that failed; the next one comes all the same. */
  onFailure(error: unknown): void;
}

/** Work that is done in the background, at once and then again and again. Resolves once the signal has ended it. */
export async function runRounds({ clock, everyMs, signal, round, onFailure }: RoundsParts): Promise<void> {
  while (!signal.aborted) {
    await round().catch((error: unknown) => {
      if (!signal.aborted) onFailure(error);
    });
    if (!signal.aborted) await idleFor(clock, everyMs, signal);
  }
}
