import { Decimal, zero } from "../money.ts";
import type { OwnRate } from "./prices-options.ts";

/** Prepaid credit with price protection: while it lasts, the prices of the day it was bought hold. What is left at the end lapses. */
export interface Credit {
  /** Dollars bought. */
  readonly amount: Decimal;
  /** Milliseconds since the epoch. */
  readonly boughtAt: number;
  /** First instant after its cycle. */
  readonly cycleEnds: number;
  /** What was agreed with it, before the other prices of that day. */
  readonly rates: ReadonlyMap<string, readonly OwnRate[]>;
}

/** Money spent, at a time. */
export interface Spending {
  readonly at: number;
  readonly amount: Decimal;
}

export interface CreditStanding {
  readonly credit: Credit;
  /** Dollars drawn from it. */
  readonly drawn: Decimal;
  /** Dollars that can still be drawn; nothing once its cycle has ended. */
  readonly left: Decimal;
  /** Dollars that lapsed with its cycle. Nothing rolls over. */
  readonly lapsed: Decimal;
}

/**
 * How each credit stands at `at`, after `spendings` in the order of their time. Money is drawn from the credit whose cycle ends first,
 * then from the next; what no credit covers is drawn from none.
 */
export function creditStandings(
  credits: readonly Credit[],
  spendings: readonly Spending[],
  at: number,
): CreditStanding[] {
  const drawn = new Map<Credit, Decimal>();
  const byEnd = [...credits].sort((a, b) => a.cycleEnds - b.cycleEnds || a.boughtAt - b.boughtAt);
  for (const spending of spendings) {
    let open = spending.amount;
    for (const credit of byEnd) {
      if (!open.gt(0) || !lastsAt(credit, spending.at)) continue;
      const before = drawn.get(credit) ?? zero;
      const part = Decimal.min(open, credit.amount.sub(before));
      drawn.set(credit, before.add(part));
      open = open.sub(part);
    }
  }
  return credits.map((credit) => {
    const taken = drawn.get(credit) ?? zero;
    const rest = credit.amount.sub(taken);
    const over = at >= credit.cycleEnds;
    return { credit, drawn: taken, left: over ? zero : rest, lapsed: over ? rest : zero };
  });
}

/** The credit whose prices hold at `at`: the one drawn from next, of those that are not used up. */
export function creditAt(credits: readonly Credit[], usedUp: ReadonlySet<Credit>, at: number): Credit | null {
  let found: Credit | null = null;
  for (const credit of credits) {
    if (!lastsAt(credit, at) || usedUp.has(credit)) continue;
    if (!found || credit.cycleEnds < found.cycleEnds) found = credit;
  }
  return found;
}

function lastsAt(credit: Credit, at: number): boolean {
  return credit.boughtAt <= at && at < credit.cycleEnds;
}
