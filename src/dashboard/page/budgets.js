// @ts-check
/** The budgets, as bars. */
import { byId, el, say, showItems } from "./dom.js";
import { money, percent, plainText, size, span } from "./format.js";
import { listIn } from "./lists.js";

/** @typedef {import("./answers.js").Budgets} Budgets */
/** @typedef {import("./format.js").Times} Times */

const BUDGETS_SHOWN = 5;

/** @param {number} used */
function tone(used) {
  if (used >= 1) return "full";
  return used >= 0.8 ? "near" : "fine";
}

/**
 * @param {Budgets} budgets
 * @param {Times} times
 * @param {Date} now
 */
export function showBudgets({ budgets, more, unreadable }, times, now) {
  const button = /** @type {HTMLButtonElement} */ (byId("all-budgets"));
  const open = button.getAttribute("aria-expanded") === "true";
  button.hidden = budgets.length <= BUDGETS_SHOWN;
  say(button, open ? "Show fewer" : `Show all ${budgets.length + more}`);
  button.onclick = () => {
    button.setAttribute("aria-expanded", String(!open));
    showBudgets({ budgets, more, unreadable }, times, now);
  };
  const empty =
    budgets.length === 0
      ? "No meter of this ledger has a budget. Set budgets to be sure of the most that can be spent."
      : null;
  const list = listIn("budget-list", "ul", "budgets", empty);
  if (list) {
    const minute = Math.floor(now.getTime() / 60_000);
    showItems(
      list,
      open ? budgets : budgets.slice(0, BUDGETS_SHOWN),
      ({ name, split, per }) => JSON.stringify([name, split, per]),
      (budget) => budgetItem(budget, times, now),
      minute,
    );
  }
  const rest = [open && more > 0 && `and ${more} more`, unreadable > 0 && `${unreadable} written by another version`]
    .filter(Boolean)
    .join(", ");
  const place = byId("budget-list");
  place.querySelector(".rest")?.remove();
  if (rest) place.append(el("p", { class: "rest" }, rest));
}

/**
 * @param {Budgets["budgets"][number]} budget
 * @param {Times} times
 * @param {Date} now
 */
function budgetItem(budget, times, now) {
  const { name, split, per, onExceed, limit, spent, held, remaining, used, resetsAt } = budget;
  const title = el(
    "div",
    { class: "row" },
    el("strong", {}, plainText(name), split !== null && el("span", { class: "chip" }, plainText(split))),
  );
  if (per === "request") {
    title.append(el("span", { class: "of" }, `${money(limit)} each`));
    return el("li", {}, title, el("p", { class: "sub" }, "The most that one request may cost."));
  }
  const whole = size(limit) || 1;
  const [spentPart, heldPart] = [size(spent) / whole, size(held) / whole];
  const scale = Math.max(1, spentPart + heldPart);
  const bar = el(
    "div",
    { class: "bar", "data-tone": tone(used), "aria-hidden": "true" },
    part("spent", spentPart / scale),
    part("held", heldPart / scale),
  );
  title.append(el("span", { class: "of" }, el("b", {}, money(spent)), ` of ${money(limit)}`));
  const over = used > 1 ? "over the limit" : used >= 1 ? "nothing left" : `${money(remaining)} left`;
  const facts = [
    percent(used, 1),
    size(held) > 0 && `${money(held)} held`,
    over,
    resetText(resetsAt, per, times, now),
    onExceed === "warn" && "only warns",
  ];
  return el("li", {}, title, bar, el("p", { class: "sub" }, facts.filter(Boolean).join(" · ")));
}

/**
 * @param {string} name
 * @param {number} share
 */
function part(name, share) {
  const made = el("i", { class: name });
  made.style.width = `${Math.min(100, share * 100)}%`;
  return made;
}

/**
 * @param {string | null} resetsAt
 * @param {string} per
 * @param {Times} times
 * @param {Date} now
 */
function resetText(resetsAt, per, times, now) {
  if (per === "total") return "never resets";
  if (resetsAt === null) return null;
  const wait = Date.parse(resetsAt) - now.getTime();
  const when = wait < 48 * 3_600_000 ? `in ${span(wait)}` : times.day(resetsAt);
  return `${per.startsWith("rolling") ? "next leaves" : "resets"} ${when}`;
}
