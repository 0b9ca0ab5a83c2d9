import { resultOverheadBytes } from "./bounds.ts";
import type { Connection, Reply } from "./redis-connection.ts";
import { bodyText, headText, noteOf, resultOf, text } from "./redis-records.ts";
import { scripts } from "./redis-scripts.ts";
import { tagsText } from "./rollup.ts";
import type { Store } from "./store.ts";

export interface ShelfBounds {
  resultBytesMax: number;
  notesMax: number;
}

export type RedisShelf = Pick<
  Store,
  "putResult" | "getResult" | "deleteResults" | "putNote" | "getNote" | "listNotes" | "deleteNote"
>;

const resultsPerPage = 500;

/** Results and notes. A result ends by itself; the least recently used make room. */
export function createRedisShelf({ run }: Connection, { resultBytesMax, notesMax }: ShelfBounds): RedisShelf {
  return {
    async putResult(result) {
      const { key, requestId, endpointId, tags, storedAt, expiresAt, body } = result;
      const bytes = body.byteLength + resultOverheadBytes;
      // What is too large to keep still takes the place of what was there, so it is told, without its body.
      const sent = bytes > resultBytesMax ? "" : bodyText(body);
      const values = [key, requestId, endpointId, tagsText(tags), bytes, resultBytesMax, storedAt, expiresAt];
      await run(scripts.putResult, [`x:${key}`], [...values, headText(result), sent].map(text));
    },
    async getResult(by, at) {
      const [[kind, value]] = Object.entries(by) as [[string, string]];
      const row = await run(scripts.getResult, kind === "key" ? [`x:${value}`] : [], [kind, value, text(at)]);
      return row === null ? undefined : resultOf(row as Reply[]);
    },
    async deleteResults({ endpoint, tag, key }) {
      const globs = endpoint === undefined ? "" : JSON.stringify(endpoint.split("*"));
      const label = tag === undefined ? "" : JSON.stringify([tag.name, tag.value]);
      let [cursor, last, count] = ["-inf", "", 0];
      do {
        const values = [globs, label, key, cursor, last, resultsPerPage].map(text);
        const rows = key === undefined ? [] : [`x:${key}`];
        const page = (await run(scripts.deleteResults, rows, values)) as [string, string, string | number];
        [cursor, last] = page;
        count += Number(page[2]);
      } while (cursor !== "");
      return count;
    },
    async putNote({ kind, key, value, at, expiresAt }) {
      await run(scripts.putNote, rowsOf(kind), [kind, key, value, at, expiresAt, notesMax].map(text));
    },
    async getNote(kind, key, at) {
      const row = await run(scripts.getNote, [`notes:${kind}`], [kind, key]);
      const note = row === null ? undefined : noteOf(kind, key, row as Reply[]);
      return note && isCurrent(note, at) ? note : undefined;
    },
    async listNotes(kind, at) {
      const rows = (await run(scripts.listNotes, rowsOf(kind), [kind])) as Reply[][];
      return rows.map((row) => noteOf(kind, row[3] as string, row)).filter((note) => isCurrent(note, at));
    },
    async deleteNote(kind, key) {
      await run(scripts.deleteNote, rowsOf(kind), [kind, key]);
    },
  };
}

function rowsOf(kind: string): string[] {
  return [`notes:${kind}`, `note-times:${kind}`, `note-ends:${kind}`];
}

function isCurrent({ expiresAt }: { expiresAt: number | null }, at: number): boolean {
  return expiresAt === null || expiresAt > at;
}
