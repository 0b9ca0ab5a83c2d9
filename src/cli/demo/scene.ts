import type { MeteredFalClient } from "../../client.ts";

/** How a call travels; `abandoned` is submitted to the queue and its result is never fetched. */
export type Manner = "run" | "subscribe" | "subscribe, streamed" | "stream" | "abandoned";

/** One call of the demo. */
export interface Scene {
  manner: Manner;
  endpointId: string;
  input: Readonly<Record<string, unknown>>;
  /** Whom it is for: a tag, so that spending can be split by it. */
  customer: string;
}

/** Makes the call as a program would, and answers what it made; `null` where nothing was fetched. */
export async function perform(
  { manner, endpointId, input, customer }: Scene,
  unscoped: MeteredFalClient,
  abortSignal: AbortSignal,
): Promise<unknown> {
  const client = unscoped.with({ tags: { customer } });
  switch (manner) {
    case "run":
      return (await client.run(endpointId, { input, abortSignal })).data;
    case "subscribe":
      return (await client.subscribe(endpointId, { input, abortSignal, pollInterval: POLL_MS })).data;
    case "subscribe, streamed":
      return (await client.subscribe(endpointId, { input, abortSignal, mode: "streaming" })).data;
    case "stream": {
      const stream = await client.stream(endpointId, { input, signal: abortSignal });
      return stream.done();
    }
    case "abandoned": {
      const { request_id: requestId } = await client.queue.submit(endpointId, { input, abortSignal });
      await client.queue.subscribeToStatus(endpointId, { requestId, abortSignal, pollInterval: POLL_MS });
      return null;
    }
  }
}

const POLL_MS = 250;
