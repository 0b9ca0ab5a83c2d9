/** Whether every view of the month says the same, to the nano-dollar. */
import { createDashboard } from "../src/dashboard/dashboard.ts";
import { type Decimal, dollars, fromNano, sum } from "../src/money.ts";
import { readFocus } from "../src/report/reading.ts";
import type { Store } from "../src/store/store.ts";
import { CUSTOMERS, END, MONTH, type SeededMonth, START, TIMEZONE } from "./month.ts";
import { type Bill, type Billed, billedIn } from "./month-bills.ts";

/** For each figure that more than one view tells, what each of them says. */
export type Agreement = Record<string, Record<string, string>>;

export async function agreementOn(month: SeededMonth, billed: Billed = billedIn(month)): Promise<Agreement> {
  const { meter, store, calendars, calls } = month;
  const inMonth = ({ at }: { at: number }) => at >= START && at < END;
  const [bills, open] = [billed.bills.filter(inMonth), billed.open.filter(inMonth)];
  const range = { since: "2026-10-01", until: "2026-11-01" };
  const report = await meter.report({ per: "day", ...range, by: ["tag:customer"] });
  const statement = await meter.statement(MONTH);
  const spend = await meter.spend({ ...range, by: ["tag:customer", "endpoint"] });
  const focus = await readFocus({ store, calendars, now: END }, { since: START, until: END });
  const ledger = await ledgerOf(store);
  const dashboard = await dashboardOf(store);
  const column = (name: "BilledCost" | "ListCost", kept: (row: (typeof focus.rows)[number]) => boolean = () => true) =>
    sum(focus.rows.filter(kept).map((row) => dollars(row[name] ?? "0", name)));
  const net = (kept: (bill: Bill) => boolean = () => true) => total(bills.filter(kept).map((bill) => bill.net));
  const gross = total(bills.map((bill) => bill.gross));
  const held = total(open.map((bill) => bill.gross));
  const made = [...calls].filter(([at]) => inMonth({ at })).length;
  const told: Record<string, Record<string, Decimal | number>> = {
    spent: {
      book: net(),
      ledger: ledger.spent,
      report: report.totals.spent,
      "report's days": sum(report.periods.map(({ totals }) => totals.spent)),
      statement: statement.ledgerTotal,
      "statement's lines": sum(statement.lines.map((line) => line.net)),
      focus: column("BilledCost"),
      spend: spend.spent,
      dashboard: dashboard.range.spent,
      "dashboard's days": sum(dashboard.days.map(({ spent }) => spent)),
    },
    "before discounts": { book: gross, statement: statement.gross, focus: column("ListCost") },
    discount: { book: gross.sub(net()), statement: statement.discount },
    due: { book: net(), statement: statement.due },
    held: {
      book: held,
      statement: statement.unbilledHeld,
      spend: spend.held,
      report: report.totals.held,
      dashboard: dashboard.range.held,
    },
    saved: {
      ledger: ledger.saved,
      spend: spend.saved,
      report: report.totals.saved,
      dashboard: dashboard.range.saved,
    },
    "open purchases": { book: open.length, statement: statement.unbilled.length },
    calls: {
      script: made,
      spend: spend.calls + spend.cached + spend.refused + open.length,
      report: report.totals.calls + report.savings.cachedCalls + report.refusals.calls + open.length,
      dashboard: dashboard.range.calls + dashboard.range.cached + dashboard.range.refused + open.length,
    },
    "charged purchases": {
      book: bills.length,
      ledger: ledger.charged,
      "statement's lines": statement.lines.reduce((n, line) => n + line.purchases, 0),
      focus: focus.rows.length,
    },
    "settled purchases": {
      spend: spend.calls,
      report: report.totals.calls,
      statement: bills.length + statement.free,
      dashboard: dashboard.range.calls,
    },
    "of unknown cost": {
      book: 0,
      spend: spend.unknown,
      statement: statement.unknown.length,
      focus: focus.unknown,
      dashboard: dashboard.range.unknown,
    },
  };
  for (const customer of CUSTOMERS) {
    const ofCustomer = (group: { key: Readonly<Record<string, string | null>> }) =>
      group.key["tag:customer"] === customer;
    told[`spent by ${customer ?? "nobody"}`] = {
      book: net((bill) => bill.customer === customer),
      report: report.groups?.find(ofCustomer)?.spent ?? 0,
      spend: sum((spend.groups ?? []).filter(ofCustomer).map((group) => group.spent)),
      focus: column("BilledCost", ({ Tags }) => customerIn(Tags) === customer),
      dashboard: dashboard.customers.get(customer) ?? 0,
    };
  }
  for (const endpointId of new Set(bills.map((bill) => bill.endpointId))) {
    told[`spent on ${endpointId}`] = {
      book: net((bill) => bill.endpointId === endpointId),
      statement: sum(statement.lines.filter((line) => line.endpointId === endpointId).map((line) => line.net)),
      spend: sum((spend.groups ?? []).filter(({ key }) => key.endpoint === endpointId).map((group) => group.spent)),
      focus: column("BilledCost", ({ SkuId }) => SkuId === endpointId),
      dashboard: dashboard.endpoints.get(endpointId) ?? 0,
    };
  }
  for (const { start, end, totals } of report.periods) {
    told[`spent on the day from ${start.toISOString()}`] = {
      book: net((bill) => bill.at >= start.getTime() && bill.at < end.getTime()),
      report: totals.spent,
      dashboard: dashboard.days.find((day) => day.start === start.toISOString())?.spent ?? 0,
    };
  }
  return written(told);
}

