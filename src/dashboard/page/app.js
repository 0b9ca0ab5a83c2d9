// @ts-check
/** The page: asks for the figures, shows them, and asks again when the ledger changes. */
import { ask, Trouble } from "./answers.js";
import { showBudgets } from "./budgets.js";
import { showCalls } from "./calls.js";
import { createChart } from "./chart.js";
import { byId, el, say } from "./dom.js";
import { createFilters, parametersOf } from "./filters.js";
import { money, plainText, timesOf } from "./format.js";
import { showGroups } from "./groups.js";
import { listen } from "./live.js";
import { showOutlook } from "./outlook.js";
import { lead } from "./series.js";
import { followTheme } from "./theme.js";
import { showTiles } from "./tiles.js";

/** @typedef {import("./answers.js").Calls} Calls */
/** @typedef {import("./answers.js").Groups} Groups */

const RANGE_WORDS = /** @type {Record<string, string>} */ ({
  today: "today",
  "24h": "in the last 24 hours",
  "7d": "in the last 7 days",
  "30d": "in the last 30 days",
  "90d": "in the last 90 days",
  all: "in all time",
  custom: "in these dates",
});
/** Days that are still offered hour by hour. */
const DAYS_IN_HOURS_MOST = 8;
const CALLS_AT_ONCE = 25;
const CALLS_MOST = 500;
/** Changes come in bursts; the page is drawn at most this often. */
const BETWEEN_MS = 1_000;
const OUTLOOK_EVERY_MS = 15_000;
const SAY_EVERY_MS = 10_000;

const chart = createChart();
const filters = createFilters(() => void refresh("asked"));
/** @type {Calls["calls"]} */
let older = [];
/** @type {number | null} */
let next = null;
/** @type {import("./answers.js").Outlook["forecast"]} */
let forecast = null;
let outlookAt = 0;
let saidAt = 0;
let splitBy = "";
/** Only the last question asked is shown, whatever order the answers come in. */
let asking = 0;

/** @typedef {"asked" | "changed"} Why What the reader asked for anew, or what the ledger has more of. */

/** @param {Why} why */
async function refresh(why) {
  const mine = ++asking;
  if (why === "asked") older = [];
  byId("panels").setAttribute("aria-busy", "true");
  try {
    const answers = await gather(why, () => mine === asking);
    if (mine !== asking) return;
    const { times, now } = show(answers, why);
    await showBlank(answers);
    await chart.draw(answers.series, times);
    if (why === "changed" && Date.now() - outlookAt < OUTLOOK_EVERY_MS) return;
    outlookAt = Date.now();
    const outlook = await ask("advice", parametersOf(filters.selection));
    if (mine !== asking) return;
    forecast = outlook.forecast;
    showOutlook(outlook, times, now);
    showTiles(answers.summary, answers.over, forecast);
  } catch (error) {
    if (mine === asking) fail(error);
  } finally {
    if (mine === asking) byId("panels").removeAttribute("aria-busy");
  }
}

/**
 * The four figures first; the sums of a long time take longer.
 * @param {Why} why
 * @param {() => boolean} wanted
 */
async function gather(why, wanted) {
  const { selection } = filters;
  const parameters = parametersOf(selection);
  const over = RANGE_WORDS[selection.range] ?? "";
  const summary = await ask("summary", parameters);
  if (wanted()) {
    settle();
    showTiles(summary, over, forecast);
  }
  const [budgets, calls, series, models, tags] = await Promise.all([
    ask("budgets", parameters),
    ask("calls", parameters, { limit: String(CALLS_AT_ONCE) }),
    ask("series", parameters),
    ask("groups", parameters, { by: "endpoint" }),
    ask("groups", parameters, { by: "tag", ...(splitBy && { name: splitBy }) }),
  ]);
  const choices = why === "asked" ? await gatherChoices(models, tags) : null;
  return { selection, over, summary, series, models, tags, calls, budgets, choices };
}

/**
 * What can be chosen from: all that the range has, and not only what the filters left of it.
 * @param {Groups} models
 * @param {Groups} tags
 */
async function gatherChoices(models, tags) {
  const { range, from, to, endpoint, tag } = filters.selection;
  const filtered = endpoint !== "" || tag !== "";
  const whole = parametersOf({ range, from, to, endpoint: "", tag: "", value: null, per: "" });
  const endpoints = filtered ? await ask("groups", whole, { by: "endpoint" }) : models;
  const names = filtered ? await ask("groups", whole, { by: "tag", ...(tag && { name: tag }) }) : tags;
  return { endpoints: valuesOf(endpoints), tags: names.tags, values: valuesOf(names) };
}

/** @typedef {Awaited<ReturnType<typeof gather>>} Gathered */

/**
 * @param {Gathered} answers
 * @param {Why} why
 */
function show({ over, summary, series, models, tags, calls, budgets, choices }, why) {
  const times = timesOf(summary.timezone);
  const now = new Date(summary.at);
  say(byId("zone"), summary.timezone);
  showBudgets(budgets, times, now);
  showModels(models);
  showTags(tags);
  showList(calls, times, now, why);
  lead(summary.range.spent, over, summary.range.calls);
  filters.showPer(series.per, series.starts.length <= DAYS_IN_HOURS_MOST);
  chart.describe(series, times);
  if (choices) {
    filters.offerEndpoints(choices.endpoints);
    filters.offerTags(choices.tags, choices.values);
  }
  announce(summary);
  return { times, now };
}

