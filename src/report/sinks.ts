import type { Clock } from "../clock.ts";
import { MeterError, OptionsError, onlyKeys } from "../errors.ts";
import type { Alert } from "./alert.ts";
import { type AlertFormat, alertBody, alertLine } from "./alert-format.ts";

/** Where alerts go. */
export interface AlertSink {
  /** The same in every process that delivers there: deliveries are told apart by it. */
  readonly name: string;
  /** Resolves once it has arrived; rejects when it has not, and is tried again. */
  send(alert: Alert): Promise<void>;
}

/** Hands alerts to a function of yours. */
export function callbackSink(name: string, callback: (alert: Alert) => void | Promise<void>): AlertSink {
  return { name, send: async (alert) => callback(alert) };
}

/** Writes one line for each alert. @default to console.warn */
export function consoleSink(write: (line: string) => void = console.warn): AlertSink {
  return { name: "console", send: async (alert) => write(alertLine(alert)) };
}

export interface WebhookOptions {
  /** http or https. */
  url: string;
  /** Signs every body; the receiver checks `x-fal-meter-signature`. @default not signed */
  secret?: string;
  /** @default "plain": the alert as JSON */
  format?: AlertFormat;
  /** Milliseconds to wait for an answer, 1 to 60,000. @default 10_000 */
  timeoutMs?: number;
  /** Its own, never a metered one. @default the global fetch */
  fetch?: typeof fetch;
}

const FORMATS: readonly AlertFormat[] = ["plain", "slack", "discord"];

/**
 * POSTs alerts to an address. Signed with HMAC-SHA256 over `<seconds>.<body>`: `x-fal-meter-signature: t=<seconds>,v1=<hex>`.
 * Anything but a 2xx answer, a redirect included, is a failure.
 * @throws OptionsError naming `webhook.…`
 */
export async function webhookSink(options: WebhookOptions, clock: Clock): Promise<AlertSink> {
  onlyKeys(options, "webhook", ["url", "secret", "format", "timeoutMs", "fetch"]);
  const { secret, format = "plain", timeoutMs = 10_000 } = options;
  const url = webAddress(options.url);
  if (!FORMATS.includes(format)) throw new OptionsError("webhook.format", '"plain", "slack" or "discord"', format);
  if (!(timeoutMs >= 1 && timeoutMs <= 60_000))
    throw new OptionsError("webhook.timeoutMs", "milliseconds from 1 to 60,000", timeoutMs);
  if (secret === "") throw new OptionsError("webhook.secret", "a secret that is not empty", secret);
  const send = options.fetch ?? fetch;
  return {
    // Chat webhooks carry their secret in the address, so only its hash may stand in a ledger.
    name: `webhook:${(await sha256(url)).slice(0, 16)}`,
    async send(alert) {
      const body = alertBody(alert, format);
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (secret !== undefined) headers["x-fal-meter-signature"] = await signature(secret, body, clock.now());
      const late = new AbortController();
      const done = new AbortController();
      clock.sleep(timeoutMs, done.signal).then(
        () => late.abort(new MeterError(`the webhook did not answer within ${timeoutMs} ms`)),
        () => {},
      );
      try {
        const response = await send(url, { method: "POST", headers, body, redirect: "manual", signal: late.signal });
        await response.body?.cancel();
        if (!response.ok) throw new MeterError(`the webhook answered ${response.status}`);
      } finally {
        done.abort();
      }
    },
  };
}

function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // The address is a secret, so a bad one is not shown either.
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new OptionsError("webhook.url", "an http or https address", typeof text);
  return url.href;
}

/** `t=<seconds>,v1=<hex>`: the time is signed with the body, so that an old alert cannot be sent again later. */
export async function signature(secret: string, body: string, at: number): Promise<string> {
  const seconds = Math.floor(at / 1_000);
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `t=${seconds},v1=${hex(await crypto.subtle.sign("HMAC", key, bytes(`${seconds}.${body}`)))}`;
}

async function sha256(text: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", bytes(text)));
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(buffer: ArrayBuffer): string {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
