/** Cost as attributes, under the names that OpenTelemetry's conventions for generative AI propose. */
import type { Decimal } from "../money.ts";

/** Bases that are fal's own word. */
const BILLED = new Set(["billed-units", "billing-event"]);

export function cost(actual: Decimal | null, basis: string): Record<string, string | number> {
  return {
    ...amount("gen_ai.usage.cost.amount", actual),
    "gen_ai.usage.cost.currency": "USD",
    "gen_ai.usage.cost.source": BILLED.has(basis) ? "provider" : "local",
  };
}

/** Unknown is left out, for zero would be a claim. */
export function amount(name: string, value: Decimal | null): Record<string, number> {
  return value === null ? {} : { [name]: value.toNumber() };
}
