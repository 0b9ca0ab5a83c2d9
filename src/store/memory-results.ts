import { endpointMatcher } from "../call.ts";
import { resultOverheadBytes } from "./bounds.ts";
import type { Store, StoredResult } from "./store.ts";

export interface MemoryResults {
  put(result: StoredResult): void;
  get(by: { key: string } | { requestId: string }, at: number): StoredResult | undefined;
  delete(by: Parameters<Store["deleteResults"]>[0]): number;
}

/** Keeps up to `bytesMax` of answers; the least recently used go first. The order of the map is the order of use. */
export function createMemoryResults(bytesMax: number): MemoryResults {
  const byKey = new Map<string, StoredResult>();
  const byRequest = new Map<string, StoredResult>();
  let bytes = 0;

  function drop(result: StoredResult): void {
    byKey.delete(result.key);
    if (byRequest.get(result.requestId) === result) byRequest.delete(result.requestId);
    bytes -= weight(result);
  }

  return {
    put(given) {
      const result = copyResult(given);
      const replaced = byKey.get(result.key);
      if (replaced) drop(replaced);
      if (weight(result) > bytesMax) return;
      byKey.set(result.key, result);
      byRequest.set(result.requestId, result);
      bytes += weight(result);
      for (const oldest of byKey.values()) {
        if (bytes <= bytesMax) return;
        drop(oldest);
      }
    },
    get(by, at) {
      const result = "key" in by ? byKey.get(by.key) : byRequest.get(by.requestId);
      if (!result) return undefined;
      if (result.expiresAt <= at) {
        drop(result);
        return undefined;
      }
      byKey.delete(result.key);
      byKey.set(result.key, result);
      return copyResult(result);
    },
    delete({ endpoint, tag, key }) {
      const matches = endpoint === undefined ? () => true : endpointMatcher(endpoint);
      const chosen = [...byKey.values()].filter(
        (result) =>
          (key === undefined || result.key === key) &&
          (tag === undefined || result.tags[tag.name] === tag.value) &&
          matches(result.endpointId),
      );
      for (const result of chosen) drop(result);
      return chosen.length;
    },
  };
}

function weight(result: StoredResult): number {
  return result.body.byteLength + resultOverheadBytes;
}

/** Every caller gets its own bytes, so that one that changes them changes nobody else's. */
function copyResult(result: StoredResult): StoredResult {
  return { ...result, tags: { ...result.tags }, body: result.body.slice() };
}
