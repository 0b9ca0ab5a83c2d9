import { asParameters } from "./ask.ts";
import { inputShape } from "./input-shape.ts";
import { readSize } from "./sizes.ts";

const DRAFT_SIDE = 512;

/** An input made small, and what was done to it. */
export interface Draft {
  input: unknown;
  /** For the log: `image_size 1024×768 → 512×512`. */
  drafted: string;
}

/**
 * The same input at 512 × 512, for endpoints that take an `image_size`. The caller's own input is left as it is.
 * `null` where there is no such size to make smaller, or it is as small already.
 * @throws OptionsError naming `input.image_size` when it is no size.
 */
export function draftInput(endpointId: string, input: unknown): Draft | null {
  const parameters = asParameters(input);
  const known = inputShape(endpointId).parameters.image_size;
  const chosen = parameters.image_size ?? known?.preset ?? undefined;
  // A size chosen from a short list, such as "1024x1024" or nothing, has no 512 × 512 in it.
  if (known ? known.kind !== "size" : chosen === undefined || isSpelled(chosen)) return null;
  const size = chosen === undefined ? null : readSize(chosen, "image_size");
  if (size && size.width * size.height <= DRAFT_SIDE * DRAFT_SIDE) return null;
  const before = size ? `${size.width}×${size.height}` : "the model's own size";
  return {
    input: { ...parameters, image_size: { width: DRAFT_SIDE, height: DRAFT_SIDE } },
    drafted: `image_size ${before} → ${DRAFT_SIDE}×${DRAFT_SIDE}`,
  };
}

function isSpelled(size: unknown): boolean {
  return typeof size === "string" && /^\d/.test(size);
}
