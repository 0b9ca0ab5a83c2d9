import { type EndpointGlob, endpointMatcher } from "../call.ts";
import { OptionsError } from "../errors.ts";
import { latencyOf } from "./options.ts";
import { PAID_KINDS, type RequestKind } from "./visit.ts";

/** What goes wrong. */
export type Mishap =
  /** The connection is cut before anything is accepted, recorded as paid or billed. */
  | "drop-before-accept"
  /** The work is accepted, and billed as if nothing happened; then the connection is cut without an answer. */
  | "drop-after-accept"
  /** The work is accepted and half of the answer's bytes arrive; then the connection is cut. */
  | "drop-mid-body"
  /** The result answers 404, as one that fal no longer keeps. */
  | "lose-result"
  /** The answer's status and headers are right and its body is no JSON. */
  | "malformed-json"
  /** fal answers this status instead; nothing is accepted. A units header of a decimal above zero is billed. */
  | { status: number; body?: unknown; headers?: Record<string, string> }
  /** The answer comes this much later, at most 24 hours. */
  | { delayMs: number }
  /** The billing header says this, and this is billed; `null` leaves the header out and bills as usual. */
  | { units: string | null };

export interface Fault {
  match?: {
    /** @default every endpoint */
    endpoint?: EndpointGlob | EndpointGlob[];
    /** `"any"` takes every kind. @default the kinds that buy: run, submit and stream; `"result"` for `"lose-result"` */
    kind?: RequestKind | RequestKind[] | "any";
  };
  /** How often it strikes, from 1. @default every time until it is disarmed */
  times?: number;
  /** How many matching requests pass before the first one struck. @default 0 */
  after?: number;
  do: Mishap;
}

const WORDS = ["drop-before-accept", "drop-after-accept", "drop-mid-body", "lose-result", "malformed-json"];

/** At most this many are armed at once. */
const ARMED_MAX = 1_000;

interface Armed {
  readonly matches: (kind: RequestKind, endpointId: string | null) => boolean;
  readonly mishap: Mishap;
  passes: number;
  strikes: number;
}

/** The faults that are armed, in the order in which they were. */
export class Faults {
  #armed: Armed[] = [];

  /**
   * Arms a fault; the function returned disarms it.
   * @throws OptionsError when its words or numbers are out of bounds, or a thousand are armed already.
   */
  arm(fault: Fault): () => void {
    check(fault);
    if (this.#armed.length >= ARMED_MAX)
      throw new OptionsError("faults", `at most ${ARMED_MAX} at once`, this.#armed.length + 1);
    const endpoint = fault.match?.endpoint;
    const kind = fault.match?.kind ?? (fault.do === "lose-result" ? "result" : PAID_KINDS);
    const fits = endpoint === undefined ? () => true : endpointMatcher(endpoint);
    const armed: Armed = {
      matches: (asked, endpointId) =>
        (kind === "any" || kind === asked || (Array.isArray(kind) && kind.includes(asked))) &&
        (endpointId === null ? endpoint === undefined : fits(endpointId)),
      mishap: fault.do,
      passes: fault.after ?? 0,
      strikes: fault.times ?? Number.POSITIVE_INFINITY,
    };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed);
    };
  }

  clear(): void {
    this.#armed = [];
  }

  /** Every mishap that strikes this request. Asking counts: a fault that struck for the last time is gone. */
  strike(kind: RequestKind, endpointId: string | null): Mishap[] {
    const struck: Mishap[] = [];
    for (const armed of this.#armed) {
      if (!armed.matches(kind, endpointId)) continue;
      if (armed.passes > 0) {
        armed.passes--;
      } else if (armed.strikes > 0) {
        armed.strikes--;
        struck.push(armed.mishap);
      }
    }
    this.#armed = this.#armed.filter((armed) => armed.strikes > 0);
    return struck;
  }
}

function check({ do: mishap, times, after }: Fault): void {
  const wanted = `one of ${WORDS.map((word) => `"${word}"`).join(", ")}, { status }, { delayMs } or { units }`;
  if (times !== undefined && !(Number.isInteger(times) && times >= 1))
    throw new OptionsError("fault.times", "a whole number from 1", times);
  if (after !== undefined && !(Number.isInteger(after) && after >= 0))
    throw new OptionsError("fault.after", "a whole number from 0", after);
  if (typeof mishap === "string") {
    if (!WORDS.includes(mishap)) throw new OptionsError("fault.do", wanted, mishap);
  } else if (typeof mishap !== "object" || mishap === null) {
    throw new OptionsError("fault.do", wanted, mishap);
  } else if ("delayMs" in mishap) {
    latencyOf(mishap.delayMs, "fault.do.delayMs");
  } else if ("status" in mishap) {
    const { status } = mishap;
    if (!(Number.isInteger(status) && status >= 400 && status <= 599)) {
      throw new OptionsError("fault.do.status", "an HTTP status from 400 to 599", status);
    }
  } else if (!("units" in mishap)) {
    throw new OptionsError("fault.do", wanted, mishap);
  }
}
