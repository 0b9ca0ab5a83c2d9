import { type Decimal, decimal } from "../money.ts";
import { amount, type Cell, type Document, left, number, percent, right, type Section, text } from "./document.ts";
import { dateAt } from "./period.ts";
import type { Statement } from "./statement.ts";
import type { Calendars } from "./summary.ts";

/** Lines that a document lists one by one; the data of a statement has them all. */
const MOST_LISTED = 1_000;

/** A statement as every format writes it; dates are those of the meter's zone. */
export function statementDocument(statement: Statement, calendars: Calendars): Document {
  const date = (at: Date) => dateAt(calendars, at.getTime());
  const { volumeCredit, state, month } = statement;
  return {
    title: `Statement for ${month}${state === "open" ? ", so far" : ""}`,
    facts: [
      ["From", text(date(statement.start))],
      ["To", text(date(new Date(statement.end.getTime() - 1)))],
      ["Due", amount(statement.due)],
      ["Payable by", text(date(statement.dueAt))],
      ["In the ledger", amount(statement.ledgerTotal)],
      ["Not charged", number(decimal(statement.free))],
    ],
    sections: [
      linesSection(statement),
      ...(statement.corrections.length > 0 ? [correctionsSection(statement, date)] : []),
      ...(volumeCredit ? [volumeSection(volumeCredit)] : []),
      ...(statement.credits.length > 0 ? [creditsSection(statement, date)] : []),
      sumSection(statement),
      ...(statement.unbilled.length > 0 ? [unbilledSection(statement, date)] : []),
      ...(statement.unknown.length > 0 ? [unknownSection(statement, date)] : []),
    ],
    data: statement,
  };
}

function count(value: number): Cell {
  return number(decimal(value));
}

function linesSection({ lines, gross, discount }: Statement): Section {
  return {
    heading: "Purchases",
    columns: [
      left("endpoint"),
      left("unit"),
      right("quantity"),
      right("unit price"),
      right("purchases"),
      right("gross"),
      right("discount"),
      right("net"),
    ],
    rows: lines.map((line) => [
      text(line.endpointId),
      text(line.unit),
      number(line.quantity),
      line.unitPrice === null ? { kind: "nothing", note: "various" } : amount(line.unitPrice),
      count(line.purchases),
      amount(line.gross),
      amount(line.discount),
      amount(line.net),
    ]),
    total: [
      text("all"),
      text(""),
      text(""),
      text(""),
      text(""),
      amount(gross),
      amount(discount),
      amount(gross.sub(discount)),
    ],
  };
}

function correctionsSection({ corrections, corrected }: Statement, date: (at: Date) => string): Section {
  return {
    heading: "Corrections",
    columns: [left("purchase"), left("endpoint"), left("on"), left("why"), right("amount")],
    rows: corrections
      .slice(0, MOST_LISTED)
      .map((each) => [
        text(each.purchaseId),
        text(each.endpointId),
        text(each.correctedAt ? date(each.correctedAt) : ""),
        text(each.note ?? ""),
        amount(each.amount),
      ]),
    total: [text("all"), text(""), text(""), text(""), amount(corrected)],
    ...listed(corrections.length),
  };
}

function volumeSection({
  purchases,
  percent: reached,
  of,
  amount: credited,
}: NonNullable<Statement["volumeCredit"]>): Section {
  return {
    heading: "Volume discount",
    columns: [right("purchases"), right("discount"), right("of"), right("credit")],
    rows: [[count(purchases), percent(decimal(reached).div(100)), amount(of), amount(credited)]],
  };
}

function creditsSection({ credits, credited }: Statement, date: (at: Date) => string): Section {
  const sumOf = (values: readonly Decimal[]) => values.reduce((total, value) => total.add(value), decimal(0));
  return {
    heading: "Prepaid credit",
    columns: [
      left("credit"),
      left("bought"),
      left("ends"),
      right("amount"),
      right("applied"),
      right("lapsed"),
      right("remaining"),
    ],
    rows: credits.map((credit) => [
      text(credit.name),
      text(date(credit.boughtAt)),
      text(date(credit.expiresAt)),
      amount(credit.amount),
      amount(credit.applied),
      amount(credit.lapsed),
      amount(credit.remaining),
    ]),
    total: [
      ...[text("all"), text(""), text(""), text("")],
      amount(credited),
      amount(sumOf(credits.map(({ lapsed }) => lapsed))),
      amount(sumOf(credits.map(({ remaining }) => remaining))),
    ],
    note: "Credit that is not used does not roll over.",
  };
}

function sumSection({ gross, discount, corrected, volumeCredit, credited, due }: Statement): Section {
  const rows: [string, Decimal][] = [
    ["purchases", gross],
    ["volume discounts", discount.neg()],
    ["corrections", corrected],
    ...(volumeCredit ? ([["volume credit", volumeCredit.amount.neg()]] as [string, Decimal][]) : []),
    ["prepaid credit", credited.neg()],
  ];
  return {
    heading: "Due",
    columns: [left("what"), right("amount")],
    rows: rows.map(([name, value]) => [text(name), amount(value.isZero() ? value.abs() : value)]),
    total: [text("due"), amount(due)],
  };
}

function unbilledSection({ unbilled, unbilledHeld }: Statement, date: (at: Date) => string): Section {
  return {
    heading: "Not yet billed",
    columns: [left("purchase"), left("endpoint"), left("sent"), left("state"), right("held")],
    rows: unbilled
      .slice(0, MOST_LISTED)
      .map((hold) => [
        text(hold.purchaseId),
        text(hold.endpointId),
        text(date(hold.sentAt)),
        text(hold.state),
        amount(hold.held),
      ]),
    total: [text("all"), text(""), text(""), text(""), amount(unbilledHeld)],
    ...listed(unbilled.length),
  };
}

function unknownSection({ unknown }: Statement, date: (at: Date) => string): Section {
  return {
    heading: "Of unknown cost",
    columns: [left("purchase"), left("endpoint"), left("sent")],
    rows: unknown
      .slice(0, MOST_LISTED)
      .map((each) => [text(each.purchaseId), text(each.endpointId), text(date(each.sentAt))]),
    note: "Nobody knows what these cost. They are in no sum.",
  };
}

function listed(count: number): { note?: string } {
  return count > MOST_LISTED ? { note: `The first ${MOST_LISTED} of ${count}.` } : {};
}
