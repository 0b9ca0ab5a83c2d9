import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { charged, fixed, noon, request } from "./samples.ts";

/**
 * One of several processes that share a ledger. Told what to do by its arguments, it says over the channel what it did.
 * `race`: holds one nano-dollar at a time under a cap, some at once, until it is refused. `settle`: settles the same holds as
 * the others. `forever`: holds and settles until it is killed.
 */
const [task = "", place = "", name = "", cap = "0"] = process.argv.slice(2);
const charges = [fixed("cap", BigInt(cap), null)];

const store = place.startsWith("redis:")
  ? await connectRedisStore({ url: place, prefix: task, timeoutMs: 20_000 })
  : await openSqliteStore(place, { retryForMs: 30_000 });
process.send!("ready");
await new Promise((resolve) => process.once("message", resolve));

if (task === "race") {
  let held = 0;
  const lane = async (n: number) => {
    for (let i = 0; ; i += 1) {
      const answer = await store.hold(request(`${name}-${n}-${i}`, { amount: 1n, charges }));
      if (answer.outcome !== "held") return;
      held += 1;
    }
  };
  await Promise.all([1, 2, 3, 4, 5].map(lane));
  process.send!(held);
} else if (task === "settle") {
  let settled = 0;
  for (let i = 0; i < Number(cap); i += 1) {
    if ((await store.settle(`h${i}`, charged(2n))).outcome === "settled") settled += 1;
  }
  process.send!(settled);
} else {
  for (let i = 0; ; i += 1) {
    await store.hold(request(`${name}-${i}`, { at: noon + i, amount: 1n, charges }));
    process.send!({ held: `${name}-${i}` });
    if (i % 2 === 1) await store.settle(`${name}-${i}`, charged(1n));
  }
}
await store.close();
process.disconnect();