/** @param {Groups} groups */
function valuesOf({ groups }) {
  return groups.flatMap(({ value }) => (value === null ? [] : [value]));
}

/** @param {Gathered} answers */
async function showBlank({ selection, calls, budgets }) {
  const none = calls.calls.length === 0 && calls.open.length === 0 && selection.endpoint === "" && selection.tag === "";
  showEmpty(none && (await isEmpty(selection.range)), budgets.budgets.length > 0);
}

/** @param {string} range Nothing in a range is not nothing at all. */
async function isEmpty(range) {
  if (range === "all") return true;
  const { calls } = await ask("calls", new URLSearchParams({ range: "all" }), { limit: "1" });
  return calls.length === 0;
}

/**
 * @param {boolean} empty
 * @param {boolean} budgets
 */
function showEmpty(empty, budgets) {
  byId("empty").hidden = !empty;
  byId("panels").dataset.empty = empty ? (budgets ? "budgets" : "all") : "none";
}

function settle() {
  byId("trouble").hidden = true;
  document.body.dataset.state = "shown";
}

/** @param {unknown} error */
function fail(error) {
  if (error instanceof Trouble && error.kind === "no-ledger") {
    settle();
    showEmpty(true, false);
    document.body.dataset.state = "empty";
    return;
  }
  const place = byId("trouble");
  const again = el("button", { type: "button", class: "quiet" }, "Try again");
  again.addEventListener("click", () => void refresh("asked"));
  const message = error instanceof Trouble ? error.message : "The page met something it does not understand.";
  place.replaceChildren(el("p", {}, plainText(message)), again);
  place.hidden = false;
  document.body.dataset.state = "trouble";
  if (!(error instanceof Trouble)) throw error;
}

/** @param {Groups} models */
function showModels(models) {
  showGroups("model-list", models, {
    caption: "Spending by model, the largest first",
    head: "Endpoint",
    empty: "Nothing in this selection.",
    nameOf: (value) => plainText(value ?? ""),
    choose: (value) => filters.choose({ endpoint: value }),
  });
}

/** @param {Groups} tags */
function showTags(tags) {
  const select = /** @type {HTMLSelectElement} */ (byId("tag-name"));
  const names = tags.tag !== null && !tags.tags.includes(tags.tag) ? [...tags.tags, tags.tag] : tags.tags;
  byId("tag-choice").hidden = names.length < 2;
  if (select.dataset.names !== JSON.stringify(names)) {
    select.dataset.names = JSON.stringify(names);
    select.replaceChildren(
      ...names.map((name) => {
        const option = el("option", {}, plainText(name));
        option.value = name;
        return option;
      }),
    );
  }
  select.value = tags.tag ?? "";
  const name = tags.tag ?? "";
  showGroups("tag-list", tags, {
    caption: `Spending by the tag ${plainText(name)}, the largest first`,
    head: plainText(name),
    empty: "No call here carries a tag. Give calls tags to see whom they are for.",
    nameOf: (value) => (value === null ? "(no such tag)" : value === "" ? "(empty)" : plainText(value)),
    choose: (value) => filters.choose({ tag: name, value }),
  });
}

/**
 * @param {Calls} calls
 * @param {import("./format.js").Times} times
 * @param {Date} now
 * @param {Why} why
 */
function showList(calls, times, now, why) {
  const newest = new Set(calls.calls.map(({ seq }) => seq));
  const last = calls.calls.at(-1)?.seq ?? 0;
  older = older.filter(({ seq }) => seq !== null && !newest.has(seq) && seq < last).slice(0, CALLS_MOST);
  if (why === "asked" || older.length === 0) next = calls.next;
  showCalls([...calls.open, ...calls.calls, ...older], times, now);
  const more = byId("more");
  more.hidden = next === null || older.length >= CALLS_MOST;
  more.onclick = async () => {
    try {
      const page = await ask("calls", parametersOf(filters.selection), {
        limit: String(CALLS_AT_ONCE),
        before: String(next),
      });
      older = [...older, ...page.calls];
      next = page.next;
      showList(calls, times, now, "changed");
    } catch (error) {
      fail(error);
    }
  };
}

/** @param {import("./answers.js").Summary} summary */
function announce(summary) {
  if (Date.now() - saidAt < SAY_EVERY_MS) return;
  saidAt = Date.now();
  say(byId("announce"), `Spent ${money(summary.today.spent)} today, ${money(summary.held.amount)} held.`);
}

byId("tag-name").addEventListener("change", (event) => {
  splitBy = /** @type {HTMLSelectElement} */ (event.target).value;
  void refresh("changed");
});

followTheme(() => void chart.redraw());

/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
let drawnAt = 0;

/** The ledger changed: soon, and not more than once a second. */
function changed() {
  if (waiting !== undefined) return;
  waiting = setTimeout(
    async () => {
      await refresh("changed");
      drawnAt = Date.now();
      waiting = undefined;
    },
    Math.max(0, BETWEEN_MS - (Date.now() - drawnAt)),
  );
}

void refresh("asked").then(() => {
  drawnAt = Date.now();
  listen({
    changed,
    told: ({ level, message }) => {
      const latest = byId("latest");
      latest.dataset.level = level;
      say(latest, plainText(message));
    },
  });
});
