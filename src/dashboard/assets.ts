/** The files that the page is made of, read from this package and from uPlot's. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { answer } from "./answer.ts";
import { STYLE } from "./style.ts";

const SCRIPT = "text/javascript; charset=utf-8";
const SHEET = "text/css; charset=utf-8";

const own = (name: string) => new URL(`./page/${name}`, import.meta.url);
const uplot = (name: string) => createRequire(import.meta.url).resolve(`uplot/dist/${name}`);

/** The scripts are written as browsers run them, so that the page needs no build. */
export const PAGE_SCRIPTS = [
  "answers.js",
  "app.js",
  "budgets.js",
  "calls.js",
  "chart.js",
  "dom.js",
  "filters.js",
  "format.js",
  "groups.js",
  "lists.js",
  "live.js",
  "outlook.js",
  "series.js",
  "theme.js",
  "tiles.js",
] as const;

const FILES: Readonly<Record<string, { type: string; text: () => Promise<string> }>> = {
  "style.css": { type: SHEET, text: async () => STYLE },
  "uplot.css": { type: SHEET, text: () => readFile(uplot("uPlot.min.css"), "utf8") },
  "uplot.js": { type: SCRIPT, text: () => readFile(uplot("uPlot.esm.js"), "utf8") },
  ...Object.fromEntries(PAGE_SCRIPTS.map((name) => [name, { type: SCRIPT, text: () => readFile(own(name), "utf8") }])),
};

export interface Assets {
  /** The file, or that the browser's copy of it is still good; `null` for a name that is none. */
  get(name: string, request: Request): Promise<Response | null>;
}

/** Read once, when first asked for. */
export function createAssets(): Assets {
  const read = new Map<string, { text: string; tag: string }>();
  return {
    async get(name, request) {
      const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
      if (!file) return null;
      let kept = read.get(name);
      if (!kept) {
        const text = await file.text();
        kept = { text, tag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"` };
        read.set(name, kept);
      }
      const headers = { "content-type": file.type, etag: kept.tag, "cache-control": "private, no-cache" };
      const known = request.headers.get("if-none-match") === kept.tag;
      return known ? answer(null, 304, headers) : answer(kept.text, 200, headers);
    },
  };
}
