import { type Limits, type ResolvedLimits, resolveLimits } from "../../src/limit/options.ts";

export function limitsOf(limits: Limits): ResolvedLimits {
  const resolved = resolveLimits(limits);
  if (!resolved) throw new TypeError("limits were given and must resolve");
  return resolved;
}
