/**
 * A million estimates over all listed endpoints in one process: how many a second, and that memory stays flat.
 *
 *   node --expose-gc --import tsx test/bench/million-estimates.ts [count]
 */
import fc from "fast-check";
import { listedEndpoints } from "../../src/price/list-price.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { randomInput } from "../price/random-input.ts";

const SEED = 1;
const INPUTS_EACH = 8;
const REPORTS = 5;
const SHAPE_ROUNDS = 10;
const MOST_GROWTH_MB = 32;

const count = Number(process.argv[2] ?? 1_000_000);
const at = Date.UTC(2026, 10, 23);
const pricer = createPricer(resolvePrices());
const requests = listedEndpoints().flatMap((endpointId) =>
  fc.sample(randomInput(endpointId), { numRuns: INPUTS_EACH, seed: SEED }).map((input) => ({ endpointId, input })),
);

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}

function run(from: number, to: number): number {
  const start = performance.now();
  for (let n = from; n < to; n++) {
    const { endpointId, input } = requests[n % requests.length]!;
    pricer.estimate(endpointId, input, at);
  }
  return performance.now() - start;
}

// Every request once, so that what is kept ready is ready.
run(0, requests.length);
const before = heapMb();
let [totalMs, processorMs] = [0, 0];
for (let report = 0; report < REPORTS; report++) {
  const part = Math.floor(count / REPORTS);
  const processor = process.cpuUsage();
  const ms = run(report * part, (report + 1) * part);
  processorMs += process.cpuUsage(processor).user / 1_000;
  totalMs += ms;
  console.log(
    `${((report + 1) * part).toLocaleString("en")} estimates, ${((ms * 1_000) / part).toFixed(1)} µs each, heap ${heapMb().toFixed(1)} MB`,
  );
}
const growth = heapMb() - before;
const start = performance.now();
for (let round = 0; round < SHAPE_ROUNDS; round++)
  for (const { endpointId, input } of requests) pricer.shapeOf(endpointId, input);
const shapesMs = (performance.now() - start) / SHAPE_ROUNDS;
const perSecond = (ms: number) => Math.round((count / ms) * 1_000).toLocaleString("en");
// Where others share the machine, the processor's time says more than the clock's.
console.log(
  `estimates: ${perSecond(totalMs)} a second, ${perSecond(processorMs)} a second of the processor, over ${requests.length} requests of ${listedEndpoints().length} endpoints`,
);
console.log(`shapes: ${((shapesMs * 1_000) / requests.length).toFixed(1)} µs each`);
console.log(`heap grew by ${growth.toFixed(1)} MB`);
if (growth > MOST_GROWTH_MB) process.exitCode = 1;
