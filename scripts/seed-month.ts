/** `npx tsx scripts/seed-month.ts --calls 100000 --check`: fills a ledger with a month of calls, and has every view of it compared. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MONTH, type SeededMonth, seedMonth } from "./month.ts";
import { agreementOn, disagreements } from "./month-agreement.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    store: { type: "string" },
    check: { type: "boolean", default: false },
  },
});
const path = values.store ?? join(mkdtempSync(join(tmpdir(), "fal-meter-month-")), "ledger.db");
const begun = performance.now();
const seconds = () => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
const month = await seedMonth({
  calls: Number(values.calls),
  seed: Number(values.seed),
  path,
  onProgress: (done) => done % 10_000 === 0 && console.log(`${done} calls in ${seconds()}`),
});
console.log(`${JSON.stringify(month.counts)}, ${month.emulator.book.lines.length} billed, seeded in ${seconds()}`);
if (values.check) {
  await compare(month);
  const { adopted, settled } = await month.meter.reconcile();
  console.log(`The last days are asked after: ${adopted} lost answers found, ${settled} purchases settled.`);
  await compare(month);
}
console.log(`See it with: npx fal-meter report week --store sqlite:${path} --since 2026-10-01 --until 2026-11-01`);
await month.meter.close();

async function compare(month: SeededMonth) {
  const agreement = await agreementOn(month);
  const wrong = disagreements(agreement);
  for (const [figure, views] of Object.entries(agreement)) {
    if (figure.startsWith("spent on the day")) continue;
    const amounts = [...new Set(Object.values(views))].join(" or ");
    console.log(`${figure.padEnd(32)} ${amounts.padStart(16)}  ${Object.keys(views).join(", ")}`);
  }
  console.log(`${Object.keys(agreement).length} figures of ${MONTH} compared in ${seconds()}: ${wrong.length} differ`);
  for (const each of wrong) console.error(each);
  if (wrong.length > 0) process.exitCode = 1;
}
