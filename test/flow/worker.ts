/**
 * One of several processes that share a ledger and an emulator. Says "ready" over the channel, waits for the word, makes
 * its calls at once, and says what became of them.
 */
import { systemClock } from "../../src/clock.ts";
import { emulatorFetch } from "../../src/emulator/emulator.ts";
import { createFalClient, type MeterOptions } from "../../src/index.ts";
import type { Orders, Outcome } from "./processes.ts";

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const meter: MeterOptions = { ...orders.meter, clock: { now: () => orders.now, sleep: systemClock.sleep } };
const fal = createFalClient({ credentials: "id:secret", fetch: emulatorFetch(orders.emulatorUrl), meter });
await fal.meter.budgets();
process.send!("ready");
await new Promise((resolve) => process.once("message", resolve));

const call = () =>
  orders.door === "run"
    ? fal.run(orders.endpointId, { input: orders.input })
    : fal.subscribe(orders.endpointId, { input: orders.input, pollInterval: 5 });
const settled = await Promise.allSettled(Array.from({ length: orders.calls }, call));
const outcome: Outcome = { requestIds: [], errors: [] };
for (const each of settled) {
  if (each.status === "fulfilled") outcome.requestIds.push(each.value.requestId);
  else outcome.errors.push((each.reason as Error).name);
}
process.send!(outcome);
await fal.meter.close();
process.disconnect();
