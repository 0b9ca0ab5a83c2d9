import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const QUIET = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-gpu",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** A real browser. Without one it fails: a page that nobody has looked at is not known to work. */
export function launchChromium(): Promise<Browser> {
  const found = PLACES.find((place) => existsSync(place));
  if (!found) throw new Error(`No browser at ${PLACES.join(" or ")}. Install one: apt-get install -y chromium`);
  return chromium.launch({ executablePath: found, args: QUIET });
}
