import { readFileSync } from "node:fs";
import fc from "fast-check";

/*
 * Inputs as the client's own types allow them, read from its declarations and not from what the estimator took of them: every
 * parameter, every listed value, every nested object.
 */

interface Member {
  name: string;
  required: boolean;
  type: string;
  comment: string;
}

const declarations = new URL("../../node_modules/@fal-ai/client/src/types/endpoints.d.ts", import.meta.url);
const lines = readFileSync(declarations, "utf8").split("\n");
const aliases = new Map<string, string>();
const objects = new Map<string, readonly Member[]>();
const inputs = new Map<string, string>();

for (let at = 0; at < lines.length; at++) {
  const [, name, type] = /^export type (\w+) = (.*)$/.exec(lines[at]!) ?? [];
  if (name === undefined || type === undefined) continue;
  if (type !== "{") {
    aliases.set(name, type.replace(/;$/, ""));
    continue;
  }
  const end = lines.indexOf("};", at);
  if (name === "EndpointTypeMap") readEndpoints(lines.slice(at, end));
  else objects.set(name, readMembers(lines.slice(at + 1, end)));
}

/** Every endpoint of the client's `EndpointTypeMap`. */
export const mappedEndpoints: readonly string[] = [...inputs.keys()];

function readEndpoints(body: readonly string[]): void {
  for (const [index, line] of body.entries()) {
    const endpointId = /^ {4}"([^"]+)": \{$/.exec(line)?.[1];
    if (endpointId) inputs.set(endpointId, /^ {8}input: (\w+);$/.exec(body[index + 1]!)![1]!);
  }
}

function readMembers(body: readonly string[]): Member[] {
  const members: Member[] = [];
  let comment = "";
  for (const line of body) {
    const [, name, optional, type] = /^ {4}(\w+)(\??): (.*);$/.exec(line) ?? [];
    if (name === undefined || type === undefined) comment += line;
    else {
      members.push({ name, required: optional === "", type, comment });
      comment = "";
    }
  }
  return members;
}

const DEEPEST = 4;

/** Any input that the endpoint's type allows. A bare `number` is one that its comment or its name can mean. */
export function typedInput(endpointId: string): fc.Arbitrary<Record<string, unknown>> {
  return anyOf(inputs.get(endpointId)!, "", "", 0) as fc.Arbitrary<Record<string, unknown>>;
}

function anyOf(type: string, name: string, comment: string, depth: number): fc.Arbitrary<unknown> {
  const choices = alternatives(type);
  if (choices.length > 1) return fc.oneof(...choices.map((each) => anyOf(each, name, comment, depth)));
  const element = /^Array<(.*)>$/.exec(type)?.[1];
  if (element !== undefined) {
    return fc.array(anyOf(element, name, comment, depth + 1), { maxLength: depth < DEEPEST ? 3 : 0 });
  }
  const literal = /^"(.*)"$/.exec(type)?.[1];
  if (literal !== undefined) return fc.constant(literal);
  switch (type) {
    case "string":
      return fc.oneof(fc.constant("https://example.com/a"), fc.string({ maxLength: 300, unit: "grapheme" }));
    case "number":
      return numberOf(name, comment);
    case "boolean":
      return fc.boolean();
    case "Blob":
    case "File":
      return fc.constant(new Blob(["a"]));
    case "unknown":
    case "void":
      return fc.constantFrom(null, 1, "a", true);
  }
  const alias = aliases.get(type);
  if (alias !== undefined) return alias.startsWith("Record") ? fc.constant({}) : anyOf(alias, name, comment, depth);
  return depth < DEEPEST ? objectOf(objects.get(type)!, depth) : fc.constant({});
}

function objectOf(members: readonly Member[], depth: number): fc.Arbitrary<unknown> {
  const fields = members.map(({ name, type, comment }) => [name, anyOf(type, name, comment, depth + 1)]);
  const requiredKeys = members.filter(({ required }) => required).map(({ name }) => name);
  return fc.record<Record<string, unknown>, string>(Object.fromEntries(fields), { requiredKeys });
}

/** The members of a union, where bars within quotes and brackets are none of its own. */
function alternatives(type: string): string[] {
  const found: string[] = [];
  let [start, depth, quoted] = [0, 0, false];
  for (let at = 0; at < type.length; at++) {
    const sign = type[at];
    if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === "<") depth++;
    else if (!quoted && sign === ">") depth--;
    else if (!quoted && depth === 0 && sign === "|") {
      found.push(type.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...found, type.slice(start).trim()];
}

const RANGE = /(?:between|from|range:?) \[?(-?[\d.]+)(?: ?s)?,? ?(?:to|and|-|,) (-?[\d.]+)/i;
const PRESET = /Default value: `(-?[\d.]+)`/;
/** Parameters of which a request can only mean a whole number. */
const WHOLE =
  /^(num_|number_of_|max_|min_|width|height|target_width|target_height|steps|seed)|frames$|steps$|fps$|_ms$/;

function numberOf(name: string, comment: string): fc.Arbitrary<number> {
  const [, least, most] = RANGE.exec(comment) ?? [];
  const [min, max] = Number(least) < Number(most) ? [Number(least), Number(most)] : [1, 60];
  const preset = PRESET.exec(comment)?.[1];
  const usual = preset === undefined ? [] : [fc.constant(Number(preset))];
  const any = WHOLE.test(name)
    ? fc.integer({ min: Math.ceil(min), max: Math.max(Math.ceil(min), Math.floor(max)) })
    : fc.double({ min, max, noNaN: true });
  return fc.oneof(any, ...usual);
}
