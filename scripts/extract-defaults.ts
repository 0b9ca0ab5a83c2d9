/**
 * Reads the endpoint types of @fal-ai/client and writes src/price/input-defaults.ts: for every typed endpoint the
 * parameters that bear on a price, with their default, kind and options. The same types always give the same file.
 *
 *   npx tsx scripts/extract-defaults.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const types = readFileSync(root("node_modules/@fal-ai/client/src/types/endpoints.d.ts"), "utf8").split("\n");
const { version } = JSON.parse(readFileSync(root("node_modules/@fal-ai/client/package.json"), "utf8")) as {
  version: string;
};

/** Parameters that decide how much is made, or what one unit of it costs. */
const BEARING = new Set(
  `num_images max_images num_samples num_results num_videos num_songs image_size video_size aspect_ratio resolution
  dimensions width height target_width target_height target_resolution upscale_factor upscale_mode scale desired_increase
  duration duration_seconds seconds_total total_seconds music_length_ms music_duration video_length
  extend_after_duration extend_before_duration start_time end_time num_frames number_of_frames fps frames_per_second
  frame_rate export_fps match_input_num_frames match_audio_length num_interpolated_frames steps number_of_steps
  num_inference_steps text gen_text prompt script lyrics lyrics_prompt preview_text text_input first_text_input
  second_text_input inputs scene text_prompt generate_audio generate_audio_switch enable_audio quality
  rendering_speed mode model performance tier enhancement_tier style turbo_mode use_turbo pro_mode use_thought
  use_real_cfg use_refiner enable_detail_pass enable_web_search enable_prompt_expansion enable_hr_fix fill_image loras
  resume_from_checkpoint keyterms detailed_analysis voice_ids thinking_level max_tokens max_completion_tokens target_fps multi_prompt
  match_video_length num_layers num_songs num_segments desired_increase`.split(/\s+/),
);
const MEDIA = /(^|_)(images?|videos?|audios?)(_urls?)?$|(^|_)(images?|videos?|audios?)_(data_)?urls?$/;

interface Parameter {
  name: string;
  required: boolean;
  type: string;
  doc: string;
}

const bodies = new Map<string, string[]>();
const aliases = new Map<string, string>();
for (let i = 0; i < types.length; i++) {
  const [, name, rest] = /^export type (\w+) = (.*)$/.exec(types[i]!) ?? [];
  if (!name || rest === undefined) continue;
  if (rest !== "{") {
    aliases.set(name, rest.replace(/;$/, ""));
    continue;
  }
  const body: string[] = [];
  while (!types[++i]!.startsWith("}")) body.push(types[i]!);
  bodies.set(name, body);
}

function parametersOf(type: string): Parameter[] {
  let name = type;
  for (let hops = 0; aliases.has(name) && hops < 10; hops++) name = aliases.get(name)!;
  const found: Parameter[] = [];
  let doc: string[] = [];
  for (const line of bodies.get(name) ?? []) {
    const text = line.trim();
    if (text.startsWith("/**")) doc = [];
    else if (text.startsWith("*") && !text.startsWith("*/")) doc.push(text.slice(1).trim());
    const [, key, optional, valueType] = /^ {4}(\w+)(\??): (.*);$/.exec(line) ?? [];
    if (!key || valueType === undefined) continue;
    found.push({ name: key, required: optional !== "?", type: valueType, doc: doc.join(" ") });
    doc = [];
  }
  return found;
}

function kindOf(type: string): string {
  if (type.startsWith("Array<")) return "l";
  if (type.includes("ImageSize")) return "z";
  if (type.includes("Blob")) return "m";
  if (type === "number") return "n";
  if (type === "boolean") return "b";
  return type.includes('"') || type.includes("string") ? "s" : "o";
}

function encode({ name, required, type, doc }: Parameter): string {
  const stated = /Default value: `(.*?)`/.exec(doc)?.[1]?.replace(/^"(.*)"$/, "$1");
  const kind = kindOf(type);
  const options = kind === "s" ? [...type.matchAll(/"([^"]*)"/g)].map((match) => match[1]!) : [];
  const plain = (value: string) => !/[;|~=]/.test(value) && value.length <= 40;
  const value = stated !== undefined && stated !== "" && plain(stated) ? `=${stated}` : "";
  const listed = options.length > 0 && options.length <= 24 && options.every(plain) ? `~${options.join("|")}` : "";
  return `${name}:${kind}${required ? "!" : ""}${value}${listed}`;
}

const shapes = new Map<string, number>();
const endpoints: [string, number][] = [];
const start = types.findIndex((line) => line.startsWith("export type EndpointTypeMap"));
for (let i = start + 1; i < types.length; i++) {
  const endpoint = /^ {4}"([^"]+)": \{$/.exec(types[i]!)?.[1];
  const input = endpoint && /^ {8}input: (\w+);$/.exec(types[i + 1]!)?.[1];
  if (!endpoint || !input) continue;
  const shape = parametersOf(input)
    .filter(({ name }) => BEARING.has(name) || MEDIA.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(encode)
    .join(";");
  if (!shapes.has(shape)) shapes.set(shape, shapes.size);
  endpoints.push([endpoint, shapes.get(shape)!]);
}
endpoints.sort(([a], [b]) => (a < b ? -1 : 1));

const file = `// Written by scripts/extract-defaults.ts from the endpoint types of @fal-ai/client ${version}. Do not edit.
// One parameter reads \`name:kind[!][=default][~option|option]\`; \`!\` is required; kinds are n number, s string, b boolean,
// l list, m media, z image size, o other.

/** Every distinct set of parameters that bear on a price. */
export const inputShapes: readonly string[] = [
${[...shapes.keys()].map((shape) => `  ${JSON.stringify(shape)},`).join("\n")}
];

/** Which of them each typed endpoint takes, as \`endpoint index\`. */
export const endpointShapes: readonly string[] = [
${endpoints.map(([endpoint, shape]) => `  "${endpoint} ${shape}",`).join("\n")}
];
`;
writeFileSync(root("src/price/input-defaults.ts"), file);
console.log(`${endpoints.length} endpoints, ${shapes.size} shapes, ${file.length} bytes`);
