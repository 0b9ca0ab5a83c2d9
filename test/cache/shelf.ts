import type { Clock } from "../../src/clock.ts";
import type { Note, Store, StoredResult } from "../../src/store/store.ts";

/** A clock that moves when told. */
export function handClock(): Clock & { pass(ms: number): void } {
  let now = 1_000_000;
  return {
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: async (ms) => {
      now += ms;
    },
  };
}

type ShelfVerbs = "putResult" | "getResult" | "deleteResults" | "putNote" | "getNote";

/**
 * The part of a store that the cache uses, on a Map; several meters may share one. It hands out the very objects it was
 * given, as a careless store may, and counts what it is asked.
 */
export function createShelf(): Pick<Store, ShelfVerbs> & { reads: number; writes: number } {
  const results = new Map<string, StoredResult>();
  const notes = new Map<string, Note>();
  return {
    reads: 0,
    writes: 0,
    async putResult(result) {
      this.writes++;
      results.set(result.key, result);
    },
    async getResult(by, at) {
      this.reads++;
      const found = [...results.values()].find((result) =>
        "key" in by ? result.key === by.key : result.requestId === by.requestId,
      );
      return found && found.expiresAt > at ? found : undefined;
    },
    async deleteResults({ endpoint, tag, key }) {
      this.writes++;
      let count = 0;
      for (const result of [...results.values()]) {
        if (key !== undefined && result.key !== key) continue;
        if (endpoint !== undefined && result.endpointId !== endpoint) continue;
        if (tag && result.tags[tag.name] !== tag.value) continue;
        if (results.delete(result.key)) count++;
      }
      return count;
    },
    async putNote(note) {
      this.writes++;
      notes.set(`${note.kind} ${note.key}`, note);
    },
    async getNote(kind, key, at) {
      this.reads++;
      const note = notes.get(`${kind} ${key}`);
      return note && (note.expiresAt === null || note.expiresAt > at) ? note : undefined;
    },
  };
}

/** An answer bought at `storedAt`, kept for an hour. */
export function answer(changes: Partial<StoredResult> & { json?: unknown } = {}): StoredResult {
  const { json = { images: [{ url: "https://v3.fal.media/files/a.png" }] }, ...fields } = changes;
  return {
    key: "k1",
    requestId: "r1",
    endpointId: "fal-ai/flux/dev",
    tags: { customer: "acme" },
    transport: "run",
    status: 200,
    contentType: "application/json",
    body: new TextEncoder().encode(JSON.stringify(json)),
    cost: 25_000_000n,
    storedAt: 1_000_000,
    expiresAt: 1_000_000 + 3_600_000,
    ...fields,
  };
}
