import type { EndpointId } from "../call.ts";
import { QueueFullError } from "../errors.ts";
import type { ResolvedLimits } from "./options.ts";

/** A call that wants its turn. */
export interface Turn {
  endpointId: EndpointId;
  /** Higher goes first among those that wait; equals go in the order in which they came. */
  priority: number;
  /** Gives the turn up while it is waited for. */
  signal?: AbortSignal;
  /** Told once when the call has to wait: how many do now, itself included. */
  onWait?: (waiting: number) => void;
}

/** Counts the calls that wait, in a lane or for a start, and keeps them from growing without bound. */
export interface WaitingRoom {
  /**
   * Counts a call as waiting until the returned function is called.
   * @throws QueueFullError when as many wait as may.
   */
  admit(turn: Turn): () => void;
  readonly waiting: number;
}

export function createWaitingRoom({ paces }: ResolvedLimits): WaitingRoom {
  const bounds = paces.flatMap(({ maxQueue, matches }) =>
    maxQueue === null ? [] : [{ maxQueue, matches, waiting: 0 }],
  );
  let waiting = 0;
  return {
    get waiting() {
      return waiting;
    },
    admit({ endpointId, onWait }) {
      const own = bounds.filter((bound) => bound.matches(endpointId));
      const full = own.find((bound) => bound.waiting >= bound.maxQueue);
      if (full) throw new QueueFullError(endpointId, full.waiting, full.maxQueue);
      onWait?.(waiting + 1);
      waiting++;
      for (const bound of own) bound.waiting++;
      return () => {
        waiting--;
        for (const bound of own) bound.waiting--;
      };
    },
  };
}
