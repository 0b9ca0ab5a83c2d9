import { Decimal as SharedDecimal } from "decimal.js";
import { OptionsError } from "./errors.ts";

/**
 * Exact US dollars. Our own clone of decimal.js, because its default constructor is mutable by anyone in the process.
 * 40 significant digits hold any product of a quantity and a price without rounding; nothing prints as `1e-7`.
 */
export const Decimal = SharedDecimal.clone({
  precision: 40,
  rounding: SharedDecimal.ROUND_HALF_UP,
  toExpNeg: -40,
  toExpPos: 40,
});
export type Decimal = SharedDecimal;

/** Money as people write it: a number (`0.04`) or, to be exact beyond 15 digits, a decimal string (`"0.000000001"`). */
export type MoneyInput = number | string | Decimal;

/** Dollars as a store keeps them: integer nano-dollars (10⁻⁹ USD). */
export type Nano = bigint;

const NANO = 9;
const PLAIN_DECIMAL = /^\d{1,12}(\.\d{1,18})?$/;

/** The most that one amount may be: a trillion dollars. Anything larger is a mistake in the caller. */
const CEILING = new Decimal("1e12");

export const zero: Decimal = new Decimal(0);

/** Makes a Decimal of something already known to be a number, such as a constant in a rate table. */
export function decimal(value: number | string | Decimal): Decimal {
  return new Decimal(value);
}

/**
 * Reads an amount that a user wrote.
 * @throws OptionsError naming `option` when it is negative, not finite, not a decimal, or above a trillion.
 */
export function dollars(value: MoneyInput, option: string): Decimal {
  const wanted = 'a non-negative amount in US dollars, as a number or a plain decimal string such as "0.04"';
  if (typeof value === "string" && !PLAIN_DECIMAL.test(value)) throw new OptionsError(option, wanted, value);
  if (typeof value !== "string" && typeof value !== "number" && !Decimal.isDecimal(value)) {
    throw new OptionsError(option, wanted, value);
  }
  const amount = new Decimal(value as Decimal);
  if (!amount.isFinite() || amount.isNegative() || amount.gt(CEILING)) throw new OptionsError(option, wanted, value);
  return amount;
}

/** What was billed, to the nearest nano-dollar; half a nano-dollar rounds up. */
export function toNano(amount: Decimal): Nano {
  return nanoOf(amount.toFixed(NANO, Decimal.ROUND_HALF_UP));
}

/** What is held, rounded up to a whole nano-dollar: a hold may be a hair too large, never too small. */
export function toNanoUp(amount: Decimal): Nano {
  return nanoOf(amount.toFixed(NANO, Decimal.ROUND_CEIL));
}

/** Of a plain decimal with nine decimals: its digits without the point. */
function nanoOf(fixed: string): Nano {
  return BigInt(fixed.replace(".", ""));
}

export function fromNano(nano: Nano): Decimal {
  const negative = nano < 0n;
  const digits = (negative ? -nano : nano).toString().padStart(NANO + 1, "0");
  const plain = `${negative ? "-" : ""}${digits.slice(0, -NANO)}.${digits.slice(-NANO)}`;
  return new Decimal(plain);
}

/** `0.04`, `1234.5`: a plain decimal, every digit that counts and no more. What JSON carries. */
export function plain(amount: Decimal): string {
  return amount.toFixed();
}

/** `$0.04`, `$0.0025`, `$1,234.50`: at least two decimals and every digit that counts. For people. */
export function money(amount: Decimal): string {
  const decimals = Math.max(2, amount.decimalPlaces());
  const digits = amount
    .abs()
    .toFixed(decimals)
    .replace(/\B(?=(\d{3})+\.)/g, ",");
  return `${amount.isNegative() ? "-" : ""}$${digits}`;
}

export function sum(amounts: Iterable<Decimal>): Decimal {
  let total = zero;
  for (const amount of amounts) total = total.add(amount);
  return total;
}

/** `amount` less `percent` of it, exactly. */
export function lessPercent(amount: Decimal, percent: number): Decimal {
  return percent === 0 ? amount : amount.mul(new Decimal(100).sub(percent)).div(100);
}
