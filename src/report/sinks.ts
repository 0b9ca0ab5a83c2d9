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

/** Where alerts go: a line on the console, a webhook, or a sink of your own, which is tried again when its `send` rejects. */
export type AlertSinkOptions = "console" | WebhookOptions | AlertSink;

/** The sinks that deliver, of options that were found valid. */
export function openSinks(sinks: readonly AlertSinkOptions[], clock: Clock): Promise<AlertSink[]> {
  return Promise.all(
    sinks.map(async (sink) => (sink === "console" ? consoleSink() : "send" in sink ? sink : webhookSink(sink, clock))),
  );
}

const FORMATS: readonly AlertFormat[] = ["plain", "slack", "discord"];

/**
 * POSTs alerts to an address. Signed with HMAC-SHA256 over `<seconds>.<body>`: `x-fal-meter-signature: t=<seconds>,v1=<hex>`.
 * Anything but a 2xx answer, a redirect included, is a failure.
 * @throws OptionsError naming `webhook.…`
 */
export async function webhookSink(options: WebhookOptions, clock: Clock): Promise<AlertSink> {
  const { secret, format = "plain", timeoutMs = 10_000 } = validWebhook(options, "webhook");
  const url = webAddress(options.url, "webhook");
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
        // Not waited for: a body that somebody else holds a copy of never ends.
        response.body?.cancel().catch(() => {});
        if (!response.ok) throw new MeterError(`the webhook answered ${response.status}`);
      } finally {
        done.abort();
      }
    },
  };
}

/** @throws OptionsError naming a member of `option`; no address is in it */
export function validWebhook(options: WebhookOptions, option: string): WebhookOptions {
  onlyKeys(options, option, ["url", "secret", "format", "timeoutMs", "fetch"]);
  const { secret, format = "plain", timeoutMs = 1, fetch: send } = options;
  webAddress(options.url, option);
  if (!FORMATS.includes(format)) throw new OptionsError(`${option}.format`, '"plain", "slack" or "discord"', format);
  if (!(timeoutMs >= 1 && timeoutMs <= 60_000))
    throw new OptionsError(`${option}.timeoutMs`, "milliseconds from 1 to 60,000", timeoutMs);
  if (secret !== undefined && (typeof secret !== "string" || secret === ""))
    throw new OptionsError(`${option}.secret`, "a secret that is not empty", typeof secret);
  if (send !== undefined && typeof send !== "function")
    throw new OptionsError(`${option}.fetch`, "a fetch", typeof send);
  return options;
}

function webAddress(text: string, option: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // The address is a secret, so a bad one is not shown either.
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new OptionsError(`${option}.url`, "an http or https address", typeof text);
  return url.href;
}

/** `t=<seconds>,v1=<hex>`: the time is signed with the body, so that an old alert cannot be sent again later. */
async function signature(secret: string, body: string, at: number): Promise<string> {
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
