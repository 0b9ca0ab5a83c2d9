/** Many calls through one meter in one process: `npm run soak -- --calls 1000000 --store memory|sqlite`. */
import { parseArgs } from "node:util";
import { refuse, wholeNumber } from "../arguments.ts";
import { soak, type Tenth } from "./soak.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    store: { type: "string", default: "memory" },
  },
});
const { store } = values;
if (store !== "memory" && store !== "sqlite") refuse(`--store must be memory or sqlite; got ${store}.`);
const calls = wholeNumber(values, "calls", 10);
const seed = wholeNumber(values, "seed", 0);

const { tenths, outcomes, paidPosts, events, adopted, assumed, disagreements, handlesAfterClose } = await soak({
  calls,
  seed,
  store,
  onTenth: (tenth) => console.info(line(tenth)),
});
const last = tenths.at(-1)!;
console.info(`${store}: ${last.calls} calls, seed ${seed}, ${last.seconds.toFixed(0)} s, ${rate(last)} calls a second`);
console.info(`errands: ${listed(outcomes)}`);
console.info(`${paidPosts} paid requests that fal took, ${adopted} lost ones adopted; ${listed(events)}`);
console.info(`fal billed $${last.billed.toFixed()}; assumed billed beside it: $${assumed.toFixed()}`);
// The stores keep their newest 100,000 entries in full; before that, growing is what they are for.
const warm = tenths[Math.min(8, Math.max(1, Math.ceil(200_000 / (calls / 10)) - 1))]!;
const grown = ((last.heap - warm.heap) / warm.heap) * 100;
console.info(
  `heap from ${warm.calls} calls to the end: ${mebibytes(warm.heap)} to ${mebibytes(last.heap)} MiB, ${grown.toFixed(1)} %`,
);
console.info(`handles after close: ${listed(handlesAfterClose) || "none"}`);
for (const disagreement of disagreements) console.error(disagreement);
if (disagreements.length > 0) process.exitCode = 1;

function line(tenth: Tenth): string {
  const exact = tenth.billed.eq(tenth.booked)
    ? "exact"
    : `booked $${tenth.booked.toFixed()}, billed $${tenth.billed.toFixed()}`;
  return `${tenth.calls} calls, ${tenth.seconds.toFixed(0)} s, heap ${mebibytes(tenth.heap)} MiB, external ${mebibytes(tenth.external)} MiB, handles ${listed(tenth.handles)}; ledger ${exact}`;
}

function rate({ calls, seconds }: Tenth): string {
  return (calls / seconds).toFixed(0);
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

function listed(counts: Record<string, number>): string {
  return Object.entries(counts)
    .sort((a, b) => b[1] - a[1])
    .map(([name, times]) => `${times} ${name}`)
    .join(", ");
}
