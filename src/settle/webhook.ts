/** Settles a job by the webhook that tells of its end. Part of the line: the bill comes with the result, which is fetched for it. */
import type { EndpointId } from "../call.ts";
import { jobUrls } from "../wire/operation.ts";
import { readWebhook, type WebhookDelivery, WebhookError } from "../wire/webhook.ts";
import type { WebhookKeys } from "../wire/webhook-keys.ts";
import { type FollowParts, follow } from "./follow.ts";

/** What a webhook came to. */
export interface WebhookSettlement {
  /**
   * `settled`: the purchase is closed now. `already`: it was before; webhooks may repeat. `unknown-request`: the ledger has no
   * purchase with this request id. `not-finished`: fal did not give the bill yet, so the money stays held and `reconcile` asks again.
   */
  outcome: "settled" | "already" | "unknown-request" | "not-finished";
  requestId: string;
}

export interface WebhookParts extends FollowParts {
  keys: WebhookKeys;
  /** fal key of the meter. */
  credentials: string | undefined;
}

/** @throws WebhookError for what is not fal's; StoreError */
export async function settleWebhook(
  parts: WebhookParts,
  delivery: Request | WebhookDelivery,
): Promise<WebhookSettlement> {
  const { requestId, message, signature } = await readWebhook(delivery, parts.clock.now());
  const confirmed = await parts.keys.confirm(message, signature);
  if (confirmed === "no-keys") throw new WebhookError("keys", "fal's keys could not be read");
  if (confirmed === "refused") throw new WebhookError("signature", "no key of fal's made its signature");
  const hold = await parts.store.findHold({ requestId });
  if (!hold) {
    const entry = await parts.store.findEntry({ requestId });
    if (entry && entry.outcome !== "charged") await askForBill(parts, entry.endpointId, requestId);
    return { outcome: entry ? "already" : "unknown-request", requestId };
  }
  const followed = await follow(parts, { ...hold, requestId }, parts.credentials);
  return { outcome: followed === "settled" ? "settled" : "not-finished", requestId };
}

/** What was given up as free or expired and has ended after all may have been billed: the ledger learns the later truth. */
async function askForBill({ asker, jobs, credentials }: WebhookParts, endpointId: EndpointId, requestId: string) {
  const result = await asker.get(jobUrls(endpointId, requestId).response_url, credentials).catch(() => null);
  if (result) await jobs.collected(requestId, result, { inferenceSeconds: null, how: null });
}
