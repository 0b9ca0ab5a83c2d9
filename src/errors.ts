import type { Decimal } from "./money.ts";

/** Marks our errors, so that a second copy of the package in one process still knows them. */
const MARK = Symbol.for("fal-meter.error");

/**
 * Anything that the meter itself refuses or reports. Never an `ApiError`: fal did not fail.
 * None carries a `cause` or a network `code`, for the fal client would read those as leave to send a paid request again.
 */
export class MeterError extends Error {
  readonly [MARK] = true;
  override readonly name: string = "MeterError";
}

/** True for errors of this package, from any copy of it. */
export function isMeterError(error: unknown): error is MeterError {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[MARK] === true;
}

/** A bad option or input: names it, what was wanted, and what came. */
export class OptionsError extends MeterError {
  override readonly name = "OptionsError";
  readonly option: string;
  readonly wanted: string;
  readonly got: unknown;

  constructor(option: string, wanted: string, got: unknown) {
    super(`${option} must be ${wanted}; got ${show(got)}.`);
    this.option = option;
    this.wanted = wanted;
    this.got = got;
  }
}

/**
 * Refuses what is no object, and any member that nobody would read: a misspelt option must not be without effect.
 * @throws OptionsError naming `option.member`
 */
export function onlyKeys(value: object, option: string, keys: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OptionsError(option, `an object with ${keys.join(", ")}`, value);
  }
  for (const [key, found] of Object.entries(value)) {
    if (!keys.includes(key))
      throw new OptionsError(`${option}.${key}`, `left out (known are ${keys.join(", ")})`, found);
  }
}

export interface BudgetRefusal {
  budget: string;
  limit: Decimal;
  spent: Decimal;
  held: Decimal;
  remaining: Decimal;
  requested: Decimal;
  resetsAt: Date | null;
  transient: boolean;
  endpointId: string;
}

/** The call would have taken a budget over its limit. Nothing was sent and nothing is held. */
export class BudgetExceededError extends MeterError {
  override readonly name = "BudgetExceededError";
  /** The budget's name. */
  readonly budget: string;
  readonly limit: Decimal;
  /** Settled in this window. */
  readonly spent: Decimal;
  /** Promised to calls that are still under way. */
  readonly held: Decimal;
  /** `limit − spent − held`, never below zero. */
  readonly remaining: Decimal;
  /** The most this call could cost. */
  readonly requested: Decimal;
  /** When the window ends; `null` where it never does. */
  readonly resetsAt: Date | null;
  /** True when the same call could pass later: held money may be given back, or the window ends. */
  readonly transient: boolean;
  readonly endpointId: string;

  constructor(refusal: BudgetRefusal) {
    super(refusalMessage(refusal));
    this.budget = refusal.budget;
    this.limit = refusal.limit;
    this.spent = refusal.spent;
    this.held = refusal.held;
    this.remaining = refusal.remaining;
    this.requested = refusal.requested;
    this.resetsAt = refusal.resetsAt;
    this.transient = refusal.transient;
    this.endpointId = refusal.endpointId;
  }
}

/** At least two decimals, and every digit that counts. */
function shown(amount: Decimal): string {
  return `$${amount.toFixed(Math.max(2, amount.decimalPlaces()))}`;
}

function refusalMessage(r: BudgetRefusal): string {
  const figures = `limit ${shown(r.limit)}, spent ${shown(r.spent)}, held ${shown(r.held)}, remaining ${shown(r.remaining)}`;
  const next = !r.transient
    ? "It can never fit: raise the limit, or ask for less (smaller, shorter, fewer)."
    : r.resetsAt
      ? `Try again after ${r.resetsAt.toISOString()}, raise the limit, or ask for less.`
      : "Wait for calls under way to settle, raise the limit, or ask for less.";
  return `${r.endpointId} may cost ${shown(r.requested)}, which budget "${r.budget}" cannot hold (${figures}). ${next}`;
}

/** A budget guards this call and nobody knows what it costs, so it cannot be held to the budget. */
export class UnknownPriceError extends MeterError {
  override readonly name = "UnknownPriceError";
  readonly endpointId: string;
  /** The budgets that match the call. */
  readonly budgets: readonly string[];

  constructor(endpointId: string, budgets: readonly string[], why: string) {
    super(
      `The price of ${endpointId} is unknown (${why}) and ${budgets.map((b) => `"${b}"`).join(", ")} must be kept. ` +
        `Give it a price (prices.rates), or set onUnknownPrice to "allow" or { assume: "0.50" }.`,
    );
    this.endpointId = endpointId;
    this.budgets = budgets;
  }
}

