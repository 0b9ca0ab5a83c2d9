import { type Clock, systemClock } from "../clock.ts";

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
    if (!signal.aborted) await pause(clock, everyMs, signal);
  }
}

/**
 * The system clock's own sleep would keep a process alive that has nothing left to do; the runtime's timeout signals do not. A clock
 * that was handed in decides for itself.
 */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (clock !== systemClock) return clock.sleep(ms, signal).catch(() => {});
  return new Promise((resolve) => {
    const due = AbortSignal.timeout(ms);
    const wake = () => {
      due.removeEventListener("abort", wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    due.addEventListener("abort", wake);
    signal.addEventListener("abort", wake);
  });
}
