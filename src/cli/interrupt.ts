import { setMaxListeners } from "node:events";

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process as it would have. */
export function interrupted(): AbortSignal {
  const stop = new AbortController();
  // Every call under way listens for the end.
  setMaxListeners(0, stop.signal);
  const signals = ["SIGINT", "SIGTERM"] as const;
  const abort = () => {
    for (const signal of signals) process.off(signal, abort);
    stop.abort();
  };
  for (const signal of signals) process.on(signal, abort);
  return stop.signal;
}
