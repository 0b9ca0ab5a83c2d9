import { OptionsError } from "../errors.ts";
import { type Decimal, dollars, fromNano, type MoneyInput, type Nano, toNano } from "../money.ts";
import type { LedgerPurchase } from "./purchases.ts";

/** Credit paid for in advance. Unused credit does not roll over. */
export interface Credit {
  /** For people. @default "credit 1", "credit 2", … */
  name?: string;
  amount: MoneyInput;
  boughtAt: Date | number;
  /** First instant at which nothing is left of it. @default the end of the month that it was bought in */
  expiresAt?: Date | number;
  /** What earlier statements have taken of it. @default 0 */
  used?: MoneyInput;
}

/** What became of a credit in one month. */
export interface CreditLine {
  name: string;
  amount: Decimal;
  boughtAt: Date;
  expiresAt: Date;
  /** Taken by this month's purchases. */
  applied: Decimal;
  /** Lost, because it ended unused. */
  lapsed: Decimal;
  /** Still there. `amount = used before + applied + lapsed + remaining`. */
  remaining: Decimal;
}

interface OpenCredit {
  name: string;
  amount: Nano;
  boughtAt: number;
  expiresAt: number;
  available: Nano;
  applied: Nano;
}

const MOST_CREDITS = 1_000;

/**
 * Pays purchases with the credit that was there when they were sent, the one that ends soonest first, and never more than `due`
 * in all. Credits bought after the month, or gone before it, are not in the answer.
 * @throws OptionsError naming `statement.credits[n].…`
 */
export function applyCredits(
  credits: readonly Credit[],
  purchases: readonly LedgerPurchase[],
  due: Nano,
  month: { start: number; end: number; monthEndOf: (at: number) => number },
  now: number,
): CreditLine[] {
  if (credits.length > MOST_CREDITS)
    throw new OptionsError("statement.credits", `at most ${MOST_CREDITS} credits`, credits.length);
  const open = credits
    .map((credit, index) => openCredit(credit, index, month.monthEndOf))
    .filter(({ boughtAt, expiresAt }) => boughtAt < month.end && expiresAt > month.start)
    .sort((a, b) => a.expiresAt - b.expiresAt || a.boughtAt - b.boughtAt);
  let left = due;
  for (const { entry, cost } of purchases) {
    let unpaid = cost ?? 0n;
    for (const credit of open) {
      if (unpaid <= 0n || left <= 0n) break;
      if (entry.at < credit.boughtAt || entry.at >= credit.expiresAt) continue;
      const taken = least(unpaid, left, credit.available);
      credit.available -= taken;
      credit.applied += taken;
      unpaid -= taken;
      left -= taken;
    }
  }
  return open.map((credit) => lineOf(credit, Math.min(month.end, now)));
}

function openCredit(credit: Credit, index: number, monthEndOf: (at: number) => number): OpenCredit {
  const option = `statement.credits[${index}]`;
  const amount = toNano(dollars(credit.amount, `${option}.amount`));
  const used = toNano(dollars(credit.used ?? 0, `${option}.used`));
  if (used > amount) throw new OptionsError(`${option}.used`, "no more than the credit's amount", credit.used);
  const boughtAt = instant(credit.boughtAt, `${option}.boughtAt`);
  const expiresAt =
    credit.expiresAt === undefined ? monthEndOf(boughtAt) : instant(credit.expiresAt, `${option}.expiresAt`);
  return {
    name: credit.name ?? `credit ${index + 1}`,
    amount,
    boughtAt,
    expiresAt,
    available: amount - used,
    applied: 0n,
  };
}

function instant(value: Date | number, option: string): number {
  const at = value instanceof Date ? value.getTime() : value;
  if (!Number.isFinite(at)) throw new OptionsError(option, "a Date or milliseconds", value);
  return at;
}

function lineOf({ name, amount, boughtAt, expiresAt, available, applied }: OpenCredit, at: number): CreditLine {
  const gone = expiresAt <= at;
  return {
    name,
    amount: fromNano(amount),
    boughtAt: new Date(boughtAt),
    expiresAt: new Date(expiresAt),
    applied: fromNano(applied),
    lapsed: fromNano(gone ? available : 0n),
    remaining: fromNano(gone ? 0n : available),
  };
}

function least(first: Nano, ...others: readonly Nano[]): Nano {
  let smallest = first;
  for (const amount of others) if (amount < smallest) smallest = amount;
  return smallest;
}
