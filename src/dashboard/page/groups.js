// @ts-check
/** Spending by model and by tag, as tables that narrow the page down. */
import { byId, el, say, showItems } from "./dom.js";
import { count, money, placesOf, size } from "./format.js";
import { figure, none } from "./lists.js";

/** @typedef {import("./answers.js").Groups} Groups */

const GROUPS_SHOWN = 12;

/**
 * A table of groups, each with a button that narrows the page down to it.
 * @param {string} id
 * @param {Groups} groups
 * @param {{ caption: string, head: string, empty: string, nameOf: (value: string | null) => string, choose: (value: string) => void }} words
 */
export function showGroups(id, { groups, more }, { caption, head, empty, nameOf, choose }) {
  const place = byId(id);
  if (groups.length === 0) {
    place.replaceChildren(none(empty));
    return;
  }
  let body = place.querySelector("tbody");
  if (!body) {
    body = el("tbody");
    const heads = ["", "Calls", "Spent"].map((name, index) =>
      el("th", { scope: "col", class: index > 0 ? "number" : "head-name" }, name),
    );
    place.replaceChildren(
      el(
        "table",
        { class: "groups" },
        el("caption", { class: "unseen" }),
        el("thead", {}, el("tr", {}, ...heads)),
        body,
      ),
    );
  }
  const [captionPlace, headPlace] = [place.querySelector("caption"), place.querySelector(".head-name")];
  if (captionPlace) say(captionPlace, caption);
  if (headPlace) say(headPlace, head);
  const most = Math.max(...groups.map(({ spent }) => size(spent)), 0);
  // Beside dollars, parts of a cent say nothing.
  const places = most >= 1 ? 2 : placesOf(groups.map(({ spent }) => spent));
  showItems(
    body,
    groups.slice(0, GROUPS_SHOWN),
    ({ value }) => JSON.stringify(value),
    (group) => {
      const name = nameOf(group.value);
      const bar = el("i", { class: "share", "aria-hidden": "true" });
      bar.style.width = `${most > 0 ? (size(group.spent) / most) * 100 : 0}%`;
      const button = el(
        "button",
        { type: "button", class: "name", title: name, "data-focus": `${id} ${JSON.stringify(group.value)}` },
        name,
      );
      button.addEventListener("click", () => choose(group.value ?? ""));
      const named = group.value === null ? el("span", { class: "name" }, name) : button;
      const extra = [
        group.cached + group.joined > 0 &&
          `${count(group.cached + group.joined, "repeat", "repeats")} saved ${money(group.saved)}`,
        group.refused > 0 && `${group.refused} refused`,
        group.unknown > 0 && `${group.unknown} of unknown cost`,
      ];
      const sub = extra.filter(Boolean).join(" · ");
      return el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          named,
          el("span", { class: "track" }, bar),
          sub !== "" && el("span", { class: "sub" }, sub),
        ),
        el("td", { class: "number" }, group.calls.toLocaleString("en-US")),
        el("td", { class: "number" }, figure(group.spent, places)),
      );
    },
    [places, most],
  );
  place.querySelector(".rest")?.remove();
  const rest = more + Math.max(0, groups.length - GROUPS_SHOWN);
  if (rest > 0) place.append(el("p", { class: "rest" }, `and ${rest.toLocaleString("en-US")} more`));
}
