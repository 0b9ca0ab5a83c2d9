/** A month of calls through a real meter, against a fal that lives in this process and keeps a book of its own. */
import { createWindows } from "../src/budget/window.ts";
import { BudgetExceededError, OutcomeUnknownError } from "../src/errors.ts";
import { createMeter, type Meter } from "../src/meter.ts";
import { type Decimal, fromNano, sum, toNano } from "../src/money.ts";
import { calendarsOf } from "../src/read-side.ts";
import { readFocus } from "../src/report/reading.ts";
import type { Calendars } from "../src/report/summary.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { type Bill, type Caller, createMonthFal, type MonthFal, PRICE_CHANGES_AT } from "./month-fal.ts";

export const MONTH = "2026-10";
/** Its clocks go back on the 25th. */
const TIMEZONE = "Europe/Berlin";
/** The month in that zone. */
const START = Date.parse("2026-09-30T22:00:00Z");
const END = Date.parse("2026-10-31T23:00:00Z");
/** A day of September and one of November, to be told apart from the month. */
const AROUND_MS = 86_400_000;

const CUSTOMERS = ["acme", "globex", "initech", "umbrella", "hooli", null];

export interface MonthOptions {
  calls: number;
  seed: number;
  /** The file of the ledger. */
  path: string;
  onProgress?: (done: number) => void;
}

export interface SeededMonth {
  meter: Meter;
  store: Store;
  fal: MonthFal;
  calendars: Calendars;
  callsInMonth: number;
  counts: Record<"answered" | "cached" | "failed" | "refused" | "lost" | "queued", number>;
}

/** Makes the calls one after another, the clock moving on between them. Ends two days into November. */
export async function seedMonth({ calls, seed, path, onProgress }: MonthOptions): Promise<SeededMonth> {
  const random = randomFrom(seed);
  let now = START - AROUND_MS;
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
    },
  };
  const caller: Caller = { customer: null };
  const fal = createMonthFal(random, clock.now, caller);
  const store = await openSqliteStore(path);
  const meter = createMeter({
    store,
    clock,
    fetch: fal.fetch,
    timezone: TIMEZONE,
    cache: { ttl: "24h" },
    budgets: [
      { name: "initech", limit: (calls / 7_000).toFixed(2), per: "day", match: { tags: { customer: "initech" } } },
    ],
    prices: {
      rates: {
        "acme/poster": [
          { price: "0.05", until: PRICE_CHANGES_AT },
          { price: "0.07", from: PRICE_CHANGES_AT },
        ],
        "acme/film": { unit: "seconds", price: "0.0123" },
      },
    },
  });
  const counts: SeededMonth["counts"] = { answered: 0, cached: 0, failed: 0, refused: 0, lost: 0, queued: 0 };
  let callsInMonth = 0;
  const jobs: { collectAfter: number; url: string }[] = [];
  const step = (END - START + 2 * AROUND_MS) / calls;
  for (let call = 0; call < calls; call += 1) {
    now = Math.floor(START - AROUND_MS + (call + random()) * step);
    while (jobs[0] && jobs[0].collectAfter <= call) await meter.fetch(jobs.shift()!.url);
    if (now >= START && now < END) callsInMonth += 1;
    const customer = CUSTOMERS[Math.floor(random() ** 2 * CUSTOMERS.length)] ?? null;
    caller.customer = customer;
    const scoped = customer === null ? meter : meter.with({ tags: { customer } });
    const { url, input } = drawnCall(random);
    try {
      const response = await scoped.fetch(url, { method: "POST", body: JSON.stringify(input) });
      const answer = (await response.json()) as { response_url?: string };
      counts[response.ok ? "answered" : "failed"] += 1;
      if (!answer.response_url) continue;
      counts.queued += 1;
      // One in twenty is never looked after; the others come within the next hundred calls, in the order they were sent.
      if (random() > 0.05) jobs.push({ collectAfter: call + 50, url: answer.response_url });
    } catch (error) {
      if (error instanceof BudgetExceededError) counts.refused += 1;
      else if (error instanceof OutcomeUnknownError) counts.lost += 1;
      else throw error;
    }
    onProgress?.(call + 1);
  }
  now = END + 2 * AROUND_MS;
  counts.cached = (await meter.spend()).cached;
  return {
    meter,
    store,
    fal,
    counts,
    callsInMonth,
    calendars: calendarsOf(createWindows(TIMEZONE, "monday"), TIMEZONE),
  };
}

