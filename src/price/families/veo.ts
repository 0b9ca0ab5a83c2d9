import { type Ask, choice } from "../ask.ts";
import { both, known, switched } from "../factor.ts";
import { span } from "../span.ts";
import { documentation, documented, type Family, modelPages, pagesRead } from "./family.ts";

const SOUND: [string, string] = ["with sound", "silent"];

/** Veo 3.1: 720p and 1080p $0.20 silent, $0.40 with sound; 4k $0.40 and $0.60 a second, over a listed $0.40. */
const veo31: Family = {
  covers: (endpointId) => /^fal-ai\/veo3\.1(?!\/(fast|lite))/.test(endpointId),
  unit: "seconds",
  price: () => "0.4",
  source: documentation,
  asOf: documented,
  factor(ask) {
    if (choice(ask, "resolution") !== "4k") return switched(ask, "generate_audio", 1, 0.5, SOUND);
    return both(switched(ask, "generate_audio", 1.5, 1, SOUND), known(1, "at 4k"));
  },
};

/** Veo 3: $0.40 with sound and $0.20 silent. */
const veo3: Family = {
  covers: (endpointId) => /^fal-ai\/veo3(\/image-to-video)?$/.test(endpointId),
  unit: "seconds",
  source: modelPages,
  asOf: pagesRead,
  factor: (ask) => switched(ask, "generate_audio", 1, 0.5, SOUND),
};

/** The fast and lite ones follow the same pattern at figures that are not all published. */
const veoFast: Family = {
  covers: (endpointId) => /^fal-ai\/veo3(\.1)?\/(fast|lite)/.test(endpointId),
  unit: "seconds",
  price: (endpointId) => (endpointId.includes("/lite") ? "0.05" : "0.15"),
  source: documentation,
  asOf: documented,
  factor(ask) {
    const lite = ask.endpointId.includes("/lite");
    const sound = switched(ask, "generate_audio", lite ? span(1, 1, 2) : 1, span(0.5, 0.667, 1), SOUND);
    return both(sound, fourK(ask));
  },
};

function fourK(ask: Ask) {
  const chosen = choice(ask, "resolution");
  if (chosen === "720p" || (chosen === "1080p" && !ask.endpointId.includes("/lite"))) return known(1, "");
  if (chosen === "1080p")
    return { factor: span(1, 1.6, 2), label: "at 1080p", doubt: "its price at 1080p is not published" };
  return { factor: span(1, 2, 3), label: "at 4k", doubt: "its price at 4k is not published" };
}

export const veo: readonly Family[] = [veo31, veo3, veoFast];
