// @ts-check
/** What panels are made of. */
import { byId, el } from "./dom.js";
import { rounded } from "./format.js";

/**
 * An amount whose last zeros step back, so that a column of different precision still lines up and reads.
 * @param {string} amount
 * @param {number} places
 */
export function figure(amount, places) {
  const text = rounded(amount, places);
  const [, shown = text, zeros = ""] = places > 2 ? (/^(.*\.\d\d\d*?)(0*)$/.exec(text) ?? []) : [];
  return el(
    "span",
    { class: "amount", title: `$${amount}` },
    shown,
    zeros !== "" && el("span", { class: "faint" }, zeros),
  );
}

/** @param {string} message */
export function none(message) {
  return el("p", { class: "none" }, message);
}

/**
 * A list inside a panel, or why there is none.
 * @param {string} id
 * @param {"ul" | "ol"} kind
 * @param {string} className
 * @param {string | null} empty
 */
export function listIn(id, kind, className, empty) {
  const place = byId(id);
  if (empty !== null) {
    place.replaceChildren(none(empty));
    return null;
  }
  let list = place.querySelector(kind);
  if (!list) {
    list = el(kind, { class: className });
    place.replaceChildren(list);
  }
  return list;
}
