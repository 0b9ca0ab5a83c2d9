import type { Note } from "./store.ts";

export interface MemoryNotes {
  put(note: Note): void;
  get(kind: string, key: string, at: number): Note | undefined;
  list(kind: string, at: number): Note[];
  delete(kind: string, key: string): void;
}

/** Keeps up to `notesMax` notes of each kind; those with the oldest `at` go first. */
export function createMemoryNotes(notesMax: number): MemoryNotes {
  const kinds = new Map<string, Map<string, Note>>();
  const current = (note: Note, at: number) => note.expiresAt === null || note.expiresAt > at;
  const oldestFirst = (a: Note, b: Note) => a.at - b.at || (a.key < b.key ? -1 : 1);

  return {
    put(note) {
      const notes = kinds.get(note.kind) ?? new Map<string, Note>();
      kinds.set(note.kind, notes.set(note.key, { ...note }));
      if (notes.size <= notesMax) return;
      for (const old of [...notes.values()]) if (!current(old, note.at)) notes.delete(old.key);
      if (notes.size <= notesMax) return;
      const oldest = [...notes.values()].reduce((a, b) => (oldestFirst(a, b) <= 0 ? a : b));
      notes.delete(oldest.key);
    },
    get(kind, key, at) {
      const note = kinds.get(kind)?.get(key);
      return note && current(note, at) ? { ...note } : undefined;
    },
    list(kind, at) {
      const notes = [...(kinds.get(kind)?.values() ?? [])].filter((note) => current(note, at));
      return notes.sort(oldestFirst).map((note) => ({ ...note }));
    },
    delete(kind, key) {
      kinds.get(kind)?.delete(key);
    },
  };
}
