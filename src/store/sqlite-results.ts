import { resultOverheadBytes } from "./bounds.ts";
import { tagsText } from "./rollup.ts";
import type { Connection } from "./sqlite-connection.ts";
import type { Row } from "./sqlite-driver.ts";
import { sqliteGlob } from "./sqlite-entries.ts";
import { resultOf } from "./sqlite-records.ts";
import type { Store, StoredResult } from "./store.ts";

export interface SqliteResults {
  put(result: StoredResult): void;
  /** The result, and whether its use should be noted. */
  get(by: { key: string } | { requestId: string }, at: number): { result: StoredResult; unmarked: boolean } | undefined;
  /** Notes a use, so that what is used stays. */
  mark(key: string, at: number): void;
  delete(by: Parameters<Store["deleteResults"]>[0]): number;
}

/** Uses closer together than this count as one, so that reading does not become writing. */
const useGrainMs = 1_000;
/** Results that make room at a time, and expired ones dropped with each put. */
const dropBatch = 100;

/** Keeps up to `bytesMax` of answers; the least recently used go first. The total is kept beside them, never counted. */
export function createSqliteResults({ query }: Connection, bytesMax: number): SqliteResults {
  const byKey = query("SELECT * FROM results WHERE key = ?");
  const byRequest = query("SELECT * FROM results WHERE request_id = ? ORDER BY stored_at DESC LIMIT 1");
  const insert = query("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const dropKey = query("DELETE FROM results WHERE key = ? RETURNING bytes");
  const dropExpired = query(
    "DELETE FROM results WHERE key IN (SELECT key FROM results WHERE expires_at <= ? LIMIT ?) RETURNING bytes",
  );
  const leastUsed = query("SELECT key FROM results ORDER BY used_at, rowid LIMIT ?");
  const total = query("SELECT total FROM result_bytes");
  const grow = query("UPDATE result_bytes SET total = total + ?");
  const use = query("UPDATE results SET used_at = ? WHERE key = ? AND used_at < ?");
  const dropChosen = query(
    `DELETE FROM results WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR endpoint_id GLOB ?2)
       AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE json_each.key = ?3 AND json_each.value = ?4))
     RETURNING bytes`,
  );

  function forget(dropped: Row[]): number {
    const bytes = dropped.reduce((sum, row) => sum + Number(row.bytes), 0);
    if (bytes > 0) grow.run(-bytes);
    return dropped.length;
  }

  function makeRoom(): void {
    let over = Number(total.get()!.total) - bytesMax;
    while (over > 0) {
      const batch = leastUsed.all(dropBatch);
      if (batch.length === 0) return;
      for (const { key } of batch) {
        if (over <= 0) return;
        const dropped = dropKey.all(key!);
        forget(dropped);
        over -= Number(dropped[0]!.bytes);
      }
    }
  }

  return {
    put(result) {
      const { key, requestId, endpointId, transport, status, contentType, cost, storedAt, expiresAt, body } = result;
      const bytes = body.byteLength + resultOverheadBytes;
      forget(dropKey.all(key));
      forget(dropExpired.all(storedAt, dropBatch));
      if (bytes > bytesMax) return;
      const tags = tagsText(result.tags);
      insert.run(
        key,
        requestId,
        endpointId,
        tags,
        transport,
        status,
        contentType,
        cost,
        storedAt,
        expiresAt,
        storedAt,
        bytes,
        body,
      );
      grow.run(bytes);
      makeRoom();
    },
    get(by, at) {
      const row = "key" in by ? byKey.get(by.key) : byRequest.get(by.requestId);
      if (!row || Number(row.expires_at) <= at) return undefined;
      return { result: resultOf(row), unmarked: Number(row.used_at) + useGrainMs <= at };
    },
    mark(key, at) {
      use.run(at, key, at);
    },
    delete: ({ key, endpoint, tag }) =>
      forget(
        dropChosen.all(
          key ?? null,
          endpoint === undefined ? null : sqliteGlob(endpoint),
          tag?.name ?? null,
          tag?.value ?? null,
        ),
      ),
  };
}
