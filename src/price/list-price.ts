import { type Decimal, decimal } from "../money.ts";
import { listPrices } from "./list-prices.ts";

/** A unit price as observed: the bundled list's, or fal's own answer at run time. */
export interface ListPrice {
  readonly endpointId: string;
  /** In the words of fal's pricing. */
  readonly unit: string;
  readonly unitPrice: Decimal;
  /** The day, or the instant, it was observed. */
  readonly asOf: string;
  /** `doubtful`: likely ten times too high. */
  readonly standing: "observed" | "doubtful";
}

const rows: ReadonlyMap<string, string> = new Map(listPrices.map((row) => [row.slice(0, row.indexOf("|")), row]));

/** The endpoints of the bundled list, in its order. */
export function listedEndpoints(): readonly string[] {
  return [...rows.keys()];
}

export function listPrice(endpointId: string): ListPrice | null {
  const [, unit, price, asOf, doubtful] = rows.get(endpointId)?.split("|") ?? [];
  if (unit === undefined || price === undefined || asOf === undefined) return null;
  return { endpointId, unit, unitPrice: decimal(price), asOf, standing: doubtful ? "doubtful" : "observed" };
}
