/** The same seed is bought once; no seed asks for something new each time. Run: npx tsx examples/03-cache-and-seeds.ts */
import { createFalClient } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

const emulator = process.env.FAL_KEY ? null : await startEmulator();
const fal = createFalClient({
  ...(emulator && { credentials: "none", fetch: emulator.fetch }),
  meter: { store: "memory:", cache: { ttl: "1h" } },
});

const draw = (seed?: number, client = fal) =>
  client.subscribe("fal-ai/flux/schnell", {
    input: { prompt: "a tin robot", image_size: "square", ...(seed !== undefined && { seed }) },
  });

const first = await draw(7);
const again = await draw(7);
console.log(`same seed, same job: ${first.requestId === again.requestId}`);

const [one, two] = await Promise.all([draw(8), draw(8)]);
console.log(`at the same time, one purchase: ${one.requestId === two.requestId}`);

await draw();
await draw();
const fresh = await draw(7, fal.with({ cache: "refresh" }));
console.log(`refresh buys again: ${fresh.requestId !== first.requestId}`);

const { calls, cached, joined, spent, saved } = await fal.meter.spend();
console.log(`${calls} bought for $${spent}; ${cached} cached and ${joined} joined saved $${saved}`);

await fal.meter.close();
await emulator?.close();
