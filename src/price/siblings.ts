import { decimal } from "../money.ts";
import type { Alternative } from "./alternatives.ts";
import { asParameters } from "./ask.ts";
import { inputShape, typedEndpoints } from "./input-shape.ts";
import type { Pricer } from "./pricer.ts";

/** Words by which the models of one family differ in quality, speed and price. */
const GRADES = new Set(
  "pro standard master lite fast turbo flash flex max ultra mini hd dev schnell distill distilled premium".split(" "),
);

/** Dollars: less is not worth another model. */
const LEAST_SAVED = decimal("0.000001");

/**
 * The same input at the cheaper models of its family, the one that saves most first: `fal-ai/veo3.1/fast` for `fal-ai/veo3.1`. Only
 * endpoints of the client's types that take every parameter given, for that is how two are known to be asked alike.
 */
export function cheaperSiblings(pricer: Pricer, endpointId: string, input: unknown, at: number): Alternative[] {
  const asked = pricer.estimate(endpointId, input, at);
  if (asked.expected === null || asked.high === null) return [];
  const family = familyName(endpointId);
  const found: Alternative[] = [];
  for (const sibling of typedEndpoints()) {
    if (sibling === endpointId || familyName(sibling) !== family || !takesAll(sibling, input)) continue;
    const estimate = pricer.estimate(sibling, input, at);
    if (estimate.expected === null || estimate.high?.gt(asked.high)) continue;
    const saves = asked.expected.sub(estimate.expected);
    if (saves.gte(LEAST_SAVED)) found.push({ change: sibling, input: {}, estimate, saves });
  }
  return found.sort((a, b) => b.saves.cmp(a.saves));
}

/** An endpoint's id without the words of its grade: `fal-ai veo3.1` for `fal-ai/veo3.1/fast`. */
function familyName(endpointId: string): string {
  return endpointId
    .split(/[/-]/)
    .filter((word) => !GRADES.has(word))
    .join(" ");
}

function takesAll(endpointId: string, input: unknown): boolean {
  const { parameters } = inputShape(endpointId);
  return Object.entries(asParameters(input)).every(([name, value]) => {
    const known = parameters[name];
    // Those that do not bear on a price are not among the shapes.
    if (!known) return !BEARS.test(name);
    return typeof value !== "string" || known.options.length === 0 || known.options.includes(value);
  });
}

const BEARS = /duration|resolution|size|aspect_ratio|num_|frames|fps|audio|video|image|quality|text|width|height/;
