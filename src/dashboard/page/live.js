// @ts-check
/** Hears that the ledger changed, and says whether it hears. */
import { byId, say } from "./dom.js";

const WORDS = { connecting: "Connecting", live: "Live", lost: "Reconnecting", paused: "Paused" };

/** @param {keyof typeof WORDS} state */
function show(state) {
  const pill = byId("live");
  pill.dataset.state = state;
  say(pill, WORDS[state]);
}

/**
 * Listens while the page is looked at; a page in the background asks for nothing.
 * @param {{ changed: () => void, told: (line: { level: string, message: string, at: number }) => void }} listener
 */
export function listen({ changed, told }) {
  /** @type {EventSource | null} */
  let source = null;
  const open = () => {
    source = new EventSource("api/events");
    source.addEventListener("hello", () => {
      show("live");
      changed();
    });
    source.addEventListener("change", changed);
    source.addEventListener("meter", (event) => told(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      show("lost");
      // The browser tries again by itself unless it was refused.
      if (source?.readyState === EventSource.CLOSED) setTimeout(restart, 5_000);
    });
  };
  const restart = () => {
    source?.close();
    source = null;
    if (document.visibilityState === "visible") open();
    else show("paused");
  };
  document.addEventListener("visibilitychange", restart);
  restart();
}
