// @ts-check
/** The four figures at the top. */
import { byId, say } from "./dom.js";
import { cents, count, money, percent, size } from "./format.js";

/** @typedef {import("./answers.js").Summary} Summary */
/** @typedef {import("./answers.js").Outlook} Outlook */

/**
 * @param {string} id
 * @param {string} amount
 * @param {string} sub
 */
function tile(id, amount, sub) {
  const place = byId(`tile-${id}`);
  const [number, below] = [place.querySelector(".figure"), place.querySelector(".sub")];
  if (number) {
    say(number, money(amount));
    number.setAttribute("title", `$${amount}`);
  }
  if (below) say(below, sub);
}

/**
 * @param {Summary} summary
 * @param {string} over What the range is called.
 * @param {Outlook["forecast"]} forecast
 */
export function showTiles({ today, yesterday, month, held, range }, over, forecast) {
  tile("today", today.spent, `${count(today.calls, "purchase", "purchases")} · yesterday ${money(yesterday.spent)}`);
  const likely = forecast ? ` · likely ${money(cents(forecast.expected))} by its end` : "";
  tile("month", month.spent, `${count(month.calls, "purchase", "purchases")}${likely}`);
  const least = held.counted === "part" ? "at least " : "";
  const open = held.calls === 0 ? "nothing under way" : `${least}${count(held.calls, "call", "calls")} under way`;
  tile("held", held.amount, held.unknown > 0 ? `${open}, ${held.unknown} of unknown price` : open);
  const kept = range.cached + range.joined;
  const share = percent(size(range.saved), size(range.saved) + size(range.spent));
  tile(
    "saved",
    range.saved,
    kept === 0
      ? `no call was repeated ${over}`
      : `${share} of the cost ${over} · ${count(range.cached, "hit", "hits")}, ${count(range.joined, "join", "joins")}`,
  );
}
