import { decimal } from "../money.ts";
import {
  amount,
  type Cell,
  type Column,
  type Document,
  left,
  number,
  percent,
  right,
  type Section,
  text,
} from "./document.ts";
import { dateAt } from "./period.ts";
import type { Report, ReportGroup, ReportPeriod } from "./report.ts";
import type { Calendars, SpendTotals } from "./summary.ts";

/** A report as every format writes it; dates are those of the meter's zone. */
export function reportDocument(report: Report, calendars: Calendars): Document {
  const { totals, cost, savings, refusals, unallocated = [] } = report;
  const date = (at: Date) => dateAt(calendars, at.getTime());
  const sample = cost.taken === "sample" ? " (of a sample)" : "";
  return {
    title: `Spending by ${report.per}, ${date(report.since)} to ${date(new Date(report.until.getTime() - 1))}`,
    facts: [
      ["Spent", amount(totals.spent)],
      ["Held", amount(totals.held)],
      ["Saved", amount(savings.saved)],
      ["Purchases", count(totals.calls)],
      ["Of unknown cost", count(totals.unknown)],
      [
        "Average cost of a purchase",
        cost.average === null ? { kind: "nothing", note: "–" } : amount(cost.average.toDecimalPlaces(6)),
      ],
      [`95 of 100 cost at most${sample}`, cost.p95 === null ? { kind: "nothing", note: "–" } : amount(cost.p95)],
    ],
    sections: [
      periodSection(report.per, report.periods, date),
      ...(report.groups ? [groupSection(report.groups, totals)] : []),
      ...(unallocated.length > 0 ? [unallocatedSection(unallocated)] : []),
      ...(refusals.budgets.length > 0 ? [refusalSection(refusals)] : []),
    ],
    data: report,
  };
}

function count(value: number): Cell {
  return number(decimal(value));
}

const AMOUNTS: readonly Column[] = [
  right("spent"),
  right("held"),
  right("saved"),
  right("purchases"),
  right("cached"),
  right("joined"),
  right("refused"),
];

function amountsOf({ spent, held, saved, calls, cached, joined, refused }: SpendTotals): Cell[] {
  return [amount(spent), amount(held), amount(saved), count(calls), count(cached), count(joined), count(refused)];
}

function periodSection(per: string, periods: readonly ReportPeriod[], date: (at: Date) => string): Section {
  return {
    heading: `By ${per}`,
    columns: [left(`${per} from`), ...AMOUNTS, right("change"), right("change in percent")],
    rows: periods.map(({ start, totals, change, state }) => [
      text(`${date(start)}${state === "open" ? " (so far)" : ""}`),
      ...amountsOf(totals),
      amount(change.amount),
      percent(change.percent?.div(100) ?? null),
    ]),
  };
}

function groupSection(groups: readonly ReportGroup[], totals: SpendTotals): Section {
  const parts = Object.keys(groups[0]?.key ?? {});
  return {
    heading: parts.length === 0 ? "Groups" : `By ${parts.join(" and ")}`,
    columns: [...parts.map(left), ...AMOUNTS, right("share"), right("change")],
    rows: groups.map((group) => [
      ...parts.map(
        (part): Cell => (group.key[part] == null ? { kind: "nothing", note: "(none)" } : text(group.key[part])),
      ),
      ...amountsOf(group),
      percent(group.share),
      amount(group.change.amount),
    ]),
    ...(parts.length > 0 && {
      total: [...parts.map((_, index) => text(index === 0 ? "all" : "")), ...amountsOf(totals), text(""), text("")],
    }),
  };
}

function unallocatedSection(unallocated: NonNullable<Report["unallocated"]>): Section {
  return {
    heading: "Not allocated",
    columns: [left("calls without the tag"), ...AMOUNTS, right("share")],
    rows: unallocated.map((each) => [text(each.tag), ...amountsOf(each), percent(each.share)]),
  };
}

function refusalSection({ budgets, taken }: Report["refusals"]): Section {
  return {
    heading: "Refused",
    columns: [left("budget"), right("calls"), right("asked for")],
    rows: budgets.map(({ budget, calls, requested }) => [text(budget), count(calls), amount(requested)]),
    ...(taken === "sample" && { note: "Counted in a sample of the ledger." }),
  };
}
