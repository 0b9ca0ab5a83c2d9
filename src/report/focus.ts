import { type Decimal, fromNano, type Nano, plain } from "../money.ts";
import type { Entry } from "../store/store.ts";
import { chargeOf } from "./charge.ts";
import { csv } from "./csv.ts";
import { periodAt } from "./period.ts";
import type { Calendars } from "./summary.ts";

/** The version of the FinOps Open Cost and Usage Specification that the rows follow. */
export const focusVersion = "1.2";

/** The 21 columns that FOCUS 1.2 makes mandatory, in alphabetical order. */
export const mandatoryColumns = [
  "BilledCost",
  "BillingAccountId",
  "BillingAccountName",
  "BillingCurrency",
  "BillingPeriodEnd",
  "BillingPeriodStart",
  "ChargeCategory",
  "ChargeClass",
  "ChargeDescription",
  "ChargePeriodEnd",
  "ChargePeriodStart",
  "ContractedCost",
  "EffectiveCost",
  "InvoiceIssuerName",
  "ListCost",
  "PricingQuantity",
  "PricingUnit",
  "ProviderName",
  "PublisherName",
  "ServiceCategory",
  "ServiceName",
] as const;

/** Columns that FOCUS knows and the ledger can fill, then columns of our own, which FOCUS wants to begin with `x_`. */
const moreColumns = [
  "ChargeFrequency",
  "ServiceSubcategory",
  "SkuId",
  "Tags",
  "x_PurchaseId",
  "x_RequestId",
  "x_Basis",
  "x_DiscountPercent",
] as const;

export type FocusColumn = (typeof mandatoryColumns)[number] | (typeof moreColumns)[number];
export type FocusRow = Readonly<Record<FocusColumn, string | null>>;

export interface FocusInput {
  /** Of any range; purchases and corrections become rows. */
  entries: readonly Entry[];
  calendars: Calendars;
  /** The billing account: FOCUS allows none to be empty. @default "fal" */
  account?: { id: string; name?: string };
}

export interface FocusData {
  rows: FocusRow[];
  /** Purchases whose amount nobody knows: FOCUS has no row for them, and zero would be a lie. */
  unknown: number;
}

/** A row for every purchase with a known cost above zero, and for every correction. Their `BilledCost` adds up to the ledger's. */
export function focus({ entries, calendars, account = { id: "fal" } }: FocusInput): FocusData {
  const rows: FocusRow[] = [];
  let unknown = 0;
  for (const entry of entries) {
    if (entry.kind === "correction") rows.push(correctionRow(entry, account, calendars));
    else if (entry.kind !== "purchase" || entry.actual === 0n) continue;
    else if (entry.actual === null) unknown += 1;
    else rows.push(purchaseRow(entry, entry.actual, account, calendars));
  }
  return { rows, unknown };
}

/** The rows as CSV, with the header. */
export function focusCsv(rows: readonly FocusRow[]): string {
  const columns: readonly FocusColumn[] = [...mandatoryColumns, ...moreColumns];
  return csv([columns, ...rows.map((row) => columns.map((column) => row[column]))]);
}

function purchaseRow(entry: Entry, net: Nano, account: Account, calendars: Calendars): FocusRow {
  const charge = chargeOf(entry, net);
  // FOCUS wants a usage to have a quantity: where nobody counted the units it is one request.
  const counted =
    charge.quantity === null
      ? { quantity: "1", unit: "request" }
      : { quantity: plain(charge.quantity), unit: charge.unit };
  return {
    ...commonColumns(entry, account, calendars),
    BilledCost: dollarsOf(net),
    ContractedCost: dollarsOf(net),
    EffectiveCost: dollarsOf(net),
    ListCost: dollarsOf(charge.gross),
    ChargeCategory: "Usage",
    ChargeClass: null,
    ChargeDescription: `${counted.quantity} × ${counted.unit} of ${entry.endpointId}`,
    PricingQuantity: counted.quantity,
    PricingUnit: counted.unit,
    ChargeFrequency: "Usage-Based",
    x_DiscountPercent: String(entry.discountPercent),
  };
}

/** In FOCUS only a correction of a month already closed is a `Correction`; one within its month is an adjustment. */
function correctionRow(entry: Entry, account: Account, calendars: Calendars): FocusRow {
  const amount = dollarsOf(entry.actual ?? 0n);
  const late = (entry.settledAt ?? entry.at) >= periodAt(calendars, "month", entry.at).end;
  return {
    ...commonColumns(entry, account, calendars),
    BilledCost: amount,
    ContractedCost: amount,
    EffectiveCost: amount,
    ListCost: amount,
    ChargeCategory: late ? "Usage" : "Adjustment",
    ChargeClass: late ? "Correction" : null,
    ChargeDescription: `Correction of purchase ${entry.about ?? entry.id}`,
    PricingQuantity: null,
    PricingUnit: null,
    ChargeFrequency: "One-Time",
    x_DiscountPercent: null,
  };
}

type Account = NonNullable<FocusInput["account"]>;

function commonColumns(entry: Entry, account: Account, calendars: Calendars) {
  const month = periodAt(calendars, "month", entry.at);
  const hour = periodAt(calendars, "hour", entry.at);
  return {
    BillingAccountId: account.id,
    BillingAccountName: account.name ?? null,
    BillingCurrency: "USD",
    BillingPeriodStart: utc(month.start),
    BillingPeriodEnd: utc(month.end),
    ChargePeriodStart: utc(hour.start),
    ChargePeriodEnd: utc(hour.end),
    InvoiceIssuerName: "fal",
    ProviderName: "fal",
    PublisherName: "fal",
    ServiceCategory: "AI and Machine Learning",
    ServiceSubcategory: "Generative AI",
    ServiceName: "fal",
    SkuId: entry.endpointId,
    Tags: JSON.stringify(entry.tags),
    x_PurchaseId: entry.kind === "correction" ? (entry.about ?? entry.id) : entry.id,
    x_RequestId: entry.requestId,
    x_Basis: entry.basis,
  };
}

function dollarsOf(nano: Nano): string {
  const amount: Decimal = fromNano(nano);
  return plain(amount);
}

/** FOCUS writes times in UTC, to the second. */
function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
