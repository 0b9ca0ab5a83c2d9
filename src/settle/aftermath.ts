/** What a meter does about purchases after their callers are gone: when asked, by webhook, and in the background. Part of the line. */
import type { Clock } from "../clock.ts";
import { describeFailure } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Jobs } from "../job.ts";
import type { Store } from "../store/store.ts";
import { createAsker } from "../wire/asking.ts";
import type { Platform } from "../wire/platform.ts";
import type { WebhookDelivery } from "../wire/webhook.ts";
import { createWebhookKeys, type WebhookKeys } from "../wire/webhook-keys.ts";
import { type Asking, type Reconciled, type ReconcileOptions, type ReconcileParts, reconcile } from "./reconcile.ts";
import { runRounds } from "./rounds.ts";
import type { Settler } from "./settler.ts";
import { settleWebhook, type WebhookSettlement } from "./webhook.ts";

export interface AftermathParts extends Pick<ReconcileParts, "instant" | "dayOf"> {
  clock: Clock;
  events: Events;
  /** Ends everything. */
  signal: AbortSignal;
  /** How often the background asks, and what it leaves alone; `null` where it does not. */
  rounds: { everyMs: number; olderThanMs: number } | null;
  /** fal key of the meter. */
  credentials(): string | undefined;
  platform(credentials: string | undefined, via: typeof fetch): Platform;
  /** Told why the background could not ask fal. */
  warn(message: string): void;
}

/** The parts that are there once the ledger is open. */
export interface OpenLedger {
  store: Store;
  jobs: Jobs;
  settler: Settler;
  book: Pick<ReconcileParts, "learn">;
}

export interface Aftermath {
  reconcile(ledger: OpenLedger, via: typeof fetch, options?: ReconcileOptions): Promise<Reconciled>;
  settleWebhook(ledger: OpenLedger, via: typeof fetch, delivery: Request | WebhookDelivery): Promise<WebhookSettlement>;
  /** Starts the background, where there is to be one. */
  begin(ledger: OpenLedger, via: typeof fetch): void;
  /** Resolves once the background has ended. */
  idle(): Promise<void>;
}

export function createAftermath(parts: AftermathParts): Aftermath {
  const { clock, events, signal, rounds } = parts;
  let keys: WebhookKeys | undefined;
  let background: Promise<void> | undefined;

  function partsFor({ store, jobs, settler, book }: OpenLedger, via: typeof fetch) {
    const asker = createAsker({ fetch: via, clock, signal });
    const credentials = parts.credentials();
    const platform = (key: string | undefined) => parts.platform(key, via);
    return { ...parts, store, jobs, settler, learn: book.learn, asker, credentials, platform };
  }

  const ask = (ledger: OpenLedger, via: typeof fetch, options: ReconcileOptions | undefined, asking: Asking) =>
    reconcile(partsFor(ledger, via), options, asking);

  return {
    reconcile: (ledger, via, options) => ask(ledger, via, options, "caller"),

    async settleWebhook(ledger, via, delivery) {
      const asking = partsFor(ledger, via);
      keys ??= createWebhookKeys({ asker: asking.asker, clock });
      return settleWebhook({ ...asking, keys }, delivery);
    },

    begin(ledger, via) {
      if (!rounds) return;
      const { everyMs, olderThanMs: olderThan } = rounds;
      let told: string | null = null;
      const round = async () => {
        const { failure } = await ask(ledger, via, { olderThan }, "background");
        // Told once, and not every few minutes.
        if (failure !== null && failure !== told) parts.warn(failure);
        told = failure;
      };
      const onFailure = (error: unknown) => {
        const message = describeFailure(error);
        events.emit({ type: "store-failed", at: clock.now(), store: ledger.store.name, verb: "reconcile", message });
      };
      background = runRounds({ clock, everyMs, signal, round, onFailure });
    },

    async idle() {
      await background;
    },
  };
}
