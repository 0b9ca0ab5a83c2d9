/** Files that pass through the door: what is uploaded, and what is downloaded of what was bought. Part of the line. */
import type { Deliveries } from "./cache/deliveries.ts";
import type { Uploads } from "./cache/uploads.ts";
import type { Scope } from "./call.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import type { Events } from "./events.ts";
import { parseJson } from "./wire/answer.ts";
import type { MediaFacts } from "./wire/media-facts.ts";
import { readWhole } from "./wire/reading.ts";
import type { WireRequest } from "./wire/request.ts";

export interface TransferParts {
  clock: Clock;
  events: Events;
  deliveries: Deliveries;
  /** What is known of uploads; `undefined` where it does not matter, or cannot be known. */
  uploadsFor(scope: Scope): Promise<Uploads<MediaFacts> | undefined>;
}

export interface Transfers {
  initiated(response: Response, scope: Scope): Promise<Response>;
  upload(request: WireRequest, scope: Scope, via: typeof fetch): Promise<Response>;
  download(request: WireRequest, via: typeof fetch): Promise<Response>;
}

export function createTransfers({ clock, events, deliveries, uploadsFor }: TransferParts): Transfers {
  /** Learns where an upload will go, so that its bytes can stand for its address in cache keys, and tell what they will cost. */
  async function initiated(response: Response, scope: Scope): Promise<Response> {
    const uploads = response.ok ? await uploadsFor(scope) : undefined;
    if (!uploads) return response;
    const { upload_url, file_url } = (parseJson(await readWhole(response)) ?? {}) as Record<string, unknown>;
    if (typeof upload_url === "string" && typeof file_url === "string") uploads.initiated(upload_url, file_url);
    return response;
  }

  /** The bytes of an upload stand for its address in cache keys, and say how long or large the file is. */
  async function upload(request: WireRequest, scope: Scope, via: typeof fetch): Promise<Response> {
    const uploads = await uploadsFor(scope);
    const step = uploads?.stepOf(request.url.href);
    if (!uploads || !step) return via(...request.args);
    if (step.step !== "complete") {
      const bytes = await bytesOf(request.args[1]?.body);
      uploads.part(step.uploadUrl, step.step === "part" ? step.partNumber : null, bytes);
    }
    const response = await via(...request.args);
    if (response.ok && step.step !== "part") {
      await uploads.completed(step.uploadUrl).catch((error: unknown) => {
        if (!(error instanceof StoreError)) return;
        const { store, message } = error;
        events.emit({ type: "store-failed", at: clock.now(), store, verb: "putNote", message });
      });
    }
    return response;
  }

  /** A download that fails tells the delivery that it did not arrive. */
  async function download(request: WireRequest, via: typeof fetch): Promise<Response> {
    try {
      const response = await via(...request.args);
      if (response.ok) deliveries.downloaded(request.url.href);
      else deliveries.downloadFailed(request.url.href);
      return response;
    } catch (error) {
      deliveries.downloadFailed(request.url.href);
      throw error;
    }
  }

  return { initiated, upload, download };
}

/** The bytes of an upload's body, where they can be read without disturbing it. */
async function bytesOf(body: RequestInit["body"] | undefined): Promise<Uint8Array | null> {
  if (body instanceof Blob) return new Uint8Array(await body.arrayBuffer());
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return typeof body === "string" ? new TextEncoder().encode(body) : null;
}
