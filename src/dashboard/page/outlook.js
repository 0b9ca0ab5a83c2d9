// @ts-check
/** Alerts, and what could cost less. */
import { byId, el, showItems } from "./dom.js";
import { money, plainText, size } from "./format.js";
import { listIn } from "./lists.js";

/** @typedef {import("./answers.js").Outlook} Outlook */
/** @typedef {import("./format.js").Times} Times */

const SEVERITY = { critical: "Critical", warning: "Warning", info: "Note" };

/**
 * Alerts above the panels, advice in its own.
 * @param {Outlook} outlook
 * @param {Times} times
 * @param {Date} now
 */
export function showOutlook({ alerts, advice, taken }, times, now) {
  const place = byId("alerts");
  place.hidden = alerts.length === 0;
  let list = place.querySelector("ul");
  if (!list) {
    list = el("ul");
    place.replaceChildren(list);
  }
  showItems(
    list,
    alerts.slice(0, ALERTS_SHOWN),
    ({ id }) => id,
    (alert) =>
      el(
        "li",
        { "data-severity": alert.severity },
        el("span", { class: "badge" }, SEVERITY[alert.severity]),
        el("span", { class: "text" }, plainText(worded(alert.title, times, now))),
      ),
    times.zone,
  );
  const empty = advice.length === 0 ? "Nothing stands out: no waste shows in these purchases." : null;
  const items = listIn("advice-list", "ul", "advice", empty);
  if (!items) return;
  showItems(
    items,
    advice,
    ({ kind, endpointId, title }) => JSON.stringify([kind, endpointId, title]),
    ({ title, how, saving }) =>
      el(
        "li",
        {},
        el(
          "div",
          { class: "row" },
          el("strong", {}, plainText(worded(title, times, now))),
          size(saving) > 0 && el("span", { class: "gain" }, money(saving)),
        ),
        el("p", { class: "sub" }, plainText(worded(how, times, now))),
      ),
  );
  byId("advice-list").querySelector(".rest")?.remove();
  if (taken === "part")
    byId("advice-list").append(el("p", { class: "rest" }, "Taken from the newest calls of the month."));
}

const ALERTS_SHOWN = 6;

/**
 * Alerts are written for logs, with times in UTC and every digit of an amount; here they are read by people of one zone.
 * @param {string} title
 * @param {Times} times
 * @param {Date} now
 */
function worded(title, times, now) {
  return title
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (at) => times.near(at, now))
    .replace(/\$([\d,]+\.\d{3,})/g, (_, amount) => money(amount.replaceAll(",", "")));
}
