/** One rule, one cap for every customer, those never seen before included. Run: npx tsx examples/02-budget-per-customer.ts */
import { BudgetExceededError, createFalClient } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

const emulator = process.env.FAL_KEY ? null : await startEmulator();
const fal = createFalClient({
  ...(emulator && { credentials: "none", fetch: emulator.fetch }),
  meter: {
    store: "memory:",
    budgets: [{ name: "per customer", limit: "0.01", per: "day", splitBy: "tag:customer" }],
  },
});

async function draw(customer: string): Promise<void> {
  const theirs = fal.with({ tags: { customer } });
  try {
    await theirs.subscribe("fal-ai/flux/schnell", { input: { prompt: "a red kite", image_size: "square_hd" } });
    console.log(`${customer}: drawn`);
  } catch (error) {
    if (!(error instanceof BudgetExceededError)) throw error;
    console.log(`${customer}: refused, $${error.remaining} left and $${error.requested} asked`);
  }
}

for (let i = 0; i < 4; i += 1) await draw("acme");
await draw("globex");

for (const { split, spent, limit } of await fal.meter.budgets()) {
  console.log(`${split} spent $${spent} of $${limit}`);
}

await fal.meter.close();
await emulator?.close();
