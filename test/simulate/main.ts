/** Plays many worlds: `tsx test/simulate/main.ts --seed 1 --seeds 1000 --steps 1000`. One seed with `--verbose` prints what happened. */
import { parseArgs } from "node:util";
import { wholeNumber } from "../arguments.ts";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    steps: { type: "string", default: "1000" },
    seeds: { type: "string", default: "1" },
    verbose: { type: "boolean", default: false },
  },
});
const first = wholeNumber(values, "seed", 0);
const count = wholeNumber(values, "seeds", 1);
const stepsEach = wholeNumber(values, "steps", 1);
const faults = new Map<string, number>();
let steps = 0;
let calls = 0;
let broken = 0;
const began = performance.now();

for (let seed = first; seed < first + count; seed++) {
  const run = await simulate({ seed, steps: stepsEach });
  steps += run.steps;
  calls += run.calls;
  for (const [fault, times] of run.faults) faults.set(fault, (faults.get(fault) ?? 0) + times);
  if (values.verbose) console.info(run.trace.join("\n"));
  if (!run.violation) continue;
  broken++;
  console.error(`seed ${seed}, step ${run.violation.step}: ${run.violation.rule}`);
  if (broken === 1 && !values.verbose) console.error(run.trace.slice(-40).join("\n"));
}

const seconds = (performance.now() - began) / 1000;
console.info(
  `${count} seeds from ${first}, ${steps} steps, ${calls} calls, ${seconds.toFixed(1)} s, ${broken} seeds with a violation`,
);
for (const [fault, times] of [...faults].sort((a, b) => b[1] - a[1]))
  console.info(`${String(times).padStart(8)}  ${fault}`);
if (broken > 0) process.exitCode = 1;
