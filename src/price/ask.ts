import { OptionsError } from "../errors.ts";
import type { InputShape, Parameter } from "./input-shape.ts";
import type { KnownFiles } from "./known-files.ts";
import type { AssumedInputs } from "./prices-options.ts";

/** One endpoint asked with one input: what a rule may look at. */
export interface Ask {
  readonly endpointId: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly shape: InputShape;
  /** What is known of the files in the input; empty where nobody looked inside them. */
  readonly files: KnownFiles;
  /** How large the other files are taken to be. */
  readonly assumed: AssumedInputs;
}

const nothing: Readonly<Record<string, unknown>> = Object.freeze({});

/** An input as parameters; anything that is no plain set of them (a form, a string, nothing) states none. */
export function asParameters(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === "object" && input !== null && !Array.isArray(input)
    ? (input as Record<string, unknown>)
    : nothing;
}

export function parameter(ask: Ask, name: string): Parameter | undefined {
  return ask.shape.parameters[name];
}

/** What the caller gave; `null` counts as absent, as it does at fal. */
export function given(ask: Ask, name: string): unknown {
  return ask.input[name] ?? undefined;
}

/** What decides: the given value, else the endpoint's default, else nothing. */
export function settled(ask: Ask, name: string): unknown {
  return ask.input[name] ?? ask.shape.parameters[name]?.preset ?? undefined;
}

export function takes(ask: Ask, name: string): boolean {
  return ask.shape.parameters[name] !== undefined || given(ask, name) !== undefined;
}

/** A choice by name, such as a resolution: lower case, or `null` where nobody states it. */
export function choice(ask: Ask, name: string): string | null {
  const value = settled(ask, name);
  return typeof value === "string" && value !== ""
    ? value.toLowerCase()
    : typeof value === "number"
      ? String(value)
      : null;
}

/** True when a switch is on, a text is not empty or a list has something in it. */
export function switchedOn(ask: Ask, name: string): boolean {
  const value = settled(ask, name);
  if (typeof value === "string") return value !== "" && value !== "none" && value !== "false";
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== 0;
}

/**
 * A whole number from the input, or `fallback` where nobody states one.
 * @throws OptionsError naming `input.<name>` for anything that is not a whole number between `least` and `most`.
 */
export function wholeNumber(ask: Ask, name: string, fallback: number, most: number, least = 1): number {
  const value = settled(ask, name);
  if (value === undefined) return fallback;
  if (typeof value === "string" && parameter(ask, name)?.kind === "string") {
    return isSpelled(value) ? spelled(name, value, least, most) : fallback;
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OptionsError(`input.${name}`, `a whole number from ${least} to ${most}`, shown(value));
}

/** A type that takes any text takes one that is no number too, and fal refuses it. */
function isSpelled(value: string): boolean {
  return value.trim() !== "" && !Number.isNaN(Number(value));
}

/** Some parameters are numbers spelled as strings by their type, such as `num_frames: "129"`. */
function spelled(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new OptionsError(`input.${name}`, `a whole number from ${least} to ${most}, spelled out`, shown(value));
}

/**
 * A positive number from the input, or `fallback` where nobody states one.
 * @throws OptionsError naming `input.<name>` when it is no number, not finite, negative or above `most`.
 */
export function positiveNumber(ask: Ask, name: string, fallback: number, most: number): number {
  const value = settled(ask, name);
  if (value === undefined) return fallback;
  const worded = typeof value === "string" && parameter(ask, name)?.kind === "string";
  if (worded && !isSpelled(value)) return fallback;
  const number = worded ? Number(value) : value;
  if (typeof number === "number" && number >= 0 && number <= most) return number;
  throw new OptionsError(`input.${name}`, `a number from 0 to ${most}`, shown(value));
}

/** A value for a message: numbers and short words, never what may be a prompt or a file. */
export function shown(value: unknown): unknown {
  if (typeof value === "string") return value.length <= 16 ? value : "a longer text";
  return typeof value === "object" ? "an object" : value;
}