/** The entries themselves, one by one. */
async function ledgerOf(store: Store) {
  let [spent, saved, charged] = [0n, 0n, 0];
  for (let after: number | undefined; ; ) {
    const page = await store.entries({ since: START, until: END, limit: 5_000, ...(after !== undefined && { after }) });
    if (page.length === 0) return { spent: fromNano(spent), saved: fromNano(saved), charged };
    for (const { kind, outcome, actual, saved: notSpent } of page) {
      if (kind === "purchase" || kind === "correction") spent += actual ?? 0n;
      if (kind === "hit" || kind === "join") saved += notSpent ?? 0n;
      if (kind === "purchase" && outcome === "charged") charged += 1;
    }
    after = page.at(-1)?.seq;
  }
}

interface Shown {
  range: {
    spent: string;
    held: string;
    saved: string;
    calls: number;
    cached: number;
    refused: number;
    unknown: number;
  };
}

/** What the page is sent. */
async function dashboardOf(store: Store) {
  const dashboard = createDashboard({ store, timezone: TIMEZONE });
  const ask = async <Answer>(path: string) => {
    const url = `http://localhost/api/${path}${path.includes("?") ? "&" : "?"}range=custom&since=2026-10-01&until=2026-11-01`;
    return (await (await dashboard.fetch(new Request(url))).json()) as Answer;
  };
  const groups = async (query: string) => {
    const { groups } = await ask<{ groups: { value: string | null; spent: string }[] }>(`groups?${query}`);
    return new Map(groups.map(({ value, spent }) => [value, amount(spent)]));
  };
  const { range } = await ask<Shown>("summary");
  const { starts, total } = await ask<{ starts: string[]; total: string[] }>("series?per=day");
  return {
    range: { ...range, spent: amount(range.spent), held: amount(range.held), saved: amount(range.saved) },
    days: starts.map((start, index) => ({ start, spent: amount(total[index] ?? "") })),
    endpoints: await groups("by=endpoint"),
    customers: await groups("by=tag&name=customer"),
  };
}

function amount(text: string): Decimal {
  return dollars(text, "amount");
}

function customerIn(tags: string | null | undefined): string | null {
  return (JSON.parse(tags ?? "{}") as { customer?: string }).customer ?? null;
}

function written(told: Record<string, Record<string, Decimal | number>>): Agreement {
  const text = (amount: Decimal | number) => (typeof amount === "number" ? String(amount) : amount.toFixed());
  return Object.fromEntries(
    Object.entries(told).map(([figure, views]) => [
      figure,
      Object.fromEntries(Object.entries(views).map(([view, amount]) => [view, text(amount)])),
    ]),
  );
}

function total(amounts: readonly bigint[]): Decimal {
  return fromNano(amounts.reduce((sum, amount) => sum + amount, 0n));
}

/** The figures that not everybody tells alike. */
export function disagreements(agreement: Agreement): string[] {
  return Object.entries(agreement).flatMap(([figure, views]) => {
    const different = new Set(Object.values(views));
    const told = Object.entries(views).map(([view, amount]) => `${view} ${amount}`);
    return different.size === 1 ? [] : [`${figure}: ${told.join(", ")}`];
  });
}
