import type { AheadClock } from "./ahead.ts";
import type { Ledger } from "./ledger.ts";
import { readAll } from "./ledger.ts";

/** Bugs to put in, so that whoever looks for them can be seen to find them. */
export type Plant =
  /** What the dead had held is given back without asking fal. */
  | "refund-the-dead"
  /** Some calls are sent without a hold. */
  | "no-hold"
  /** The programs are told of caps three times as wide. */
  | "wide-cap"
  /** A bill is booked once more. */
  | "book-twice";

export const PLANTS: readonly Plant[] = ["refund-the-dead", "no-hold", "wide-cap", "book-twice"];

/** Gives every open hold back. */
export async function refundAll(ledger: Ledger, clock: AheadClock): Promise<void> {
  const store = await ledger.open();
  for (const { id, requestId } of (await readAll(store)).holds) {
    const free = { outcome: "free", post: { amount: 0n }, basis: "free", billableUnits: null, note: null } as const;
    await store.settle(id, { at: clock.now(), requestId, ...free });
  }
  await store.close();
}

/** Books the first charged purchase again. */
export async function bookTwice(ledger: Ledger, clock: AheadClock): Promise<void> {
  const store = await ledger.open();
  const { entries } = await readAll(store);
  const charged = entries.find(({ kind, outcome }) => kind === "purchase" && outcome === "charged");
  if (charged) {
    const { seq: _, ...entry } = charged;
    const again = { kind: "correction", outcome: "corrected", about: entry.id, settledAt: clock.now() } as const;
    await store.record({ ...entry, id: `${entry.id}-again`, ...again });
  }
  await store.close();
}
