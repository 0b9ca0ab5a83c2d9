import { type Ask, choice, settled, switchedOn, takes } from "./ask.ts";
import { both, type Factor, plainFactor } from "./factor.ts";
import { exactly, type Span, span } from "./span.ts";

/** A parameter that makes a unit dearer when it is used. */
interface Surcharge {
  parameter: string;
  endpoints: RegExp;
  /** The value that costs more, in lower case; `null` for anything that switches it on. */
  value: string | null;
  /** Multiple of the listed price. */
  multiple: Span;
  /** Why, where the endpoint's own words give no figure. */
  doubt: string | null;
}

function figure(parameter: string, endpoints: RegExp, multiple: number, value: string | null = null): Surcharge {
  return { parameter, endpoints, value, multiple: exactly(multiple), doubt: null };
}

function vague(parameter: string, endpoints: RegExp, multiple: Span): Surcharge {
  const doubt = `${parameter} raises the price by an amount that is not published`;
  return { parameter, endpoints, value: null, multiple, doubt };
}

/** From the comments on the endpoints' own parameters (@fal-ai/client 1.10.1). */
const surcharges: readonly Surcharge[] = [
  figure("use_thought", /^fal-ai\/bagel/, 1.2),
  figure("keyterms", /^fal-ai\/elevenlabs\/speech-to-text/, 1.3),
  figure("enable_detail_pass", /^fal-ai\/ltx/, 2),
  figure("pro_mode", /^fal-ai\/hunyuan-video/, 2),
  figure("enhancement_tier", /^fal-ai\/bytedance-upscaler/, 10, "pro"),
  figure("textured_mesh", /^fal-ai\/hunyuan3d/, 3),
  figure("addons", /^fal-ai\/hyper3d\/rodin/, 3, "highpack"),
  figure("num_songs", /^sonauto\//, 1.5, "2"),
  figure("voice_audio_url", /^fal-ai\/personaplex/, 2),
  // A flat fee for each request, which weighs most on a single megapixel.
  vague("enable_prompt_expansion", /^fal-ai\/z-image\/turbo/, span(1, 1.5, 1.5)),
  vague("use_real_cfg", /^fal-ai\/flux-general/, span(1, 2, 3)),
  vague("fill_image", /^fal-ai\/flux-general/, span(1, 1.5, 2)),
  vague("model", /^fal-ai\/any-llm/, span(1, 1, 10)),
  vague("model", /^openrouter\//, span(1, 1, 100)),
  vague("enable_web_search", /banana|gemini/, span(1, 1.1, 1.25)),
];

/** The surcharges that can meet an endpoint, made once. */
export function surchargesOf(endpointId: string): (ask: Ask) => Factor {
  const own = surcharges.filter((each) => each.endpoints.test(endpointId));
  if (own.length === 0) return () => plainFactor;
  return (ask) => {
    let factor = plainFactor;
    for (const surcharge of own) {
      if (!isMet(ask, surcharge)) continue;
      const { parameter, value, multiple, doubt } = surcharge;
      factor = both(factor, {
        factor: multiple,
        label: `with ${parameter}${value === null ? "" : ` ${value}`}`,
        doubt,
      });
    }
    return factor;
  };
}

function isMet(ask: Ask, { parameter, value }: Surcharge): boolean {
  if (!takes(ask, parameter)) return false;
  if (value === null) return switchedOn(ask, parameter);
  const chosen = settled(ask, parameter);
  return Array.isArray(chosen)
    ? chosen.some((each) => String(each).toLowerCase() === value)
    : choice(ask, parameter) === value;
}
