import { openSqliteStore } from "../../src/store/sqlite.ts";
import { charged, fixed, noon, request } from "./samples.ts";

/**
 * One of several processes that share a ledger. Told what to do by its arguments, it says over the channel what it did.
 * `race`: holds one nano-dollar at a time under a cap until it is refused. `settle`: settles the same holds as the others.
 * `forever`: holds and settles until it is killed.
 */
const [task = "", path = "", name = "", cap = "0"] = process.argv.slice(2);
const charges = [fixed("cap", BigInt(cap), null)];

const store = await openSqliteStore(path, { retryForMs: 30_000 });
process.send!("ready");
await new Promise((resolve) => process.once("message", resolve));

if (task === "race") {
  let held = 0;
  while ((await store.hold(request(`${name}-${held}`, { amount: 1n, charges }))).outcome === "held") held += 1;
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
