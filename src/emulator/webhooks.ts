import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import type { Clock } from "../clock.ts";
import { type Job, replyOf } from "./jobs.ts";

/** A webhook that does not answer 2xx is sent again, up to this many times in all. */
const TRIES_MAX = 3;
const BETWEEN_TRIES_MS = 1_000;

/** fal waits this long for a webhook to answer (fal documentation, April 2026). */
const ANSWER_WITHIN_MS = 15_000;

/** Tells the asker that a job has ended, signed as fal signs, with a key of this emulator's own. */
export class Webhooks {
  readonly #clock: Clock;
  readonly #closing: AbortSignal;
  readonly #privateKey: KeyObject;
  readonly #publicKey: JsonWebKey;
  readonly #userId = "emulator";

  constructor(clock: Clock, closing: AbortSignal) {
    this.#clock = clock;
    this.#closing = closing;
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#privateKey = privateKey;
    this.#publicKey = publicKey.export({ format: "jwk" }) as JsonWebKey;
  }

  /** The key by which a receiver checks a signature. */
  keys(): { keys: readonly unknown[] } {
    return { keys: [{ ...this.#publicKey, kid: "emulator", use: "sig", alg: "EdDSA" }] };
  }

  /** Sends the news of a job, in the background. What cannot be delivered is dropped: fal offers no more either. */
  deliver(job: Job): void {
    if (job.webhookUrl !== null && job.startedAt !== null) void this.#send(job.webhookUrl, job).catch(() => {});
  }

  async #send(url: string, job: Job): Promise<void> {
    const body = JSON.stringify(news(job));
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const delivered = await this.#post(url, job.requestId, body);
      if (delivered || tries === TRIES_MAX) return;
      await this.#clock.sleep(BETWEEN_TRIES_MS, this.#closing);
    }
  }

  async #post(url: string, requestId: string, body: string): Promise<boolean> {
    const signal = AbortSignal.any([this.#closing, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const headers = { "content-type": "application/json", ...this.#signature(requestId, body) };
    try {
      const answer = await globalThis.fetch(url, { method: "POST", headers, body, signal });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  #signature(requestId: string, body: string): Record<string, string> {
    const timestamp = String(Math.floor(this.#clock.now() / 1000));
    const digest = createHash("sha256").update(body).digest("hex");
    const message = [requestId, this.#userId, timestamp, digest].join("\n");
    return {
      "x-fal-webhook-request-id": requestId,
      "x-fal-webhook-user-id": this.#userId,
      "x-fal-webhook-timestamp": timestamp,
      "x-fal-webhook-signature": sign(null, Buffer.from(message), this.#privateKey).toString("hex"),
    };
  }
}

/** No cost stands in a webhook (fal documentation, April 2026). */
function news(job: Job): unknown {
  const { status, body } = replyOf(job);
  const common = { request_id: job.requestId, gateway_request_id: randomUUID() };
  return status === 200
    ? { ...common, status: "OK", payload: body }
    : { ...common, status: "ERROR", error: `Unexpected status code: ${status}`, payload: body };
}
