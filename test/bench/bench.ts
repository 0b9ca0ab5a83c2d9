/**
 * Measures what the meter costs, all in one run, against what it was meant to cost. Asserts nothing: a slow machine is
 * no fault of the code. It runs compiled, as the package does.
 *
 *   npm run bench
 *   npm run bench -- --json
 *   npm run bench -- --only "a million entries"
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { addedTime } from "./added-time.ts";
import { estimates } from "./estimates.ts";
import { type Figure, tableOf, verdictOn } from "./figure.ts";
import { hits } from "./hits.ts";
import { holds } from "./holds.ts";
import { millionEstimates } from "./million-estimates.ts";
import { millionReports } from "./million-reports.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false }, only: { type: "string" } } });
const { json, only } = values;
const machine = { node: process.version, cpu: cpus()[0]?.model.trim() ?? "unknown", cores: cpus().length };

/** Processes that share a file first, while the memory of this one is small. */
const parts: [name: string, measure: (folder: string) => Promise<Figure[]>][] = [
  ["holds", holds],
  ["added time", addedTime],
  ["cache hits", hits],
  ["estimates", estimates],
  ["a million estimates", millionEstimates],
  ["a million entries", millionReports],
];

const folder = await mkdtemp(join(tmpdir(), "fal-meter-bench-"));
const figures: Figure[] = [];
try {
  for (const [name, measure] of parts) {
    if (only !== undefined && only !== name) continue;
    if (process.stderr.isTTY) console.error(`measuring ${name} …`);
    figures.push(...(await measure(folder)));
  }
} finally {
  await rm(folder, { recursive: true });
}

if (json) {
  const judged = figures.map((figure) => ({ ...figure, verdict: verdictOn(figure) }));
  console.log(JSON.stringify({ machine, figures: judged }, null, 2));
} else {
  const verdicts = figures.map(verdictOn);
  const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
  console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}\n`);
  for (const line of tableOf(figures)) console.log(line);
  console.log(`\n${count("met")} targets met, ${count("short")} short`);
}
