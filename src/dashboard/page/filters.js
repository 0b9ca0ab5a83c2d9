// @ts-check
/** What is asked for: kept in the address, so that a selection can be sent to somebody. */
import { byId, el } from "./dom.js";
import { plainText } from "./format.js";

/** @typedef {{ range: string, from: string, to: string, endpoint: string, tag: string, value: string | null, per: string }} Selection */

const RANGES = ["today", "24h", "7d", "30d", "90d", "all", "custom"];
const DAY_MS = 86_400_000;

/** @returns {Selection} */
function fromAddress() {
  const asked = new URL(location.href).searchParams;
  const range = asked.get("range") ?? "";
  return {
    range: RANGES.includes(range) ? range : "7d",
    from: asked.get("from") ?? "",
    to: asked.get("to") ?? "",
    endpoint: asked.get("endpoint") ?? "",
    tag: asked.get("tag") ?? "",
    value: asked.get("value"),
    per: asked.get("per") ?? "",
  };
}

/** @param {Selection} selection */
function toAddress({ range, from, to, endpoint, tag, value, per }) {
  const url = new URL(location.href);
  url.search = "";
  if (range !== "7d") url.searchParams.set("range", range);
  if (range === "custom")
    for (const [name, date] of [
      ["from", from],
      ["to", to],
    ])
      if (date) url.searchParams.set(name ?? "", date ?? "");
  if (endpoint) url.searchParams.set("endpoint", endpoint);
  if (tag) url.searchParams.set("tag", tag);
  if (tag && value !== null) url.searchParams.set("value", value);
  if (per) url.searchParams.set("per", per);
  history.replaceState(null, "", url);
}

/**
 * As the data API takes it. The last date chosen is meant to be shown too.
 * @param {Selection} selection
 */
export function parametersOf({ range, from, to, endpoint, tag, value, per }) {
  const parameters = new URLSearchParams({ range });
  if (range === "custom") {
    if (from) parameters.set("since", from);
    if (to) parameters.set("until", new Date(Date.parse(to) + DAY_MS).toISOString().slice(0, 10));
  }
  if (endpoint) parameters.set("endpoint", endpoint);
  if (tag && value !== null) {
    parameters.set("tag", tag);
    parameters.set("value", value);
  }
  if (per) parameters.set("per", per);
  return parameters;
}

/** @param {string} name */
const radios = (name) =>
  /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(`input[type=radio][name=${name}]`));

/** @typedef {[value: string, name: string]} Option */

/**
 * What was chosen stays to be seen, even where nothing in the range has it.
 * @param {readonly string[]} values
 * @param {string | null} chosen
 * @returns {Option[]}
 */
function withChosen(values, chosen) {
  const all = chosen === null || values.includes(chosen) ? values : [...values, chosen];
  return all.map((value) => [value, value === "" ? "(empty)" : value]);
}

/**
 * @param {(selection: Selection) => void} changed
 */
export function createFilters(changed) {
  const form = /** @type {HTMLFormElement} */ (byId("filters"));
  const field = /** @param {string} name */ (name) =>
    /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
  let selection = fromAddress();

  function show() {
    for (const radio of radios("range")) radio.checked = radio.value === selection.range;
    byId("dates").hidden = selection.range !== "custom";
    field("from").value = selection.from;
    field("to").value = selection.to;
    if (field("endpoint") !== document.activeElement) field("endpoint").value = selection.endpoint;
    field("tag").value = selection.tag;
    byId("value-field").hidden = selection.tag === "";
    if (selection.value !== null) field("value").value = selection.value;
    byId("clear").hidden = selection.endpoint === "" && selection.tag === "";
  }

  /** @param {Partial<Selection>} part */
  function choose(part) {
    selection = { ...selection, ...part };
    toAddress(selection);
    show();
    changed(selection);
  }

  for (const radio of radios("range")) radio.addEventListener("change", () => choose({ range: radio.value, per: "" }));
  for (const radio of radios("per")) radio.addEventListener("change", () => choose({ per: radio.value }));
  for (const name of ["from", "to"])
    field(name).addEventListener("change", () => choose({ [name]: field(name).value }));
  field("endpoint").addEventListener("change", () => choose({ endpoint: field("endpoint").value.trim() }));
  field("tag").addEventListener("change", () => choose({ tag: field("tag").value, value: null }));
  field("value").addEventListener("change", () => choose({ value: field("value").value }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose({ endpoint: field("endpoint").value.trim() });
  });
  byId("clear").addEventListener("click", () => {
    choose({ endpoint: "", tag: "", value: null });
    field("endpoint").focus();
  });
  show();

  /**
   * @param {HTMLSelectElement} select
   * @param {readonly Option[]} options
   */
  function offer(select, options) {
    const wanted = JSON.stringify(options);
    if (select.dataset.offered === wanted) return;
    select.dataset.offered = wanted;
    select.replaceChildren(
      ...options.map(([value, name]) => {
        const option = el("option", {}, plainText(name));
        // As a property: an attribute's value is kept too, but a line end in it is not everywhere.
        option.value = value;
        return option;
      }),
    );
  }

  return {
    get selection() {
      return selection;
    },
    choose,
    /** @param {readonly string[]} endpoints */
    offerEndpoints(endpoints) {
      byId("endpoints").replaceChildren(...endpoints.map((value) => el("option", { value })));
    },
    /**
     * @param {readonly string[]} names
     * @param {readonly string[]} values Of the tag that is chosen.
     */
    offerTags(names, values) {
      const { tag, value } = selection;
      offer(/** @type {HTMLSelectElement} */ (field("tag")), [["", "Any tag"], ...withChosen(names, tag || null)]);
      /** @type {Option[]} */
      const prompt = value === null ? [["", "Choose a value"]] : [];
      offer(/** @type {HTMLSelectElement} */ (field("value")), [...prompt, ...withChosen(values, value)]);
      show();
    },
    /**
     * @param {string} per
     * @param {boolean} hours Whether there are few enough of them to be shown.
     */
    showPer(per, hours) {
      byId("per").hidden = !hours && per !== "hour";
      for (const radio of radios("per")) radio.checked = radio.value === per;
    },
  };
}
