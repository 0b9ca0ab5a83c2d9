/**
 * Prints how well the estimator knows the endpoints that the client's types know, each asked with its required inputs alone.
 *
 *   npx tsx scripts/coverage-prices.ts
 */
import { inputShape, typedEndpoints } from "../src/price/input-shape.ts";
import { listedEndpoints, listPrice } from "../src/price/list-price.ts";
import { createPricer } from "../src/price/pricer.ts";
import { resolvePrices } from "../src/price/prices-options.ts";
import { countFor } from "../src/price/quantity.ts";
import { readUnit } from "../src/price/unit-words.ts";

const pricer = createPricer(resolvePrices(undefined, undefined));
const at = Date.UTC(2026, 10, 23);

function requiredInput(endpointId: string): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const parameter of Object.values(inputShape(endpointId).parameters)) {
    if (!parameter.required) continue;
    const { name, kind, options } = parameter;
    if (kind === "size") input[name] = "square_hd";
    else if (kind === "number") input[name] = 10;
    else if (kind === "list") input[name] = ["https://example.com/a"];
    else if (kind === "boolean") input[name] = true;
    else input[name] = options[0] ?? (kind === "media" ? "https://example.com/a" : "x".repeat(120));
  }
  return input;
}

function tally(title: string, endpoints: readonly string[]): void {
  const counts = { exact: 0, bracketed: 0, doubtful: 0, "learned only": 0, unknown: 0 };
  let narrow = 0;
  let finite = 0;
  for (const endpointId of endpoints) {
    const { confidence, low, high } = pricer.estimate(endpointId, requiredInput(endpointId), at);
    // Its price is known, and not how many units a request takes: one bill is enough to tell.
    const taught = confidence === "unknown" && listPrice(endpointId) !== null;
    counts[taught ? "learned only" : confidence] += 1;
    if (high !== null) finite += 1;
    if (low && high?.lte(low.mul(4))) narrow += 1;
  }
  const share = (count: number) => `${((count / Math.max(1, endpoints.length)) * 100).toFixed(1)} %`;
  const parts = Object.entries(counts).map(([confidence, count]) => `${confidence} ${count} (${share(count)})`);
  console.log(
    `${title}: ${endpoints.length} endpoints; ${parts.join(", ")}; with a bound ${share(finite)}; within 4 times ${share(narrow)}`,
  );
}

const typed = typedEndpoints();
const known = new Set(typed);
const listed = listedEndpoints();
tally("typed", typed);
tally(
  "typed and listed",
  listed.filter((endpointId) => known.has(endpointId)),
);
tally(
  "typed and listed in a unit that can be counted",
  listed.filter((endpointId) => known.has(endpointId) && countFor(readUnit(listPrice(endpointId)!.unit)) !== null),
);
tally("listed, typed or not", listed);
if (process.argv.includes("--wide")) {
  for (const endpointId of listed) {
    const { low, expected, high, source } = pricer.estimate(endpointId, requiredInput(endpointId), at);
    if (low && high?.gt(low.mul(4)))
      console.log(`${endpointId}\t${low.toFixed()}\t${expected?.toFixed()}\t${high.toFixed()}\t${source}`);
  }
}
