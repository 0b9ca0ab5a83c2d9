import { randomUUID } from "node:crypto";
import { endpointMatcher, type Transport } from "../call.ts";
import { type Decimal, decimal, plain } from "../money.ts";
import type { Book } from "./book.ts";
import type { Reply } from "./model.ts";
import type { Settings } from "./options.ts";
import type { PriceList, UnitPrice } from "./prices.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** What is billed for, and the word of a fault on the billing header: `null` leaves it out, `undefined` is no word. */
export interface Sale {
  readonly requestId: string;
  readonly endpointId: string;
  readonly transport: Transport;
  readonly units: string | null | undefined;
  /** In force when it was accepted. */
  readonly price: UnitPrice;
}

/** Says whether an account may buy at all, and writes down what it bought. */
export class Cashier {
  readonly #settings: Settings;
  readonly #prices: PriceList;
  readonly #book: Book;
  readonly #unknown: (endpointId: string) => boolean;
  readonly #headerless: (endpointId: string) => boolean;

  constructor(parts: { settings: Settings; prices: PriceList; book: Book }) {
    this.#settings = parts.settings;
    this.#prices = parts.prices;
    this.#book = parts.book;
    this.#unknown = endpointMatcher(parts.settings.unknownEndpoints);
    this.#headerless = endpointMatcher(parts.settings.headerlessEndpoints);
  }

  /** A 404 for what nobody published, a 403 for a spent balance; `null` when the sale may go on. */
  refuses(endpointId: string): Refusal | null {
    if (this.#unknown(endpointId)) return { ...refusal(404), headers: { "x-fal-billable-units": "0" } };
    const { balance } = this.#settings;
    return balance !== null && this.#book.total().gte(balance) ? refusal(403) : null;
  }

  /**
   * Bills work that has ended, and returns what its billing header says; `null` for no header. A fault's units are
   * what was used where they are a number; else the model's own count stands.
   */
  bill(sale: Sale, reply: Reply): string | null {
    const forced = reply.status === 200 && typeof sale.units === "string" ? sale.units : null;
    const units = (forced === null ? null : readUnits(forced)) ?? reply.units;
    if (units?.gt(0)) this.#enter(sale, units);
    const silent = sale.units === null || this.#headerless(sale.endpointId);
    return silent || units === null ? null : (forced ?? plain(units));
  }

  /** Bills a refusal that says it used units; its words are a header's. */
  billRefusal(endpointId: string, transport: Transport, header: string): void {
    const units = readUnits(header);
    const price = this.#prices.of(endpointId);
    if (units?.gt(0)) this.#enter({ requestId: randomUUID(), endpointId, transport, price }, units);
  }

  #enter({ requestId, endpointId, transport, price }: Omit<Sale, "units">, units: Decimal): void {
    const { unit, unitPrice } = price;
    const amount = units.mul(unitPrice);
    const at = this.#settings.clock.now();
    this.#book.enter({ requestId, endpointId, units, unit, unitPrice, amount, at, transport });
  }
}

/** Units as a plain decimal; `null` when the text is none. */
function readUnits(text: string): Decimal | null {
  return /^\d{1,12}(\.\d{1,18})?$/.test(text) ? decimal(text) : null;
}
