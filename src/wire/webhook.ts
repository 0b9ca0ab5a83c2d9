import { MeterError } from "../errors.ts";
import { submittedId } from "./answer.ts";

/**
 * Why a webhook was not believed. `malformed`: it is not what fal sends. `timestamp`: signed more than five minutes ago or ahead.
 * `signature`: no key of fal's confirms it. `keys`: fal's keys could not be read.
 */
export type WebhookFailure = "malformed" | "timestamp" | "signature" | "keys";

/** A webhook that cannot be believed, so nothing was done. Answer it with an error status, and fal sends it again. */
export class WebhookError extends MeterError {
  override readonly name = "WebhookError";
  readonly reason: WebhookFailure;

  constructor(reason: WebhookFailure, detail: string) {
    super(`The webhook was not believed: ${detail}. ${NEXT[reason]}`);
    this.reason = reason;
  }
}

const NEXT: Record<WebhookFailure, string> = {
  malformed: "Hand over the headers and the body's bytes as they came, not a body that was parsed before.",
  timestamp: "Check this machine's clock; a repeated webhook of long ago is nothing to act on.",
  signature: "It does not come from fal, or its body was changed on the way.",
  keys: "Answer it with an error status, and fal sends it again.",
};

/** A webhook as it came. The body must be its very bytes: JSON that was parsed and written anew has another signature. */
export interface WebhookDelivery {
  /** `Headers`, or an object of them in any case, as Node's own `request.headers`. */
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  body: string | Uint8Array;
}

/** A webhook whose form is right; whether it is fal's is still to be seen. */
export interface SignedWebhook {
  /** fal's id of the job that has ended. */
  requestId: string;
  /** What was signed. */
  message: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}

const LONGEST_BODY = 64 * 1_048_576;
/** fal's signature holds this long to either side of its time (fal documentation, April 2026). */
const TIMESTAMP_WITHIN_S = 300;
const SIGNATURE = /^[0-9a-f]{128}$/i;
const SECONDS = /^\d{1,12}$/;
const LONGEST_HEADER = 1_000;

/**
 * Reads a webhook and checks its time. Signed is `request_id\nuser_id\ntimestamp\nsha256hex(body)` (fal documentation, April 2026).
 * @throws WebhookError `malformed` or `timestamp`
 */
export async function readWebhook(delivery: Request | WebhookDelivery, now: number): Promise<SignedWebhook> {
  const header = (name: string) => headerOf(delivery.headers, `x-fal-webhook-${name}`);
  const [id, user, timestamp] = [header("request-id"), header("user-id"), header("timestamp")];
  const signature = header("signature");
  if (!SIGNATURE.test(signature)) throw new WebhookError("malformed", "its signature is not 64 bytes in hexadecimal");
  if (!SECONDS.test(timestamp)) throw new WebhookError("malformed", "its timestamp is not a number of seconds");
  const offBy = Math.round(Math.abs(now / 1000 - Number(timestamp)));
  if (offBy > TIMESTAMP_WITHIN_S)
    throw new WebhookError("timestamp", `it was signed ${offBy} seconds away from now, and 300 are let pass`);
  const body = await bytesOf(delivery);
  const requestId = requestIdIn(body);
  if (requestId === null) throw new WebhookError("malformed", "its body is no JSON with a request_id");
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
  const message = new TextEncoder().encode([id, user, timestamp, digest].join("\n"));
  return { requestId, message, signature: bytesOfHex(signature) };
}

function headerOf(headers: WebhookDelivery["headers"], name: string): string {
  if (typeof headers !== "object" || headers === null) throw new WebhookError("malformed", "it has no headers");
  const found =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1];
  if (typeof found === "string" && found !== "" && found.length <= LONGEST_HEADER) return found;
  throw new WebhookError("malformed", `its header ${name} is missing`);
}

async function bytesOf(delivery: Request | WebhookDelivery): Promise<Uint8Array<ArrayBuffer>> {
  if (delivery instanceof Request) {
    if (delivery.bodyUsed) throw new WebhookError("malformed", "its body has been read already");
    return bounded(delivery.body);
  }
  const { body } = delivery;
  if (typeof body !== "string" && !(body instanceof Uint8Array))
    throw new WebhookError("malformed", "its body is neither text nor bytes");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  if (bytes.byteLength > LONGEST_BODY) throw tooLong();
  return bytes;
}

async function bounded(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    length += piece.value.byteLength;
    if (length > LONGEST_BODY) {
      await reader?.cancel();
      throw tooLong();
    }
    pieces.push(piece.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

function tooLong(): WebhookError {
  return new WebhookError("malformed", `its body is longer than ${LONGEST_BODY} bytes`);
}

function requestIdIn(body: Uint8Array): string | null {
  try {
    return submittedId(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return null;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
