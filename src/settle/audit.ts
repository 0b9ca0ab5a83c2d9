import type { Store } from "../store/store.ts";

const KIND = "audit";
/** A year and a month, and of these notes a store keeps the newest 10,000. */
const KEPT_MS = 400 * 86_400_000;

/** Writes down how a lost purchase was recognised, before anything is done about it. @throws StoreError */
export async function writeAudit(store: Store, purchaseId: string, how: string, at: number): Promise<void> {
  await store.putNote({ kind: KIND, key: purchaseId, value: JSON.stringify(how), at, expiresAt: at + KEPT_MS });
}

/** How it was recognised; `null` for a purchase that was never lost. @throws StoreError */
export async function readAudit(store: Store, purchaseId: string, at: number): Promise<string | null> {
  const note = await store.getNote(KIND, purchaseId, at);
  return note ? (JSON.parse(note.value) as string) : null;
}
