// @ts-check
/** The list of calls: what each was estimated at, and what fal billed. */
import { byId, el, showItems } from "./dom.js";
import { money, placesOf, plainText, size } from "./format.js";
import { figure } from "./lists.js";

/** @typedef {import("./answers.js").Calls} Calls */
/** @typedef {Calls["calls"][number]} Call */
/** @typedef {import("./format.js").Times} Times */

/** @type {Record<Call["outcome"], [word: string, tone: string]>} */
const OUTCOMES = {
  held: ["sending", "open"],
  pending: ["at fal", "open"],
  unknown: ["fate unknown", "warn"],
  charged: ["billed", "plain"],
  free: ["free", "good"],
  expired: ["assumed billed", "warn"],
  hit: ["cached", "good"],
  joined: ["joined", "good"],
  refused: ["refused", "bad"],
  corrected: ["corrected", "plain"],
};

/**
 * @param {Call[]} calls
 * @param {Times} times
 * @param {Date} now
 */
export function showCalls(calls, times, now) {
  byId("no-calls").hidden = calls.length > 0;
  byId("call-table").hidden = calls.length === 0;
  const estimates = placesOf(calls.map(({ estimate }) => estimate.expected));
  const bills = placesOf(calls.map(({ actual }) => actual));
  showItems(
    byId("call-rows"),
    calls,
    ({ id, kind, seq }) => `${id} ${kind} ${kind === "correction" ? seq : ""}`,
    (call) => row(call, times, now, estimates, bills),
    [estimates, bills, times.zone, times.day(now)],
  );
}

/**
 * @param {Call} call
 * @param {Times} times
 * @param {Date} now
 * @param {number} estimates
 * @param {number} bills
 */
function row(call, times, now, estimates, bills) {
  const [word, tone] = OUTCOMES[call.outcome];
  const tags = Object.entries(call.tags).map(([name, value]) =>
    el("span", { class: "chip" }, `${plainText(name)} ${plainText(value)}`),
  );
  return el(
    "tr",
    { role: "row", "data-outcome": call.outcome },
    el(
      "td",
      { role: "cell", class: "when" },
      el("time", { datetime: call.sentAt, title: times.full(call.sentAt) }, times.near(call.sentAt, now)),
    ),
    el("td", { role: "cell", class: "what" }, el("span", { class: "endpoint" }, plainText(call.endpointId)), ...tags),
    el("td", { role: "cell", class: "how" }, el("span", { class: "badge", "data-tone": tone }, word), reason(call)),
    el("td", { role: "cell", class: "number estimate" }, estimate(call, estimates)),
    el("td", { role: "cell", class: "number bill" }, bill(call, bills)),
  );
}

/** @param {Call} call */
function reason({ outcome, about, note, basis }) {
  const text =
    outcome === "refused" && about !== null
      ? `by ${about}`
      : outcome === "charged" && basis !== "billed-units"
        ? basis.replaceAll("-", " ")
        : (note ?? "");
  return text !== "" && el("span", { class: "why" }, plainText(text));
}

/**
 * @param {Call} call
 * @param {number} places
 */
function estimate({ estimate: { low, expected, high, basis, source } }, places) {
  const how = [basis.replaceAll("-", " "), source].filter(Boolean).join(", ");
  if (expected === null) return el("span", { class: "faint", title: plainText(how) }, "unknown");
  const shown = figure(expected, places);
  const range = low !== null && high !== null && low !== high ? `between ${money(low)} and ${money(high)}, ` : "";
  shown.title = plainText(`${range}by ${how}`);
  return shown;
}

/**
 * @param {Call} call
 * @param {number} places
 */
function bill(call, places) {
  const { outcome, actual, saved, held } = call;
  if (outcome === "hit" || outcome === "joined")
    return el("span", { class: "gain" }, saved === null ? "saved" : `saved ${money(saved)}`);
  if (outcome === "refused") return el("span", { class: "faint" }, "not sent");
  if (call.seq === null)
    return el("span", { class: "held-amount" }, held === null ? "not held" : `${money(held)} held`);
  if (actual === null) return el("span", { class: "faint" }, "unknown");
  const shown = figure(actual, places);
  const off = difference(call);
  return off === null
    ? shown
    : el("span", { class: "billed" }, el("small", { "data-tone": off.tone }, off.text), shown);
}

/**
 * How far the bill is off the estimate, where it is.
 * @param {Call} call
 */
function difference({ kind, outcome, actual, estimate: { expected } }) {
  if (kind !== "purchase" || outcome !== "charged" || actual === null || expected === null) return null;
  const [billed, guessed] = [size(actual), size(expected)];
  if (billed === guessed || guessed === 0) return null;
  const percent = ((billed - guessed) / guessed) * 100;
  const shown = Math.abs(percent) < 1 ? "<1" : String(Math.round(Math.abs(percent)));
  return { tone: percent > 0 ? "bad" : "good", text: `${percent > 0 ? "+" : "−"}${shown} %` };
}
