/** A JSON body may be this large: a data URI of a good photograph fits. */
const JSON_BYTES_MAX = 32 * 1024 * 1024;

/** A body as bytes; `null` when it is longer than `bytesMax`, of which no more is read. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return null;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > bytesMax) return null;
    pieces.push(piece);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Why a body could not be read as JSON. */
export type BodyFailure = "too-large" | "no-json";

/** A body as JSON; an empty one is an empty object, as fal reads it. */
export async function readJson(request: Request): Promise<{ value: unknown } | { failure: BodyFailure }> {
  const bytes = await readBytes(request, JSON_BYTES_MAX);
  if (!bytes) return { failure: "too-large" };
  if (bytes.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch {
    return { failure: "no-json" };
  }
}

/** A JSON answer with any status, those without a standard name included. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

/** Server-sent events, one JSON value each, until `write` is done. A reader who leaves ends it. */
export function eventStream(
  headers: Readonly<Record<string, string>>,
  write: (send: (event: unknown) => void, gone: AbortSignal) => Promise<void>,
): Response {
  const leaving = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder();
      const send = (event: unknown) => {
        if (!leaving.signal.aborted) controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
      };
      void write(send, leaving.signal)
        .catch(() => {})
        .then(() => {
          if (!leaving.signal.aborted) controller.close();
        });
    },
    cancel() {
      leaving.abort();
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache", ...headers },
  });
}