/** Too many calls wait already. Nothing was sent and nothing is held. */
export class QueueFullError extends MeterError {
  override readonly name = "QueueFullError";
  readonly endpointId: string;
  readonly waiting: number;
  readonly maxQueue: number;

  constructor(endpointId: string, waiting: number, maxQueue: number) {
    super(
      `${endpointId} was not queued: ${waiting} calls wait already and limits.maxQueue is ${maxQueue}. ` +
        "Send fewer at once, or raise limits.maxQueue.",
    );
    this.endpointId = endpointId;
    this.waiting = waiting;
    this.maxQueue = maxQueue;
  }
}

/** What the meter knows of a lost answer's money: billed already, or held until somebody can tell; `null` is unknown. */
export type LostMoney = { state: "held" | "billed"; amount: Decimal | null };

/**
 * The request was sent and its answer was lost, so fal may be doing, and billing, the work.
 * The money stays held (or was billed) and nothing is sent again.
 */
export class OutcomeUnknownError extends MeterError {
  override readonly name = "OutcomeUnknownError";
  readonly endpointId: string;
  /** Our id of the purchase; its hold is kept under it. */
  readonly purchaseId: string;
  /** What stays held; `null` when the price is unknown or fal's bill has come already. */
  readonly held: Decimal | null;
  /** What fal billed for the lost answer, where its bill came. */
  readonly billed: Decimal | null;
  /** The transport's own error. Not `cause`: the fal client would follow it and send the paid request again. */
  declare readonly failure: unknown;

  constructor(endpointId: string, purchaseId: string, money: LostMoney, failure: unknown) {
    const amount = money.amount ? shown(money.amount) : "an unknown amount";
    super(
      `${endpointId} was sent and the answer was lost (${describeFailure(failure)}): fal may have done the job. ` +
        `It was not sent again and ${amount} ${money.state === "held" ? "stays held" : "was billed"} as purchase ${purchaseId}. ` +
        "Run reconcile() to learn its fate, or send it again yourself if buying twice is fine.",
    );
    this.endpointId = endpointId;
    this.purchaseId = purchaseId;
    this.held = money.state === "held" ? money.amount : null;
    this.billed = money.state === "billed" ? money.amount : null;
    Object.defineProperty(this, "failure", { value: failure, enumerable: false });
  }
}

/** Why a store could not do its work. */
export type StoreFailure =
  | "corrupt"
  | "read-only"
  | "full"
  | "busy"
  | "unreachable"
  | "newer-schema"
  | "closed"
  | "failed";

/** The ledger could not be read or written. By default the call is refused: without a ledger there is no budget. */
export class StoreError extends MeterError {
  override readonly name = "StoreError";
  readonly store: string;
  readonly reason: StoreFailure;

  constructor(store: string, reason: StoreFailure, detail: string) {
    super(`The ledger ${store} is ${WHAT[reason]}: ${detail}. ${NEXT[reason]}`);
    this.store = store;
    this.reason = reason;
  }
}

const WHAT: Record<StoreFailure, string> = {
  corrupt: "corrupt",
  "read-only": "read-only",
  full: "on a full disk",
  busy: "busy",
  unreachable: "out of reach",
  "newer-schema": "of a newer version",
  closed: "closed",
  failed: "failing",
};

const NEXT: Record<StoreFailure, string> = {
  corrupt: "Move the file away and restore a copy; a new one starts with nothing spent.",
  "read-only": "Make it writable, or choose another store.",
  full: "Free some space; nothing was half-written.",
  busy: "Another process holds it; try again.",
  unreachable: "Check that it is up and that the address is right.",
  "newer-schema": "Update fal-meter, or choose another store.",
  closed: "Make a new meter; this one was closed.",
  failed: "Check the store, then try again.",
};

/** One line about a transport failure: its name, code and message, and nothing of what was sent. */
export function describeFailure(failure: unknown): string {
  if (!(failure instanceof Error)) return typeof failure;
  const cause = failure.cause as { code?: unknown; message?: unknown } | undefined;
  const code = (failure as { code?: unknown }).code ?? cause?.code;
  const line = [failure.message, code].filter((part) => typeof part === "string" && part !== "").join(", ");
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

/** A transport may say as much as it likes; a ledger keeps no more than this of it. */
const LONGEST_LINE = 300;

/** Shows a bad value without printing a whole prompt or file. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  const text = safeJson(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(value) ?? "an object";
  } catch {
    return "an object that is no JSON";
  }
}
