import type { Ask } from "../ask.ts";
import type { Factor } from "../factor.ts";
import type { Count } from "../quantity.ts";

/** A published rule for a group of endpoints: what a listed unit price is multiplied by, or how its units are counted. */
export interface Family {
  covers(endpointId: string): boolean;
  /** The unit it counts in. A live or own price in another unit is counted by that unit instead. */
  readonly unit: string;
  /** Dollars for one unit at multiple 1, for endpoints that the bundled list lacks; `null` where it is not known. */
  price?(endpointId: string): string | null;
  readonly source: string;
  /** When the source was read. */
  readonly asOf: string;
  /** Counts the units, where the unit's own rule does not. */
  readonly count?: Count;
  /** The multiple for a request. @default 1 */
  factor?(ask: Ask): Factor;
}

export const documentation = "fal documentation, April 2026";
export const documented = "2026-04";
export const clientTypes = "parameter comments of @fal-ai/client 1.10.1";
/** The price paragraphs on the pages of fal's models. */
export const modelPages = "fal's model pages, November 2026";
export const pagesRead = "2026-11";
