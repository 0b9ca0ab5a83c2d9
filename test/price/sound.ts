import type { Estimate } from "../../src/price/estimate.ts";

/** What every estimate promises, whatever was asked. */
export function isSound({ low, expected, high, confidence, source }: Estimate): boolean {
  if (low === null || expected === null || high === null)
    return low === expected && expected === high && confidence === "unknown" && source !== "";
  const ordered = low.isFinite() && high.isFinite() && !low.isNegative() && low.lte(expected) && expected.lte(high);
  return ordered && high.gt(0) && (confidence !== "exact" || low.eq(high));
}
