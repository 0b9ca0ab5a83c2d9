// @ts-check
/** Light or dark: as the system has it, until the reader chooses. */
import { byId } from "./dom.js";

/** @param {() => void} redraw For what has its colours drawn into it. */
export function followTheme(redraw) {
  const wantsDark = matchMedia("(prefers-color-scheme: dark)");

  /** @param {string | null} theme `null` follows the system. */
  function wear(theme) {
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
    const dark = (document.documentElement.dataset.theme ?? (wantsDark.matches ? "dark" : "light")) === "dark";
    byId("theme").setAttribute("aria-pressed", String(dark));
    redraw();
  }

  byId("theme").addEventListener("click", () => {
    const theme = byId("theme").getAttribute("aria-pressed") === "true" ? "light" : "dark";
    localStorage.setItem("fal-meter-theme", theme);
    wear(theme);
  });
  wantsDark.addEventListener("change", () => wear(null));
  wear(localStorage.getItem("fal-meter-theme"));
}
