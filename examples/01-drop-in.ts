/** Change one import: the same client, and a ledger of what every call cost. Run: npx tsx examples/01-drop-in.ts */
import { createFalClient } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

// Without a key everything runs against a fal on this machine, which costs nothing.
const emulator = process.env.FAL_KEY ? null : await startEmulator();
const fal = createFalClient({
  ...(emulator && { credentials: "none", fetch: emulator.fetch }),
  meter: { store: "memory:", budgets: [{ limit: 5, per: "day" }] },
});

const { data, requestId } = await fal.subscribe("fal-ai/flux/schnell", {
  input: { prompt: "a lighthouse at dusk", image_size: "square" },
});
console.log(`image    ${data.images[0]?.width}×${data.images[0]?.height}`);

const receipt = await fal.meter.receipt(requestId);
console.log(`expected $${receipt?.estimate.expected}`);
console.log(`cost     $${receipt?.actual} (${receipt?.basis}, ${receipt?.billableUnits} units)`);

for (const { name, spent, remaining } of await fal.meter.budgets()) {
  console.log(`budget   ${name}: spent $${spent}, remaining $${remaining}`);
}

await fal.meter.close();
await emulator?.close();
