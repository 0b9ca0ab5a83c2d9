import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { StoredResult } from "../store/store.ts";
import { ownCopy } from "./results.ts";

/**
 * A failed download is not a failed purchase. Remembers which answer the media URLs came in, so that a caller who buys the
 * same thing again because only its download failed gets the answer already bought.
 */
export interface Deliveries {
  /** An answer was handed to a caller. Only media URLs in JSON count. */
  delivered(key: string, answer: StoredResult): void;
  /** A media URL could not be fetched: every remembered answer that holds it counts as not delivered. */
  downloadFailed(url: string): void;
  /** A media URL was fetched after all: it no longer counts as failed. */
  downloaded(url: string): void;
  /**
   * The answer to deliver again, when its last delivery failed; clears that mark. At most three times for one answer and
   * within an hour of it: media that stays out of reach must be bought anew.
   */
  redeliver(key: string): StoredResult | undefined;
}

/** Bounds on what is remembered. */
export interface DeliveryBounds {
  /** @default 1000 */
  maxEntries?: number;
  /** Sum of the answers' bodies; an answer above a quarter of it is not remembered. @default 16777216 (16 MiB) */
  maxBytes?: number;
}

interface Delivery {
  answer: StoredResult;
  /** Read out of the answer when a download first fails, which is rare; a call that goes well never pays for it. */
  urls: ReadonlySet<string> | null;
  deliveredAt: number;
  /** The URLs whose last download failed; none means delivered. */
  failed: Set<string>;
  redeliveries: number;
}

const MAX_URLS = 64;
const DEEPEST = 100;
const MAX_REDELIVERIES = 3;
const RETRY_WINDOW_MS = 60 * 60 * 1000;

/** What an entry takes besides its body and URLs, roughly, in bytes. */
const OVERHEAD_BYTES = 256;

export function createDeliveries(clock: Clock, bounds: DeliveryBounds = {}): Deliveries {
  const { maxEntries = 1000, maxBytes = 16 * 1024 * 1024 } = bounds;
  const deliveries = new LRUCache<string, Delivery>({
    max: maxEntries,
    maxSize: maxBytes,
    // Every URL stands in the body too, so twice the body bounds both.
    sizeCalculation: ({ answer }) => 2 * answer.body.byteLength + OVERHEAD_BYTES,
  });

  const urlsOf = (delivery: Delivery) => {
    delivery.urls ??= mediaUrls(delivery.answer);
    return delivery.urls;
  };

  return {
    delivered(key, answer) {
      const known = deliveries.get(key);
      // What was given again is the same delivery: its redeliveries go on counting.
      if (known && isSame(known.answer, answer)) {
        known.failed.clear();
        return;
      }
      if (answer.body.byteLength > maxBytes / 4) deliveries.delete(key);
      else {
        const own = ownCopy(answer);
        deliveries.set(key, { answer: own, urls: null, deliveredAt: clock.now(), failed: new Set(), redeliveries: 0 });
      }
    },

    downloadFailed(url) {
      const address = addressOf(url);
      for (const delivery of deliveries.values()) if (urlsOf(delivery).has(address)) delivery.failed.add(address);
    },

    downloaded(url) {
      const address = addressOf(url);
      for (const { failed } of deliveries.values()) failed.delete(address);
    },

    redeliver(key) {
      const delivery = deliveries.get(key);
      if (!delivery || delivery.failed.size === 0) return undefined;
      if (delivery.redeliveries >= MAX_REDELIVERIES || clock.now() - delivery.deliveredAt > RETRY_WINDOW_MS) {
        deliveries.delete(key);
        return undefined;
      }
      delivery.failed.clear();
      delivery.redeliveries++;
      return ownCopy(delivery.answer);
    },
  };
}

/** fal's request id tells answers apart; where there is none, the moment of storing does. */
function isSame(one: StoredResult, other: StoredResult): boolean {
  return one.requestId === other.requestId && (one.requestId !== "" || one.storedAt === other.storedAt);
}

/** A URL as `fetch` would spell it; empty, which no answer holds, when it is none. */
function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).href : "";
}

/** Every `http(s)://` string in a JSON answer, at most 64, spelled as `fetch` would spell it. */
function mediaUrls(answer: StoredResult): ReadonlySet<string> {
  const urls = new Set<string>();
  collect(parsed(answer.body), 0, urls);
  return urls;
}

function collect(value: unknown, depth: number, urls: Set<string>): void {
  if (urls.size >= MAX_URLS) return;
  if (typeof value === "string") {
    if (/^https?:\/\//.test(value) && URL.canParse(value)) urls.add(addressOf(value));
  } else if (typeof value === "object" && value !== null && depth < DEEPEST) {
    for (const member of Object.values(value)) collect(member, depth + 1, urls);
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
