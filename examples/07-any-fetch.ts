/**
 * A meter for whatever takes a `fetch`: with the AI SDK it is `createFal({ fetch: meter.fetch })`; here it is a plain
 * HTTP call. Run: npx tsx examples/07-any-fetch.ts
 */
import { createFalClient, createMeter } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

const emulator = process.env.FAL_KEY ? null : await startEmulator();
const meter = createMeter({
  store: "memory:",
  budgets: [{ name: "today", limit: 1, per: "day" }],
  ...(emulator && { fetch: emulator.fetch }),
});

// A stand-in for an SDK: it knows fal's addresses and was given a fetch.
async function generateImage(prompt: string, options: { fetch: typeof fetch }): Promise<number> {
  const answer = await options.fetch("https://fal.run/fal-ai/flux/schnell", {
    method: "POST",
    headers: { authorization: `Key ${process.env.FAL_KEY ?? "none"}`, "content-type": "application/json" },
    body: JSON.stringify({ prompt, image_size: "square" }),
  });
  return answer.status;
}

console.log(`sdk: ${await generateImage("a paper boat", { fetch: meter.with({ tags: { via: "sdk" } }).fetch })}`);

// The same meter behind a fal client: both spend from one budget.
const fal = createFalClient({ credentials: process.env.FAL_KEY ?? "none", meter });
await fal
  .with({ tags: { via: "client" } })
  .run("fal-ai/flux/schnell", { input: { prompt: "a paper boat", image_size: "square" } });

for (const { key, calls, spent } of (await meter.spend({ by: ["tag:via"] })).groups ?? []) {
  console.log(`${key["tag:via"]}: ${calls} call for $${spent}`);
}
for (const { name, spent } of await meter.budgets()) console.log(`budget "${name}": $${spent}`);

await meter.close();
await emulator?.close();
