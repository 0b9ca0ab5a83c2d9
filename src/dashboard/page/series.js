// @ts-check
/** A series in words and figures: its legend, and the table of it. */
import { byId, el, say, showItems } from "./dom.js";
import { money, placesOf, plainText, rounded } from "./format.js";

/** @typedef {import("./answers.js").Series} Series */
/** @typedef {import("./format.js").Times} Times */

const OTHERS = "All others";

/** @param {number} line */
export const lineColour = (line) => `--line-${line + 1}`;

/**
 * @param {Series} series
 * @param {number} index
 */
export function nameOf(series, index) {
  return plainText(series.lines[index]?.endpointId ?? OTHERS);
}

/** @param {number} line */
export function swatch(line) {
  const made = el("i", { class: "swatch", "aria-hidden": "true" });
  made.style.background = `var(${lineColour(line)})`;
  return made;
}

/** @param {Series} series */
export function legend(series) {
  const lines = series.lines.map((line, index) => ({ name: nameOf(series, index), index, total: total(line.spent) }));
  showItems(
    byId("legend"),
    lines,
    ({ index }) => String(index),
    ({ name, index, total: sum }) => el("li", {}, swatch(index), el("span", {}, name), el("b", {}, money(sum))),
  );
}

/**
 * Exact, in the smallest unit of what comes.
 * @param {readonly string[]} amounts
 */
function total(amounts) {
  const nano = amounts.reduce((sum, amount) => {
    const [whole = "0", fraction = ""] = amount.replace("-", "").split(".");
    const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
    return amount.startsWith("-") ? sum - value : sum + value;
  }, 0n);
  const digits = String(nano < 0n ? -nano : nano).padStart(10, "0");
  return `${nano < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/**
 * @param {Series} series
 * @param {Times} times
 */
export function seriesTable(series, times) {
  const rows = series.starts.map((start, index) => ({
    start,
    spent: series.total[index] ?? "0",
    saved: series.saved[index] ?? "0",
    calls: series.calls[index] ?? 0,
  }));
  const [spent, saved] = [placesOf(rows.map((row) => row.spent)), placesOf(rows.map((row) => row.saved))];
  const place = byId("spending-table");
  let body = place.querySelector("tbody");
  if (!body) {
    body = el("tbody");
    const heads = ["Time", "Spent", "Saved", "Purchases"].map((name, index) =>
      el("th", { scope: "col", class: index > 0 ? "number" : null }, name),
    );
    place.replaceChildren(
      el(
        "table",
        {},
        el("caption", { class: "unseen" }, "Spending over time"),
        el("thead", {}, el("tr", {}, ...heads)),
        body,
      ),
    );
  }
  showItems(
    body,
    rows,
    ({ start }) => start,
    (row) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, times.period(row.start, series.per)),
        el("td", { class: "number" }, rounded(row.spent, spent)),
        el("td", { class: "number" }, rounded(row.saved, saved)),
        el("td", { class: "number" }, row.calls.toLocaleString("en-US")),
      ),
    [spent, saved, series.per, times.zone],
  );
}

/**
 * @param {string} amount
 * @param {string} over
 * @param {number} purchases
 */
export function lead(amount, over, purchases) {
  const place = byId("spending-lead");
  say(
    place,
    `${money(amount)} ${over}, ${purchases.toLocaleString("en-US")} ${purchases === 1 ? "purchase" : "purchases"}`,
  );
}
