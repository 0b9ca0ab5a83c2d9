import type { Clock } from "../clock.ts";
import { isMeterError, OptionsError } from "../errors.ts";
import type { Note, Store } from "../store/store.ts";
import { type Alert, alertId, readAlert, writtenAlert } from "./alert.ts";
import type { AlertSink } from "./sinks.ts";
import { createTurn, type Patience } from "./turn.ts";

export interface OutboxOptions {
  store: Store;
  clock: Clock;
  /** 1 to 20, of different names. */
  sinks: readonly AlertSink[];
  /** Tries of one delivery before it is left for the next round, 1 to 10; the pause doubles from a second. @default 3 */
  tries?: number;
}

/** What one round of deliveries came to. */
export interface Delivered {
  /** Deliveries that arrived: an alert that went to two sinks counts twice. */
  delivered: number;
  /** Alerts that stay in the outbox. */
  pending: number;
  /** Why, once for each sink that failed. No address is in it. */
  failures: { sink: string; message: string }[];
}

/**
 * Alerts on their way out. They are written down before they are sent and stay until every sink has them, whatever dies in between;
 * one that was sent is not sent again, whichever process finds it. Only a process that dies, or stalls for minutes, between an
 * arrival and writing it down may send that one alert twice.
 */
export interface Outbox {
  /** Takes alerts in; one that is in it or was delivered already is passed over. Answers how many were new. */
  add(alerts: readonly Alert[]): Promise<number>;
  /** Delivers what is pending. `null` when another process was delivering all the while. */
  deliver(haste?: DeliveryHaste): Promise<Delivered | null>;
}

/** What a round of deliveries may be cut short by. Its `signal` ends pauses and waits: what had not arrived stays in the outbox. */
export interface DeliveryHaste extends Patience {
  /** In place of the outbox's own. */
  tries?: number;
}

const PENDING = "alert-outbox";
const SENT = "alert-sent";
/** A year and a month: an alert of a window that never ends is told again after that. */
const SENT_KEPT_MS = 400 * 86_400_000;
const FIRST_PAUSE_MS = 1_000;
/** Longer than a sink's own timeout, and renewed before every try. */
const LEASE_MS = 120_000;
const WAIT_MS = 30_000;

/** @throws OptionsError naming `outbox.…` */
export function createOutbox({ store, clock, sinks, tries = 3 }: OutboxOptions): Outbox {
  const names = new Set(sinks.map(({ name }) => name));
  if (sinks.length < 1 || sinks.length > 20 || names.size !== sinks.length)
    throw new OptionsError("outbox.sinks", "1 to 20 sinks of different names", sinks.length);
  if (!(Number.isInteger(tries) && tries >= 1 && tries <= 10))
    throw new OptionsError("outbox.tries", "a whole number from 1 to 10", tries);
  const turn = createTurn({ store, clock, name: "turn|alerts", leaseMs: LEASE_MS, waitMs: WAIT_MS });
  const sentKey = (alert: Alert, sink: AlertSink) => alertId(alert.id, sink.name);

  async function missing(alert: Alert): Promise<AlertSink[]> {
    const notes = await Promise.all(sinks.map((sink) => store.getNote(SENT, sentKey(alert, sink), clock.now())));
    return sinks.filter((_, index) => notes[index] === undefined);
  }

  async function send(alert: Alert, sink: AlertSink, hold: () => Promise<void>, haste: DeliveryHaste): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      await hold();
      try {
        await sink.send(alert);
        const at = clock.now();
        await store.putNote({ kind: SENT, key: sentKey(alert, sink), value: "true", at, expiresAt: at + SENT_KEPT_MS });
        return;
      } catch (error) {
        if (tried === (haste.tries ?? tries) || haste.signal?.aborted) throw error;
        // A pause that is cut short is no reason to lose why the try failed.
        const paused = await clock.sleep(FIRST_PAUSE_MS * 2 ** (tried - 1), haste.signal).then(
          () => true,
          () => false,
        );
        if (!paused) throw error;
      }
    }
  }

  async function deliverAll(
    notes: readonly Note[],
    hold: () => Promise<void>,
    haste: DeliveryHaste,
  ): Promise<Delivered> {
    const failed = new Map<string, string>();
    let [delivered, pending] = [0, 0];
    for (const note of notes) {
      const alert = readAlert(note.value);
      let left = 0;
      for (const sink of await missing(alert)) {
        // A sink that is down is not tried again for every alert behind the first.
        if (failed.has(sink.name)) left += 1;
        else {
          try {
            await send(alert, sink, hold, haste);
            delivered += 1;
          } catch (error) {
            failed.set(sink.name, reasonOf(error));
            left += 1;
          }
        }
      }
      if (left === 0) await store.deleteNote(PENDING, alert.id);
      else pending += 1;
    }
    return { delivered, pending, failures: [...failed].map(([sink, message]) => ({ sink, message })) };
  }

  return {
    async add(alerts) {
      let added = 0;
      for (const alert of alerts) {
        const at = clock.now();
        if ((await store.getNote(PENDING, alert.id, at)) || (await missing(alert)).length === 0) continue;
        await store.putNote({ kind: PENDING, key: alert.id, value: writtenAlert(alert), at, expiresAt: null });
        added += 1;
      }
      return added;
    },
    async deliver(haste = {}) {
      if ((await store.listNotes(PENDING, clock.now())).length === 0) return { delivered: 0, pending: 0, failures: [] };
      const work = async (hold: () => Promise<void>) =>
        deliverAll(await store.listNotes(PENDING, clock.now()), hold, haste);
      return turn.take(work, haste);
    },
  };
}

/** What waits to be delivered, at most as many as a store keeps notes of one kind. */
export async function pendingAlerts(store: Store, at: number): Promise<Alert[]> {
  return (await store.listNotes(PENDING, at)).map(({ value }) => readAlert(value));
}

/** Network errors may carry the address, so only our own words and the error's name are told. */
function reasonOf(error: unknown): string {
  if (isMeterError(error)) return error.message;
  return error instanceof Error ? error.name : typeof error;
}