function drawnCall(random: () => number): { url: string; input: object } {
  const whole = (most: number) => 1 + Math.floor(random() * most);
  const prompt = `a boat, ${whole(1e9)}`;
  const draw = random();
  if (draw < 0.35) {
    const side = [512, 768, 1024][whole(3) - 1]!;
    const seeded = random() < 0.3;
    const input = { image_size: { width: side, height: side }, num_images: whole(3) };
    return {
      url: "https://fal.run/fal-ai/flux-pro/v1.1",
      input: seeded ? { ...input, prompt: "a boat", seed: whole(3) } : { ...input, prompt },
    };
  }
  if (draw < 0.5) return { url: "https://fal.run/fal-ai/recraft-v3", input: { prompt } };
  if (draw < 0.7) return { url: "https://fal.run/fal-ai/flux/dev", input: { prompt, image_size: "square_hd" } };
  if (draw < 0.85) return { url: "https://fal.run/acme/poster", input: { prompt } };
  return { url: "https://queue.fal.run/acme/film", input: { prompt, duration: whole(12) } };
}

/** mulberry32: the same seed gives the same month. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One sum, by everybody who tells it, in dollars. */
export type Agreement = Record<string, Record<string, string>>;

/** What each of the views says, for each figure that more than one of them tells. */
export async function agreementOn({ meter, store, fal, calendars, callsInMonth }: SeededMonth): Promise<Agreement> {
  const bills = fal.bills.filter(({ at }) => at >= START && at < END);
  const range = { since: "2026-10-01", until: "2026-11-01" };
  const report = await meter.report({ per: "day", ...range, by: ["tag:customer"] });
  const statement = await meter.statement(MONTH);
  const spend = await meter.spend({ ...range, by: ["tag:customer", "endpoint"] });
  const focus = await readFocus({ store, calendars, now: END }, { since: START, until: END });
  const rows = focus.rows;
  const column = (name: "BilledCost" | "ListCost", kept: (row: (typeof rows)[number]) => boolean = () => true) =>
    fromNano(rows.filter(kept).reduce((total, row) => total + toNano(fromNano(0n).add(row[name] ?? "0")), 0n));
  const net = (kept: (bill: Bill) => boolean = () => true) => total(bills.filter(kept).map((bill) => bill.net));
  const gross = total(bills.map((bill) => bill.gross));
  const told: Record<string, Record<string, Decimal | number>> = {
    spent: {
      fal: net(),
      report: report.totals.spent,
      "report's days": sum(report.periods.map(({ totals }) => totals.spent)),
      statement: statement.ledgerTotal,
      "statement's lines": sum(statement.lines.map((line) => line.net)),
      focus: column("BilledCost"),
      spend: spend.spent,
    },
    "before discounts": { fal: gross, statement: statement.gross, focus: column("ListCost") },
    discount: { fal: gross.sub(net()), statement: statement.discount },
    due: { fal: net(), statement: statement.due },
    held: { statement: statement.unbilledHeld, spend: spend.held, report: report.totals.held },
    "open purchases": { fal: fal.openBetween(START, END), statement: statement.unbilled.length },
    calls: {
      script: callsInMonth,
      spend: spend.calls + spend.cached + spend.refused + statement.unbilled.length,
      report: report.totals.calls + report.savings.cachedCalls + report.refusals.calls + statement.unbilled.length,
    },
    "charged purchases": {
      fal: bills.length,
      "statement's lines": statement.lines.reduce((n, line) => n + line.purchases, 0),
      focus: rows.length,
    },
    "settled purchases": { spend: spend.calls, report: report.totals.calls, statement: bills.length + statement.free },
    "of unknown cost": { fal: 0, spend: spend.unknown, statement: statement.unknown.length, focus: focus.unknown },
  };
  for (const customer of CUSTOMERS) {
    told[`spent by ${customer ?? "nobody"}`] = {
      fal: net((bill) => bill.customer === customer),
      report: report.groups?.find(({ key }) => key["tag:customer"] === customer)?.spent ?? 0,
      spend: sum(
        (spend.groups ?? []).filter(({ key }) => key["tag:customer"] === customer).map((group) => group.spent),
      ),
      focus: column(
        "BilledCost",
        ({ Tags }) => ((JSON.parse(Tags ?? "{}") as { customer?: string }).customer ?? null) === customer,
      ),
    };
  }
  for (const endpointId of new Set(bills.map((bill) => bill.endpointId))) {
    told[`spent on ${endpointId}`] = {
      fal: net((bill) => bill.endpointId === endpointId),
      statement: sum(statement.lines.filter((line) => line.endpointId === endpointId).map((line) => line.net)),
      spend: sum((spend.groups ?? []).filter(({ key }) => key.endpoint === endpointId).map((group) => group.spent)),
      focus: column("BilledCost", ({ SkuId }) => SkuId === endpointId),
    };
  }
  for (const { start, end, totals } of report.periods) {
    const inDay = (bill: Bill) => bill.at >= start.getTime() && bill.at < end.getTime();
    told[`spent on the day from ${start.toISOString()}`] = { fal: net(inDay), report: totals.spent };
  }
  return Object.fromEntries(
    Object.entries(told).map(([figure, views]) => [
      figure,
      Object.fromEntries(
        Object.entries(views).map(([view, amount]) => [
          view,
          typeof amount === "number" ? String(amount) : amount.toFixed(),
        ]),
      ),
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
