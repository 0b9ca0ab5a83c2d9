import type { Meter } from "../../src/meter.ts";
import { type Decimal, fromNano, type Nano, sum, zero } from "../../src/money.ts";
import type { Entry, Hold, Store } from "../../src/store/store.ts";

/** Everything a small ledger holds. */
export interface Books {
  holds: Hold[];
  purchases: Entry[];
  corrections: Entry[];
}

export async function readBooks(store: Store): Promise<Books> {
  const holds = await store.openHolds({ limit: 10_000 });
  const entries = await store.entries({ kinds: ["purchase", "correction"], limit: 10_000 });
  return {
    holds,
    purchases: entries.filter(({ kind }) => kind === "purchase"),
    corrections: entries.filter(({ kind }) => kind === "correction"),
  };
}

/**
 * What is wrong with the money, in words; nothing where all is well. Every paid request that left has one hold or one entry,
 * the counters say what the rows say, and no budget is over its limit but by a bill above its hold.
 */
export async function wrongInBooks(meter: Meter, store: Store, paid: number): Promise<string[]> {
  const { holds, purchases, corrections } = await readBooks(store);
  const wrong: string[] = [];
  const ids = new Set([...holds, ...purchases].map(({ id }) => id));
  if (ids.size !== holds.length + purchases.length) wrong.push("a purchase has a hold and an entry");
  if (ids.size !== paid) wrong.push(`${paid} paid requests left and ${ids.size} purchases are in the ledger`);
  const spent = total([...purchases, ...corrections].map(({ actual }) => actual));
  const held = total(holds.map(({ amount }) => amount));
  const overrun = [...purchases, ...corrections].some(
    ({ actual, estimate }) => actual !== null && estimate.high !== null && actual > estimate.high,
  );
  for (const budget of await meter.budgets()) {
    if (!budget.spent.eq(spent)) wrong.push(`budget ${budget.name} says spent ${budget.spent}, the entries ${spent}`);
    if (!budget.held.eq(held)) wrong.push(`budget ${budget.name} says held ${budget.held}, the holds ${held}`);
    if (!overrun && budget.spent.add(budget.held).gt(budget.limit))
      wrong.push(`budget ${budget.name} is over its limit`);
  }
  const spend = await meter.spend();
  if (!spend.spent.eq(spent) || !spend.held.eq(held)) wrong.push("spend() says other than the entries and holds");
  for (const { id, requestId } of [...holds, ...purchases]) {
    if (requestId !== null && requestId.length > LONGEST_ID)
      wrong.push(`a request id of ${requestId.length} characters is kept`);
    const receipt = await meter.receipt(id);
    if (receipt?.purchaseId !== id) wrong.push(`there is no receipt of purchase ${id}`);
  }
  const words = [...holds.map(({ doubt }) => doubt), ...purchases.map(({ note }) => note)];
  if (words.some((text) => text !== null && text.length > LONGEST_WORDS)) wrong.push("a note without a bound is kept");
  return wrong;
}

const LONGEST_ID = 200;
const LONGEST_WORDS = 1_000;

function total(amounts: readonly (Nano | null)[]): Decimal {
  return amounts.length === 0 ? zero : sum(amounts.map((amount) => fromNano(amount ?? 0n)));
}
