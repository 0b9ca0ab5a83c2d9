/** One of several processes that hold under one limit until it is reached. */
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { holdRequest, type RaceReport } from "./holds.ts";

const [path = "", name = "", limit = "0"] = process.argv.slice(2);
const WARM_UP = 300;

const store = await openSqliteStore(path, { retryForMs: 30_000 });
for (let i = 0; i < WARM_UP; i += 1) {
  await store.hold(holdRequest(`${name}-warm-${i}`, BigInt(WARM_UP), `total|warm-${name}|all`));
}
process.send!("ready");
await new Promise((resolve) => process.once("message", resolve));

const now = () => performance.timeOrigin + performance.now();
const report: RaceReport = { begun: now(), ended: 0, took: [] };
for (let i = 0; ; i += 1) {
  const start = performance.now();
  const { outcome } = await store.hold(holdRequest(`${name}-${i}`, BigInt(limit)));
  if (outcome !== "held") break;
  report.took.push(performance.now() - start);
}
report.ended = now();
process.send!(report);
await store.close();
process.disconnect();
