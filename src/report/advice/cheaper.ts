import { type Decimal, fromNano, lessPercent, type Nano, toNano } from "../../money.ts";
import type { Entry } from "../../store/store.ts";
import { type Advice, byEndpoint, counted, evidenceOf, type Paid, shown } from "./advise.ts";

/** Another way to have bought the same thing. */
export interface CheaperWay {
  kind: "smaller-size" | "cheaper-model" | "silent-video";
  /** What to ask for instead, such as `768 × 768 pixels`, `fal-ai/flux/schnell` or `silent`. */
  change: string;
  /** Dollars for the whole purchase, undiscounted. */
  cost: Decimal;
}

const HOW: Record<CheaperWay["kind"], (change: string) => string> = {
  "smaller-size": (change) => `Where the platform shows no more, ask for ${change}.`,
  "cheaper-model": (change) => `Try ${change} and compare what comes out.`,
  "silent-video": (change) => `Where the sound is replaced anyway, ask for ${change}.`,
};

/**
 * What cheaper ways would have saved: for each endpoint and kind the change that saves most over all purchases it fits. The
 * discount that a purchase had is taken off its alternative too.
 */
export function cheaperWays(paid: readonly Paid[], waysOf: (entry: Entry) => readonly CheaperWay[]): Advice[] {
  return [...byEndpoint(paid)].flatMap(([endpointId, its]) => {
    const found = new Map<string, { way: CheaperWay; saved: Nano; paid: Paid[] }>();
    for (const each of its) {
      for (const way of waysOf(each.entry)) {
        const saved = each.cost - toNano(lessPercent(way.cost, each.entry.discountPercent));
        if (saved <= 0n) continue;
        const name = JSON.stringify([way.kind, way.change]);
        const sofar = found.get(name) ?? { way, saved: 0n, paid: [] };
        sofar.saved += saved;
        sofar.paid.push(each);
        found.set(name, sofar);
      }
    }
    const best = new Map<CheaperWay["kind"], { way: CheaperWay; saved: Nano; paid: Paid[] }>();
    for (const each of found.values()) {
      if (each.saved > (best.get(each.way.kind)?.saved ?? 0n)) best.set(each.way.kind, each);
    }
    return [...best.values()].map(({ way, saved, paid: fitting }) => ({
      kind: way.kind,
      title: `${endpointId} as ${way.change} would have saved ${shown(saved)} on ${counted(fitting.length, "purchase")}`,
      saving: fromNano(saved),
      endpointId,
      evidence: evidenceOf(
        fitting.map(({ entry }) => entry),
        fitting.reduce((total, { cost }) => total + cost, 0n),
      ),
      how: HOW[way.kind](way.change),
    }));
  });
}
