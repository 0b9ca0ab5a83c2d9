/** What would it cost? Nothing is sent. Run: npx tsx examples/05-estimate-before-buying.ts */
import { createMeter } from "fal-meter";

const meter = createMeter({ store: "memory:" });

const { endpointId, expected, basis, asOf } = await meter.estimate("fal-ai/flux-pro/v1.1", {
  image_size: "square_hd",
  num_images: 2,
});
console.log(`${endpointId}: $${expected} (${basis} of ${asOf})`);

// A spoken text has no length before it is spoken: low and high say how far off it can be. A hold takes high.
const speech = await meter.estimate("fal-ai/f5-tts", { gen_text: "word ".repeat(100), model_type: "F5-TTS" });
console.log(`${speech.endpointId}: $${speech.low} to $${speech.high}, ${speech.confidence}`);
for (const line of speech.lines) console.log(`  ${line.label}: $${line.amount}`);

// Nobody's price is null, never zero.
const unheard = await meter.estimate("acme/unheard-of", { prompt: "?" });
console.log(`${unheard.endpointId}: ${unheard.expected} (${unheard.source})`);

// A price of your own fills the gap.
const informed = createMeter({ store: "memory:", prices: { rates: { "acme/unheard-of": "0.05" } } });
const known = await informed.estimate("acme/unheard-of", { prompt: "?" });
console.log(`${known.endpointId}: $${known.expected} (${known.source})`);

await meter.close();
await informed.close();
