/** Two jobs at once, however many are asked for; the urgent one goes first. Run: npx tsx examples/04-limits.ts */
import { createFalClient } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";

const emulator = process.env.FAL_KEY ? null : await startEmulator({ latencyMs: 50 });
const fal = createFalClient({
  ...(emulator && { credentials: "none", fetch: emulator.fetch }),
  meter: { store: "memory:", limits: { concurrency: 2, starts: { count: 100, per: "1s" }, maxQueue: 50 } },
});

let atWork = 0;
let most = 0;
const sent: string[] = [];
fal.meter.on("call-sent", ({ tags }) => {
  atWork += 1;
  most = Math.max(most, atWork);
  sent.push(tags.name ?? "");
});
fal.meter.on("call-settled", () => {
  atWork -= 1;
});

const draw = (name: string, priority = 0) =>
  fal
    .with({ tags: { name }, priority })
    .run("fal-ai/flux/schnell", { input: { prompt: `a ${name} bird`, image_size: "square" } });

await Promise.all([draw("first"), draw("second"), draw("third"), draw("fourth"), draw("urgent", 10)]);
console.log(`calls sent: ${sent.length}, most at once: ${most}`);
console.log(`after the first two: ${sent[2]}`);

await fal.meter.close();
await emulator?.close();
