/** A ledger in a file that outlives the process: who spent what, on what, when. Run: npx tsx examples/08-spend-and-receipts.ts */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFalClient, createMeter } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

const emulator = process.env.FAL_KEY ? null : await startEmulator();
const folder = await mkdtemp(join(tmpdir(), "fal-meter-"));
const store = `sqlite:${join(folder, "ledger.db")}`;
const fal = createFalClient({
  ...(emulator && { credentials: "none", fetch: emulator.fetch }),
  meter: { store, timezone: "Europe/Berlin" },
});

const acme = fal.with({ tags: { customer: "acme" } });
const globex = fal.with({ tags: { customer: "globex" } });
const image = { prompt: "a blue door", image_size: "square_hd" } as const;
const { requestId } = await acme.subscribe("fal-ai/flux/dev", { input: { ...image, num_images: 2 } });
await acme.subscribe("fal-ai/flux/schnell", { input: image });
await globex.subscribe("fal-ai/flux/schnell", { input: image });
await fal.meter.close();

// Another process, or this one tomorrow.
const meter = createMeter({ store, timezone: "Europe/Berlin" });
const receipt = await meter.receipt(requestId);
console.log(`${receipt?.endpointId}: $${receipt?.actual}, ${receipt?.outcome}, ${receipt?.note}`);

const { spent, groups = [] } = await meter.spend({ by: ["tag:customer", "endpoint"] });
for (const group of groups) console.log(`${Object.values(group.key).join("  ")}  $${group.spent}`);
console.log(`all  $${spent}`);

await meter.close();
await emulator?.close();
await rm(folder, { recursive: true });
