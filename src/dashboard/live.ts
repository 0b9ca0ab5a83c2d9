/** What is told to open pages: that the ledger changed, and what the meter is doing. */
import type { MeterEvent } from "../events.ts";
import type { Alert } from "../report/alert.ts";
import { eventAlert } from "../report/alerts.ts";
import { logLine } from "../report/log.ts";
import type { Store } from "../store/store.ts";
import type { Ledgers } from "./ledger.ts";
import type { ResolvedDashboard } from "./options.ts";

export interface Live {
  /** A stream of server-sent events, or `null` when too many pages listen. Ends when nobody reads it. */
  listen(): ReadableStream<Uint8Array> | null;
  /** What the meter told that a person should hear of, since the dashboard was made; the last 20. */
  alerts(): readonly Alert[];
  close(): void;
}

/** One per open page. */
const LISTENERS_MOST = 32;
/** A page that reads more slowly than this many messages misses some; the next one says all that matters. */
const BACKLOG_MOST = 16;
const ALERTS_MOST = 20;
const LOOK_EVERY_MS = 1_000;
/** Proxies cut a connection that stays silent for a minute. */
const BEAT_EVERY_LOOKS = 15;
const HOLDS_MOST = 1_000;

type Listener = ReadableStreamDefaultController<Uint8Array>;

export function createLive({ meter, clock }: Pick<ResolvedDashboard, "meter" | "clock">, ledgers: Ledgers): Live {
  const listeners = new Set<Listener>();
  const encoder = new TextEncoder();
  let alerts: Alert[] = [];
  let closed = false;
  let stop = new AbortController();
  let wake = new AbortController();
  const unheard = meter?.on("*", heard);

  function heard(event: MeterEvent): void {
    const alert = eventAlert(event);
    if (alert) alerts = [alert, ...alerts.filter(({ id }) => id !== alert.id)].slice(0, ALERTS_MOST);
    if (listeners.size === 0) return;
    const { level, message } = logLine(event);
    if (level !== "debug") tell("meter", { type: event.type, level, message, at: event.at });
    if (MOVES_MONEY.has(event.type)) wake.abort();
  }

  function tell(name: string, data: unknown): void {
    send(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  function send(text: string): void {
    const bytes = encoder.encode(text);
    for (const listener of listeners) if ((listener.desiredSize ?? 0) > 0) listener.enqueue(bytes);
  }

  /** One look a second for all pages together, and none while there is no page. */
  async function watch(signal: AbortSignal): Promise<void> {
    let before = await signature();
    for (let looks = 1; !signal.aborted && listeners.size > 0; looks += 1) {
      wake = new AbortController();
      await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([signal, wake.signal])).catch(() => {});
      // What a meter tells is a moment ahead of the ledger, and comes in bursts.
      if (wake.signal.aborted) await clock.sleep(SETTLE_MS, signal).catch(() => {});
      const now = await signature();
      if (now !== before) tell("change", { at: clock.now() });
      else if (looks % BEAT_EVERY_LOOKS === 0) send(": still here\n\n");
      before = now;
    }
  }

  async function signature(): Promise<string> {
    try {
      const ledger = await ledgers.now();
      return ledger ? await signatureOf(ledger.store) : "none";
    } catch {
      // The page asks again and is told why.
      return "unreadable";
    }
  }

  return {
    listen() {
      if (listeners.size >= LISTENERS_MOST || closed) return null;
      let own: Listener;
      const stream = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            own = controller;
            listeners.add(own);
            own.enqueue(encoder.encode("retry: 2000\nevent: hello\ndata: {}\n\n"));
            if (listeners.size > 1) return;
            stop = new AbortController();
            void watch(stop.signal);
          },
          cancel() {
            listeners.delete(own);
            if (listeners.size === 0) stop.abort();
          },
        },
        new CountQueuingStrategy({ highWaterMark: BACKLOG_MOST }),
      );
      return stream;
    },
    alerts: () => alerts,
    close() {
      closed = true;
      unheard?.();
      stop.abort();
      for (const listener of listeners) listener.close();
      listeners.clear();
    },
  };
}

const SETTLE_MS = 100;

const MOVES_MONEY: ReadonlySet<string> = new Set([
  "budget-held",
  "budget-refused",
  "cache-hit",
  "call-joined",
  "call-settled",
  "hold-expired",
  "hold-recovered",
]);

/** What differs when anything was written that a page shows. */
async function signatureOf(store: Store): Promise<string> {
  const [newest] = await store.entries({ limit: 1, newest: true });
  const holds = await store.openHolds({ limit: HOLDS_MOST });
  return JSON.stringify([newest?.seq ?? 0, holds.map(({ id, state }) => [id, state])]);
}
