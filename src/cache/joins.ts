/** How a caller came by its value: it led the work, or it shared another's. */
export interface Joined<T> {
  role: "leader" | "follower";
  /** Shared by every caller of the flight, so treat it as immutable and copy before handing it out. */
  value: T;
}

/** Calls under way that later identical calls may share. One per meter. */
export interface Joins<T> {
  /**
   * Runs `lead`, or shares the run already under way for this key. All callers get its outcome, a failure included: one
   * that failed is not run again for the others. The key is free as soon as the run ends.
   *
   * A caller whose `signal` aborts is rejected with the signal's reason and only that caller; the signal that `lead` gets
   * aborts when the last caller has gone, with that one's reason.
   */
  join(key: string, signal: AbortSignal | undefined, lead: (signal: AbortSignal) => Promise<T>): Promise<Joined<T>>;
  /** How many keys are under way. */
  readonly size: number;
}

interface Flight<T> {
  readonly outcome: Promise<T>;
  readonly control: AbortController;
  callers: number;
}

/** @param maxKeys The most keys under way at once; a call beyond it runs on its own and nobody can join it. @default 10000 */
export function createJoins<T>(maxKeys = 10_000): Joins<T> {
  const flights = new Map<string, Flight<T>>();

  const release = (key: string, flight: Flight<T>) => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  const start = (key: string, lead: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const control = new AbortController();
    const outcome = (async () => lead(control.signal))();
    const flight: Flight<T> = { outcome, control, callers: 0 };
    if (flights.size < maxKeys) flights.set(key, flight);
    // Registered before any caller's own, so that the key is free when the first caller hears the outcome.
    const free = () => release(key, flight);
    outcome.then(free, free);
    return flight;
  };

  const board = (key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> => {
    flight.callers++;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        reject(signal?.reason);
        flight.callers--;
        if (flight.callers > 0) return;
        // Nobody may board a flight that is being called off.
        release(key, flight);
        flight.control.abort(signal?.reason);
      };
      const stay = () => signal?.removeEventListener("abort", leave);
      // The lead has begun by now, and may itself have made its caller abort.
      if (signal?.aborted) return leave();
      signal?.addEventListener("abort", leave, { once: true });
      flight.outcome.then(
        (value) => {
          stay();
          resolve(value);
        },
        (reason) => {
          stay();
          reject(reason);
        },
      );
    });
  };

  return {
    async join(key, signal, lead) {
      signal?.throwIfAborted();
      const underWay = flights.get(key);
      const role = underWay ? "follower" : "leader";
      const value = await board(key, underWay ?? start(key, lead), signal);
      return { role, value };
    },
    get size() {
      return flights.size;
    },
  };
}
