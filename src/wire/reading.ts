/**
 * Reads a whole body and leaves the answer as if nobody had: the same object, to be read once more by whoever asked for it.
 * `clone()` would do the same through a pair of streams, at several times the cost of everything else in a call.
 * @throws what reading the body throws, such as the transport's error for a body that broke off
 */
export async function readWhole(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const bytes = new Uint8Array(await response.arrayBuffer());
  readAnew(response, bytes);
  return bytes;
}

function readAnew(response: Response, bytes: Uint8Array<ArrayBuffer>): void {
  let rebuilt: Response | undefined;
  let read = false;
  const again = () => {
    const { status, statusText, headers } = response;
    rebuilt ??= new Response(bytes, { status, statusText, headers });
    return rebuilt;
  };
  const used = () => read || (rebuilt?.bodyUsed ?? false);
  const once = <T>(take: () => T) => ({
    value: async (): Promise<T> => {
      if (used()) throw new TypeError("Body is unusable: Body has already been read");
      read = true;
      return take();
    },
  });
  const text = () => new TextDecoder().decode(bytes);
  Object.defineProperties(response, {
    text: once(text),
    json: once(() => JSON.parse(text()) as unknown),
    arrayBuffer: once(() => bytes.slice().buffer),
    bytes: once(() => bytes.slice()),
    blob: once(() => new Blob([bytes], { type: response.headers.get("content-type") ?? "" })),
    formData: once(() => again().formData()),
    body: { get: () => again().body },
    bodyUsed: { get: used },
    clone: {
      value: () => {
        if (used()) throw new TypeError("Response.clone: Body has already been consumed.");
        return again().clone();
      },
    },
  });
}

/** A body that broke off before its end. */
export class LostBody {
  readonly failure: unknown;
  constructor(failure: unknown) {
    this.failure = failure;
  }
}

/**
 * The whole body, read before the caller has it: were the caller to meet a broken body, the fal client would take it for a
 * network failure and buy again.
 */
export async function tryReading(response: Response): Promise<Uint8Array | LostBody> {
  try {
    return await readWhole(response);
  } catch (failure) {
    return new LostBody(failure);
  }
}

/** The same answer, that tells when its last byte was read or nobody reads it any more. */
export function tellingEnd(response: Response, onEnd: () => void): Response {
  const reader = response.body!.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
