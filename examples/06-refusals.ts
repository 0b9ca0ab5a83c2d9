/** What a refusal tells you, and what to do about it. Run: npx tsx examples/06-refusals.ts */
import { BudgetExceededError, createFalClient, isMeterError, OptionsError, UnknownPriceError } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

const emulator = process.env.FAL_KEY ? null : await startEmulator();
const fal = createFalClient({
  ...(emulator && { credentials: "none", fetch: emulator.fetch }),
  meter: { store: "memory:", budgets: [{ name: "an hour", limit: "0.50", per: "hour" }] },
});

async function attempt(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
    console.log("bought");
  } catch (error) {
    if (error instanceof BudgetExceededError) {
      const when = error.transient && error.resetsAt ? "again in a later window" : "never, as it is asked";
      console.log(`too dear: $${error.requested} for "${error.budget}", $${error.remaining} left; ${when}`);
    } else if (error instanceof UnknownPriceError) {
      console.log(`no price: ${error.endpointId}, guarded by ${error.budgets.join(", ")}`);
    } else if (error instanceof OptionsError) {
      console.log(`absurd: ${error.option} must be ${error.wanted}`);
    } else if (isMeterError(error)) {
      console.log(`another refusal: ${error.name}`);
    } else throw error; // fal's own ApiError and ValidationError come through untouched.
  }
}

const cat = { prompt: "a cat", image_size: "square_hd" } as const;
await attempt(() => fal.run("fal-ai/flux/dev", { input: cat }));
await attempt(() => fal.run("fal-ai/veo3.1", { input: { prompt: "a cat" } }));
await attempt(() => fal.with({ maxCost: "0.01" }).run("fal-ai/flux/dev", { input: cat }));
await attempt(() => fal.run("acme/unheard-of", { input: { prompt: "a cat" } }));
await attempt(() => fal.run("fal-ai/flux/dev", { input: { ...cat, num_images: -1 } }));

const { calls, refused } = await fal.meter.spend();
console.log(`${calls} bought, ${refused} refused by budgets`);

await fal.meter.close();
await emulator?.close();
