import fc from "fast-check";
import { inputShape, type Parameter } from "../../src/price/input-shape.ts";

const SIZES = ["square", "square_hd", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"];

/** Inputs that an endpoint's types allow: all that is required, and any of the rest. */
export function randomInput(endpointId: string): fc.Arbitrary<Record<string, unknown>> {
  const parameters = Object.values(inputShape(endpointId).parameters);
  const fields = Object.fromEntries(parameters.map((parameter) => [parameter.name, anyOf(parameter)]));
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  return fc.record(fields, { requiredKeys: required });
}

function anyOf({ name, kind, options, preset }: Parameter): fc.Arbitrary<unknown> {
  if (options.length > 0)
    return fc.constantFrom(...options.map((option) => (kind === "number" ? Number(option) : option)));
  switch (kind) {
    case "size":
      return fc.oneof(fc.constantFrom(...SIZES), fc.record({ width: side, height: side }));
    case "number":
      return numberOf(name, preset);
    case "boolean":
      return fc.boolean();
    case "list":
      return fc.array(fc.constant("https://example.com/a"), { minLength: 1, maxLength: 3 });
    case "media":
      return fc.constant("https://example.com/a");
    default:
      return preset === null ? fc.string({ minLength: 1, maxLength: 400 }) : fc.constant(preset);
  }
}

const side = fc.integer({ min: 64, max: 2048 });

function numberOf(name: string, preset: unknown): fc.Arbitrary<number> {
  if (/^(num_images|num_videos|num_samples|max_images|num_results)$/.test(name)) return fc.integer({ min: 1, max: 4 });
  if (/frames/.test(name) && !/per_second/.test(name)) return fc.integer({ min: 17, max: 241 });
  if (/fps|frames_per_second|frame_rate/.test(name)) return fc.integer({ min: 4, max: 60 });
  if (/duration|seconds|length/.test(name)) return fc.integer({ min: 1, max: 60 });
  if (/steps/.test(name)) return fc.integer({ min: 1, max: 3000 });
  if (/width|height/.test(name)) return side;
  if (/scale|factor/.test(name)) return fc.integer({ min: 1, max: 4 });
  return fc.constant(typeof preset === "number" ? preset : 1);
}
