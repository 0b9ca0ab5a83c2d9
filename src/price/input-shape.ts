import { endpointShapes, inputShapes } from "./input-defaults.ts";
import { kin } from "./kin.ts";

/** `media` is a file or its URL, `size` a preset name or `{ width, height }`, `other` anything else. */
export type ParameterKind = "number" | "string" | "boolean" | "list" | "media" | "size" | "other";

/** One parameter of an endpoint, as the client's types and their comments state it (@fal-ai/client 1.10.1). */
export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly required: boolean;
  /** What the endpoint takes when it is absent; `null` where none is stated. */
  readonly preset: string | number | boolean | null;
  /** The values it may take, where they are listed. */
  readonly options: readonly string[];
}

/** The parameters of one endpoint that bear on its price; none for endpoints that the types do not know. */
export interface InputShape {
  /** The endpoint whose parameters these are, where its own are not known and those of its kin are taken. */
  readonly kin: string | null;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

const KINDS: Record<string, ParameterKind> = {
  n: "number",
  s: "string",
  b: "boolean",
  l: "list",
  m: "media",
  z: "size",
  o: "other",
};

/** Without a prototype: an input may have a parameter named `toString`. */
const untyped: InputShape = { kin: null, parameters: Object.create(null) };
const indexes: ReadonlyMap<string, number> = new Map(
  endpointShapes.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }),
);

/** The endpoints that the client's types know, sorted. */
export function typedEndpoints(): readonly string[] {
  return [...indexes.keys()];
}

export function inputShape(endpointId: string): InputShape {
  const sister = indexes.has(endpointId) || !Object.hasOwn(kin, endpointId) ? null : kin[endpointId]!;
  const index = indexes.get(sister ?? endpointId);
  if (index === undefined) return untyped;
  const parameters: Record<string, Parameter> = Object.create(null);
  for (const text of inputShapes[index]!.split(";")) {
    if (text === "") continue;
    const parameter = readParameter(text);
    parameters[parameter.name] = parameter;
  }
  return { kin: sister, parameters };
}

function readParameter(text: string): Parameter {
  const [head = "", listed] = text.split("~");
  const [declared = "", preset] = head.split("=");
  const [name = "", letters = "o"] = declared.split(":");
  const kind = KINDS[letters[0]!] ?? "other";
  return {
    name,
    kind,
    required: letters.endsWith("!"),
    preset: preset === undefined ? null : readPreset(preset, kind),
    options: listed === undefined ? [] : listed.split("|"),
  };
}

function readPreset(text: string, kind: ParameterKind): string | number | boolean {
  if (kind === "number" && Number.isFinite(Number(text))) return Number(text);
  return kind === "boolean" ? text === "true" : text;
}
