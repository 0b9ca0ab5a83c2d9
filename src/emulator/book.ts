import type { Transport } from "../call.ts";
import { type Decimal, zero } from "../money.ts";

/** One thing that was really billed. */
export interface BookLine {
  readonly requestId: string;
  readonly endpointId: string;
  readonly units: Decimal;
  readonly unit: string;
  /** US dollars for one unit. */
  readonly unitPrice: Decimal;
  /** `units × unitPrice`, in US dollars. */
  readonly amount: Decimal;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly transport: Transport;
}

export interface EndpointTotal {
  readonly calls: number;
  readonly units: Decimal;
  readonly amount: Decimal;
}

/** Older lines are forgotten; the totals are not. */
const LINES_MAX = 100_000;

/** What the emulator billed, exactly. A test holds a meter's ledger against this. */
export class Book {
  #lines: BookLine[] = [];
  #total: Decimal = zero;
  readonly #byEndpoint = new Map<string, EndpointTotal>();

  /** At least the newest 100,000 lines, oldest first. */
  get lines(): readonly BookLine[] {
    return this.#lines;
  }

  /** Everything ever billed, in US dollars. */
  total(): Decimal {
    return this.#total;
  }

  /** Everything ever billed, by endpoint. */
  byEndpoint(): ReadonlyMap<string, EndpointTotal> {
    return new Map(this.#byEndpoint);
  }

  /** The line of one request; `null` when it was free or is forgotten. */
  line(requestId: string): BookLine | null {
    return this.#lines.find((line) => line.requestId === requestId) ?? null;
  }

  enter(line: BookLine): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_MAX * 1.1) this.#lines = this.#lines.slice(-LINES_MAX);
    this.#total = this.#total.add(line.amount);
    const { calls, units, amount } = this.#byEndpoint.get(line.endpointId) ?? { calls: 0, units: zero, amount: zero };
    this.#byEndpoint.set(line.endpointId, {
      calls: calls + 1,
      units: units.add(line.units),
      amount: amount.add(line.amount),
    });
  }
}
