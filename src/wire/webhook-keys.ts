import type { Clock } from "../clock.ts";
import type { Asker } from "./asking.ts";

/** The keys that fal signs its webhooks with, read when they are first needed. */
export interface WebhookKeys {
  /** Whether one of fal's keys made this signature; `no-keys` where they could not be read. Never throws. */
  confirm(
    message: Uint8Array<ArrayBuffer>,
    signature: Uint8Array<ArrayBuffer>,
  ): Promise<"confirmed" | "refused" | "no-keys">;
}

/** fal's public keys, as a JSON Web Key Set (fal documentation, April 2026). */
const KEYS_URL = "https://rest.fal.ai/.well-known/jwks.json";
/** fal's keys may be kept for a day (fal documentation, April 2026). */
const KEPT_MS = 24 * 3_600_000;
/** A flood of forged webhooks asks fal no more often than this. */
const ASK_EVERY_MS = 60_000;
const MOST_KEYS = 20;
const LONGEST_SET = 1_048_576;

export function createWebhookKeys({ asker, clock }: { asker: Asker; clock: Clock }): WebhookKeys {
  let keys: CryptoKey[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    askedAt = clock.now();
    try {
      const answer = await asker.get(KEYS_URL);
      const found = answer.ok ? await keysOf(await answer.text()) : [];
      if (found.length === 0) return;
      keys = found;
      readAt = clock.now();
    } catch {
      // The keys known so far stand until their day is over; the next webhook asks again.
    }
  }

  /** A clock that was set back must not keep old keys for longer, nor fal from being asked. */
  const isPast = (at: number, ms: number) => Math.abs(clock.now() - at) >= ms;

  async function refreshed(): Promise<boolean> {
    if (!asking && !isPast(askedAt, ASK_EVERY_MS)) return false;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    await asking;
    return true;
  }

  async function isConfirmed(...signed: [message: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>]) {
    const [message, signature] = signed;
    for (const key of keys) if (await crypto.subtle.verify("Ed25519", key, signature, message)) return true;
    return false;
  }

  return {
    async confirm(message, signature) {
      let news = isPast(readAt, KEPT_MS) && (await refreshed());
      for (;;) {
        if (isPast(readAt, KEPT_MS)) return "no-keys";
        if (await isConfirmed(message, signature)) return "confirmed";
        if (news) return "refused";
        // fal may have changed its keys since they were read.
        if (!(await refreshed())) return "refused";
        news = true;
      }
    },
  };
}

async function keysOf(text: string): Promise<CryptoKey[]> {
  if (text.length > LONGEST_SET) return [];
  const { keys } = (JSON.parse(text) ?? {}) as { keys?: unknown };
  const found: CryptoKey[] = [];
  for (const each of Array.isArray(keys) ? (keys as unknown[]).slice(0, MOST_KEYS) : []) {
    const { kty, crv, x } = (each ?? {}) as Record<string, unknown>;
    if (kty !== "OKP" || crv !== "Ed25519" || typeof x !== "string") continue;
    const imported = crypto.subtle.importKey("jwk", { kty, crv, x }, { name: "Ed25519" }, false, ["verify"]);
    // One key that is none must not take the others with it.
    await imported.then(
      (key) => found.push(key),
      () => {},
    );
  }
  return found;
}
