/**
 * One of several processes that share a ledger and an emulator. Says "ready" over the channel, waits for the word, makes
 * its calls at once, and says what became of them.
 */
import { type Clock, systemClock } from "../../src/clock.ts";
import { emulatorFetch } from "../../src/emulator/emulator.ts";
import { createFalClient, type MeterOptions } from "../../src/index.ts";
import type { Orders, Outcome } from "./processes.ts";

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const { now } = orders;
const clock: Clock = now === null ? systemClock : { now: () => now, sleep: systemClock.sleep };
const meter: MeterOptions = { ...orders.meter, clock };
const fal = createFalClient({ credentials: "id:secret", fetch: emulatorFetch(orders.emulatorUrl), meter });
const sentAt: number[] = [];
fal.meter.on("call-sent", ({ at }) => sentAt.push(at));
await fal.meter.budgets();
process.send!("ready");
await new Promise((resolve) => process.once("message", resolve));

const call = () =>
  orders.door === "run"
    ? fal.run(orders.endpointId, { input: orders.input })
    : fal.subscribe(orders.endpointId, { input: orders.input, pollInterval: 5 });
const settled = await Promise.allSettled(Array.from({ length: orders.calls }, call));
const outcome: Outcome = { requestIds: [], errors: [], sentAt };
for (const each of settled) {
  if (each.status === "fulfilled") outcome.requestIds.push(each.value.requestId);
  else outcome.errors.push((each.reason as Error).name);
}
process.send!(outcome);
await fal.meter.close();
process.disconnect();
