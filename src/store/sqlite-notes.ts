import type { Connection } from "./sqlite-connection.ts";
import type { Row } from "./sqlite-driver.ts";
import type { Note } from "./store.ts";

export interface SqliteNotes {
  put(note: Note): void;
  get(kind: string, key: string, at: number): Note | undefined;
  list(kind: string, at: number): Note[];
  delete(kind: string, key: string): void;
}

/** Keeps up to `notesMax` notes of each kind; those with the oldest `at` go first. */
export function createSqliteNotes({ query }: Connection, notesMax: number): SqliteNotes {
  const has = query("SELECT 1 FROM notes WHERE kind = ? AND key = ?");
  const put = query(
    `INSERT INTO notes (kind, key, value, at, expires_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, at = excluded.at, expires_at = excluded.expires_at`,
  );
  const get = query("SELECT * FROM notes WHERE kind = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)");
  const list = query("SELECT * FROM notes WHERE kind = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY at, key");
  const remove = query("DELETE FROM notes WHERE kind = ? AND key = ?");
  const count = query("SELECT count(*) AS kept FROM notes WHERE kind = ?");
  const dropExpired = query("DELETE FROM notes WHERE kind = ? AND expires_at <= ?");
  const dropOldest = query(
    "DELETE FROM notes WHERE kind = ?1 AND key IN (SELECT key FROM notes WHERE kind = ?1 ORDER BY at, key LIMIT ?2)",
  );
  const kept = (kind: string) => Number(count.get(kind)!.kept);

  return {
    put({ kind, key, value, at, expiresAt }) {
      const replaces = has.get(kind, key) !== undefined;
      put.run(kind, key, value, at, expiresAt);
      if (replaces || kept(kind) <= notesMax) return;
      dropExpired.run(kind, at);
      const over = kept(kind) - notesMax;
      if (over > 0) dropOldest.run(kind, over);
    },
    get(kind, key, at) {
      const row = get.get(kind, key, at);
      return row && noteOf(row);
    },
    list: (kind, at) => list.all(kind, at).map(noteOf),
    delete(kind, key) {
      remove.run(kind, key);
    },
  };
}

function noteOf(row: Row): Note {
  return {
    kind: row.kind as string,
    key: row.key as string,
    value: row.value as string,
    at: Number(row.at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
  };
}
