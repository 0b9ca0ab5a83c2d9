import type { BookLine } from "../../emulator/emulator.ts";
import { type Decimal, fromNano, type Nano, sum, toNano, zero } from "../../money.ts";
import type { Entry, Hold } from "../../store/store.ts";

/** What one endpoint was expected to cost, was billed at here, and has in the emulator's own book. */
export interface EndpointFacts {
  endpointId: string;
  /** Paid requests that were sent. */
  calls: number;
  /** Of those that were charged. */
  estimate: Decimal;
  billed: Decimal;
  /** Held for answers that were lost. */
  held: Decimal;
  /** What fal itself wrote down for the same calls; `null` without an emulator. Without the lost ones. */
  book: Decimal | null;
}

/** The money of a demo, as the ledger has it, beside the book of the one who billed it. */
export interface Facts {
  endpoints: EndpointFacts[];
  estimate: Decimal;
  billed: Decimal;
  book: Decimal | null;
  /** Every purchase's bill is the book's own, to the last digit, and nothing is in one and not in the other. `null` without a book. */
  agree: boolean | null;
  calls: number;
  /** Charged nothing, for they failed. */
  free: number;
  cached: { calls: number; saved: Decimal };
  joined: { calls: number; saved: Decimal };
  refused: { calls: number; asked: Decimal };
  /** Answers that were lost: held here, and in the book because the work was done. */
  lost: { calls: number; held: Decimal; book: Decimal | null };
}

/** Sets the ledger's entries and open holds against the book's lines. */
export function factsOf(entries: readonly Entry[], holds: readonly Hold[], book: readonly BookLine[] | null): Facts {
  const purchases = entries.filter(({ kind }) => kind === "purchase");
  const known = new Set(purchases.map(({ requestId }) => requestId));
  const claimed = book?.filter(({ requestId }) => known.has(requestId)) ?? null;
  const unclaimed = book?.filter(({ requestId }) => !known.has(requestId)) ?? null;
  const endpointIds = [
    ...new Set([...purchases.map(({ endpointId }) => endpointId), ...holds.map(({ purchase }) => purchase.endpointId)]),
  ];
  const endpoints = endpointIds.map((endpointId) => endpointFacts(endpointId, purchases, holds, claimed));
  const ofKind = (kind: Entry["kind"]) => {
    const found = entries.filter((entry) => entry.kind === kind);
    return { calls: found.length, saved: dollarsOf(found.map(({ saved }) => saved)) };
  };
  const refused = ofKind("refusal");
  return {
    endpoints: endpoints.sort((a, b) => b.billed.cmp(a.billed)),
    estimate: sum(endpoints.map(({ estimate }) => estimate)),
    billed: sum(endpoints.map(({ billed }) => billed)),
    book: claimed && sum(claimed.map(({ amount }) => amount)),
    agree: claimed && unclaimed && agreement(purchases, holds, claimed, unclaimed),
    calls: purchases.length + holds.length,
    free: purchases.filter(({ outcome }) => outcome === "free").length,
    cached: ofKind("hit"),
    joined: ofKind("join"),
    refused: { calls: refused.calls, asked: refused.saved },
    lost: {
      calls: holds.length,
      held: dollarsOf(holds.map(({ amount }) => amount)),
      book: unclaimed && sum(unclaimed.map(({ amount }) => amount)),
    },
  };
}

function endpointFacts(
  endpointId: string,
  purchases: readonly Entry[],
  holds: readonly Hold[],
  claimed: readonly BookLine[] | null,
): EndpointFacts {
  const own = purchases.filter((entry) => entry.endpointId === endpointId);
  const open = holds.filter(({ purchase }) => purchase.endpointId === endpointId);
  const lines = claimed?.filter((line) => line.endpointId === endpointId) ?? null;
  return {
    endpointId,
    calls: own.length + open.length,
    estimate: dollarsOf(own.filter(({ outcome }) => outcome === "charged").map(({ estimate }) => estimate.expected)),
    billed: dollarsOf(own.map(({ actual }) => actual)),
    held: dollarsOf(open.map(({ amount }) => amount)),
    book: lines && sum(lines.map(({ amount }) => amount)),
  };
}

/**
 * Line by line, not only in sum, for two mistakes could make up for each other. What the book has and the ledger does not
 * can only be the lost answers, and what is held for them must cover it.
 */
function agreement(
  purchases: readonly Entry[],
  holds: readonly Hold[],
  claimed: readonly BookLine[],
  unclaimed: readonly BookLine[],
): boolean {
  const billedAt = new Map(claimed.map(({ requestId, amount }) => [requestId, toNano(amount)]));
  const each = purchases.every(
    ({ requestId, actual }) => actual === ((requestId === null ? undefined : billedAt.get(requestId)) ?? 0n),
  );
  const held = dollarsOf(holds.map(({ amount }) => amount));
  const lost = sum(unclaimed.map(({ amount }) => amount));
  return each && unclaimed.length <= holds.length && lost.lte(held);
}

/** Adds up what is known. The demo's budgets refuse what has no price, so none of its amounts is unknown. */
function dollarsOf(amounts: readonly (Nano | null)[]): Decimal {
  return amounts.reduce((total: Decimal, amount) => (amount === null ? total : total.add(fromNano(amount))), zero);
}
