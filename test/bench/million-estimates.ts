/** How many estimates a second one process makes over all listed endpoints, a million of them, and whether memory stays flat. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { listedEndpoints } from "../../src/price/list-price.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { resolvePrices } from "../../src/price/prices-options.ts";
import { randomInput } from "../price/random-input.ts";
import type { Figure } from "./figure.ts";

const SEED = 1;
const INPUTS_EACH = 8;
const COUNT = 1_000_000;

export async function millionEstimates(): Promise<Figure[]> {
  const at = Date.UTC(2026, 10, 23);
  const pricer = createPricer(resolvePrices());
  const requests = listedEndpoints().flatMap((endpointId) =>
    fc.sample(randomInput(endpointId), { numRuns: INPUTS_EACH, seed: SEED }).map((input) => ({ endpointId, input })),
  );
  const estimate = (count: number) => {
    for (let n = 0; n < count; n++) {
      const { endpointId, input } = requests[n % requests.length]!;
      pricer.estimate(endpointId, input, at);
    }
  };
  // Every request a few times first, so that what is kept ready is ready.
  estimate(3 * requests.length);
  const heapBefore = heapMb();
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  estimate(COUNT);
  const seconds = (performance.now() - begun) / 1_000;
  const cpuSeconds = process.cpuUsage(cpuBefore).user / 1e6;
  const of = `over the ${listedEndpoints().length} listed endpoints`;
  return [
    { name: `a million estimates ${of}`, measured: COUNT / seconds, unit: "estimates/s", target: { atLeast: 300_000 } },
    // Where others share the machine, the processor's time says more than the clock's.
    { name: "a million estimates, by processor time", measured: COUNT / cpuSeconds, unit: "estimates/s", target: null },
    { name: "a million estimates, heap grown by", measured: heapMb() - heapBefore, unit: "MB", target: { atMost: 8 } },
  ];
}

function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

let collect = () => {
  setFlagsFromString("--expose-gc");
  collect = runInNewContext("gc") as () => void;
  collect();
};
