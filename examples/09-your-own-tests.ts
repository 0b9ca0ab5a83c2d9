/** A fal on this machine for your own tests: real HTTP, exact bills, and trouble to order. Run: npx tsx examples/09-your-own-tests.ts */
import assert from "node:assert/strict";
import { createFalClient, OutcomeUnknownError } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

// Never the real fal, key or no key: this one is told to fail.
const emulator = await startEmulator({ seed: 1, prices: { "acme/poster": { unit: "images", unitPrice: "0.10" } } });
const fal = createFalClient({
  credentials: "none",
  fetch: emulator.fetch,
  meter: { store: "memory:", prices: { rates: { "acme/poster": { unit: "images", price: "0.10" } } } },
});
const poster = () => fal.run("acme/poster", { input: { prompt: "a fair" } });

await poster();
assert.equal(emulator.paidPosts(), 1);

// fal takes the job and the line goes dead: it may be billed, so it is not sent again.
const disarm = emulator.fault({ do: "drop-after-accept" });
await assert.rejects(poster, OutcomeUnknownError);
disarm();
assert.equal(emulator.paidPosts(), 2);
const { spent, held } = await fal.meter.spend();
assert.equal(spent.add(held).toFixed(2), "0.20");
console.log(`a lost answer was bought once: spent $${spent}, held $${held}`);

// A server error is free, and the client tries again.
emulator.fault({ times: 1, do: { status: 503 } });
await poster();
assert.equal((await fal.meter.spend()).spent.toFixed(2), "0.20");
console.log(`the emulator's book says $${emulator.book.total()}`);

await fal.meter.close();
await emulator.close();
