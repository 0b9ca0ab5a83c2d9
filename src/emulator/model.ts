import { type Decimal, zero } from "../money.ts";
import { type Family, familyOf, lengthSeconds } from "./family.ts";
import { howMany, type Input, imageSize, textOf } from "./measure.ts";
import { contentType, dataUri, type Medium, mediaPath } from "./media.ts";
import { fingerprint } from "./random.ts";
import { invalid, refusal } from "./refusal.ts";
import { billableUnits } from "./units.ts";

/** One request, as the model that runs it sees it. */
export interface Work {
  readonly requestId: string;
  readonly endpointId: string;
  readonly input: unknown;
  /** What the endpoint's unit is called. */
  readonly unit: string;
  /** Where made things can be loaded from: `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** The seed for an input that has none. */
  readonly seed: number;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** What was used. Zero is known free; `null` is free and goes unsaid, as with a failure of the server. */
  readonly units: Decimal | null;
}

/** The work of a model: its answer, and the units it took. The same seed and prompt make the same things. */
export function perform(work: Work): Reply {
  const refused = check(work.endpointId, work.input);
  if (refused) return { ...refused, units: zero };
  const input = work.input as Input;
  if (input.fail === "server") return { ...refusal(500), units: null };
  const weight = fingerprint(JSON.stringify(input));
  const units = billableUnits(work.unit, work.endpointId, input, weight);
  if (input.fail === "charged") {
    return { ...invalid("prompt", "The content was flagged after it was made.", "content_policy_violation"), units };
  }
  return { status: 200, body: answer(work, input, 1), units };
}

/** The events of a stream before its last one: coarse previews for pictures, growing text, or progress alone. */
export function previews(work: Work, final: unknown): unknown[] {
  const input = work.input as Input;
  return [0.25, 0.5, 0.75].map((progress) => {
    const output = (final as { output?: unknown }).output;
    if (typeof output === "string") {
      return { output: output.slice(0, Math.ceil(output.length * progress)), partial: true };
    }
    const family = familyOf(work.endpointId, work.unit);
    return family === "images" || family === "image"
      ? { ...(answer(work, input, 8) as object), progress }
      : { progress };
  });
}

/** What a schema would refuse, which costs nothing. `input.fail: "validation"` asks for such a refusal. */
function check(endpointId: string, input: unknown) {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return invalid("body", "Input should be a valid dictionary", "model_attributes_type");
  }
  const fields = input as Input;
  if (fields.prompt === "" || fields.fail === "validation") {
    return invalid("prompt", "String should have at least 1 character", "string_too_short");
  }
  if (fields.prompt !== undefined && typeof fields.prompt !== "string") {
    return invalid("prompt", "Input should be a valid string", "string_type");
  }
  if (howMany(fields) === null) return invalid("num_images", "Input should be a whole number from 1 to 32", "range");
  if (imageSize(endpointId, fields) === null) {
    return invalid("image_size", "Input should be a named size or a width and height", "enum");
  }
  return null;
}

function answer(work: Work, input: Input, coarseness: number): unknown {
  const family = familyOf(work.endpointId, work.unit);
  const seed = Number.isSafeInteger(input.seed) ? (input.seed as number) : work.seed;
  const file = (medium: Medium, index = 0) => {
    const look = fingerprint(`${seed}|${textOf(input)}|${index}`);
    const path = mediaPath(work.requestId, index, look, medium);
    const url = input.sync_mode === true ? dataUri(medium, look) : `${work.origin}${path}`;
    return { url, content_type: contentType(medium), file_name: path.slice(path.lastIndexOf("/") + 1) };
  };
  const size = imageSize(work.endpointId, input)!;
  const seconds = lengthSeconds(family, work.endpointId, input);
  const picture = (index: number) => {
    const width = Math.ceil(size.width / coarseness);
    const height = Math.ceil(size.height / coarseness);
    return { ...file({ kind: "picture", width, height }, index), width, height };
  };
  const many = howMany(input)!;
  const forms: Record<Family, () => unknown> = {
    images: () => ({
      images: Array.from({ length: many }, (_, index) => picture(index)),
      seed,
      prompt: textOf(input),
      has_nsfw_concepts: Array.from({ length: many }, () => false),
      timings: { inference: 0 },
    }),
    image: () => ({ image: picture(0) }),
    video: () => ({ video: file({ kind: "clip", seconds }), seed }),
    speech: () => ({ [/f5-tts/.test(work.endpointId) ? "audio_url" : "audio"]: file({ kind: "sound", seconds }) }),
    audio: () => ({ audio: file({ kind: "sound", seconds }), audio_file: file({ kind: "sound", seconds }), seed }),
    transcript: () => ({
      text: "An emulated transcript.",
      chunks: [{ timestamp: [0, 1], text: "An emulated transcript." }],
    }),
    trainer: () => ({ diffusers_lora_file: file({ kind: "weights" }), config_file: file({ kind: "config" }, 1) }),
    language: () => ({ output: `An emulated answer, number ${seed}, to what was asked.`, partial: false, error: null }),
    style: () => ({ style_id: work.requestId }),
    echo: () => ({ output: input }),
  };
  return forms[family]();
}
