import { type Decimal, fromNano, type Nano, toNano } from "../money.ts";
import type { Entry, Hold } from "../store/store.ts";
import { type Charge, chargeOf } from "./charge.ts";
import { applyCredits, type Credit, type CreditLine } from "./credits.ts";
import { dateAt, daysAfter, periodAt } from "./period.ts";
import { purchasesOf } from "./purchases.ts";
import type { Calendars } from "./summary.ts";
import { type VolumeCredit, type VolumeDiscounts, volumeCreditOf } from "./volume-credit.ts";

export interface StatementInput {
  /** Any instant of the month. */
  at: number;
  now: number;
  /** All purchases and corrections sent in the month; others are passed over. */
  entries: readonly Entry[];
  /** Open holds; those sent in the month are listed. */
  holds: readonly Hold[];
  /** The meter's own discounts, contract included. */
  discounts: VolumeDiscounts;
  /** @default none */
  credits?: readonly Credit[];
  calendars: Calendars;
}

/** Purchases of one endpoint that were billed the same unit at the same price. */
export interface StatementLine {
  endpointId: string;
  unit: string;
  /** `null` where nobody counted the units of one of them. */
  quantity: Decimal | null;
  /** `null` where units differed in price. */
  unitPrice: Decimal | null;
  purchases: number;
  gross: Decimal;
  discount: Decimal;
  net: Decimal;
}

/** A later truth about a purchase of this month. */
export interface StatementCorrection {
  purchaseId: string;
  endpointId: string;
  amount: Decimal;
  correctedAt: Date | null;
  note: string | null;
}

/** Sent in this month and not settled yet. */
export interface UnbilledHold {
  purchaseId: string;
  requestId: string | null;
  endpointId: string;
  sentAt: Date;
  /** What is held; `null` is unknown. */
  held: Decimal | null;
  state: Hold["state"];
}

/** The bill of one calendar month in the meter's zone, per request, due 30 days after the month closes. */
export interface Statement {
  currency: "USD";
  /** As `2026-11`. */
  month: string;
  start: Date;
  end: Date;
  state: "closed" | "open";
  dueAt: Date;
  lines: StatementLine[];
  gross: Decimal;
  /** Taken off purchase by purchase. */
  discount: Decimal;
  corrections: StatementCorrection[];
  corrected: Decimal;
  /** `gross − discount + corrected`: what the ledger has as spent in this month, to the nano-dollar. */
  ledgerTotal: Decimal;
  /** With volume discounts for the whole month; else `null`. */
  volumeCredit: VolumeCredit | null;
  credits: CreditLine[];
  credited: Decimal;
  /** `ledgerTotal − volume credit − credited`. */
  due: Decimal;
  unbilled: UnbilledHold[];
  /** Sum of what is known to be held by them. */
  unbilledHeld: Decimal;
  /** Purchases whose bill nobody knows. They are in no sum. */
  unknown: { purchaseId: string; endpointId: string; sentAt: Date }[];
  /** Purchases that fal did not charge for. */
  free: number;
}

const DUE_DAYS = 30;

/** @throws OptionsError naming `statement.credits[n].…` */
export function statement({ at, now, entries, holds, discounts, credits = [], calendars }: StatementInput): Statement {
  const month = periodAt(calendars, "month", at);
  const inMonth = ({ at: sentAt }: { at: number }) => sentAt >= month.start && sentAt < month.end;
  const own = entries.filter(inMonth);
  const purchases = own.filter(({ kind }) => kind === "purchase");
  const corrections = own.filter(({ kind }) => kind === "correction");
  const charges = purchases.flatMap((entry) =>
    entry.actual === null || entry.outcome === "free"
      ? []
      : [{ endpointId: entry.endpointId, charge: chargeOf(entry, entry.actual) }],
  );
  const gross = total(charges.map(({ charge }) => charge.gross));
  const discount = total(charges.map(({ charge }) => charge.discount));
  const corrected = total(corrections.map(({ actual }) => actual ?? 0n));
  const ledgerTotal = gross - discount + corrected;
  const withCorrections = purchasesOf(own);
  const volumeCredit = volumeCreditOf(withCorrections, discounts);
  const toPay = ledgerTotal - (volumeCredit === null ? 0n : toNano(volumeCredit.amount));
  const monthEndOf = (instant: number) => periodAt(calendars, "month", instant).end;
  const creditLines = applyCredits(credits, withCorrections, toPay, { ...month, monthEndOf }, now);
  const credited = total(creditLines.map(({ applied }) => toNano(applied)));
  const unbilled = holds.filter(inMonth).map(unbilledOf);
  const correctedIds = new Set(corrections.map(({ about }) => about));
  return {
    currency: "USD",
    month: dateAt(calendars, month.start).slice(0, 7),
    start: new Date(month.start),
    end: new Date(month.end),
    state: now >= month.end ? "closed" : "open",
    dueAt: new Date(daysAfter(calendars, month.end, DUE_DAYS)),
    lines: linesOf(charges),
    gross: fromNano(gross),
    discount: fromNano(discount),
    corrections: corrections.map(correctionOf),
    corrected: fromNano(corrected),
    ledgerTotal: fromNano(ledgerTotal),
    volumeCredit,
    credits: creditLines,
    credited: fromNano(credited),
    due: fromNano(toPay - credited),
    unbilled,
    unbilledHeld: fromNano(total(holds.filter(inMonth).map(({ amount }) => amount ?? 0n))),
    unknown: purchases
      .filter(({ id, actual }) => actual === null && !correctedIds.has(id))
      .map(({ id, endpointId, at: sentAt }) => ({ purchaseId: id, endpointId, sentAt: new Date(sentAt) })),
    free: purchases.filter(({ outcome }) => outcome === "free").length,
  };
}

function linesOf(charges: readonly { endpointId: string; charge: Charge }[]): StatementLine[] {
  const groups = new Map<string, { endpointId: string; charges: Charge[] }>();
  for (const { endpointId, charge } of charges) {
    const name = JSON.stringify([endpointId, charge.unit, charge.unitPrice?.toFixed() ?? null]);
    const group = groups.get(name) ?? { endpointId, charges: [] };
    group.charges.push(charge);
    groups.set(name, group);
  }
  return [...groups.values()].map(lineOf).sort((a, b) => b.net.cmp(a.net) || (a.endpointId < b.endpointId ? -1 : 1));
}

function lineOf({ endpointId, charges }: { endpointId: string; charges: Charge[] }): StatementLine {
  const [{ unit, unitPrice }] = charges as [Charge];
  return {
    endpointId,
    unit,
    quantity: charges.reduce<Decimal | null>((sum, { quantity }) => sum && quantity && sum.add(quantity), fromNano(0n)),
    unitPrice,
    purchases: charges.length,
    gross: fromNano(total(charges.map((charge) => charge.gross))),
    discount: fromNano(total(charges.map((charge) => charge.discount))),
    net: fromNano(total(charges.map((charge) => charge.net))),
  };
}

function correctionOf({ about, id, endpointId, actual, settledAt, note }: Entry): StatementCorrection {
  return {
    purchaseId: about ?? id,
    endpointId,
    amount: fromNano(actual ?? 0n),
    correctedAt: settledAt === null ? null : new Date(settledAt),
    note,
  };
}

function unbilledOf({ id, requestId, purchase, at, amount, state }: Hold): UnbilledHold {
  const held = amount === null ? null : fromNano(amount);
  return { purchaseId: id, requestId, endpointId: purchase.endpointId, sentAt: new Date(at), held, state };
}

function total(amounts: readonly Nano[]): Nano {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
