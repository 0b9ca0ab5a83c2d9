// @ts-check
/** Spending over time: a bar for each hour or day, a part of it for each endpoint. */
import { byId, el } from "./dom.js";
import { placesOf, rounded, size } from "./format.js";
import { legend, lineColour, nameOf, seriesTable, swatch } from "./series.js";

/** @typedef {import("./answers.js").Series} Series */
/** @typedef {import("./format.js").Times} Times */

const HEIGHT = 260;

/** @type {Promise<{ default: typeof import("uplot") }> | undefined} */
let library;
/** uPlot comes after the figures have: nobody waits for a picture to read a number. */
function uplot() {
  const address = "./uplot.js";
  library ??= import(address);
  return library;
}

/**
 * The colour that a custom property comes to in the theme that is shown.
 * @param {string} property
 */
function colour(property) {
  const probe = el("span", { class: "unseen" });
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/**
 * From the bottom up, so that each bar stands on the one before it; the tallest is drawn first and the others over it.
 * @param {Series} series
 * @returns {number[][]}
 */
function stacked(series) {
  const heights = series.lines.map((line) => line.spent.map(size));
  for (const [index, line] of heights.entries()) {
    const below = heights[index - 1];
    if (below) for (const [at, height] of line.entries()) line[at] = height + (below[at] ?? 0);
  }
  return heights;
}

/**
 * A bar without height would still draw its edge over the base line.
 * @param {readonly number[]} heights
 */
function drawnHeights(heights) {
  return heights.map((height) => (height > 0 ? height : null));
}

export function createChart() {
  const place = byId("chart");
  /** @type {{ plot: import("uplot"), shape: string } | null} */
  let drawn = null;
  /** @type {{ series: Series, times: Times } | null} */
  let last = null;

  /**
   * @param {Series} series
   * @param {Times} times
   */
  async function draw(series, times) {
    last = { series, times };
    const { default: UPlot } = await uplot();
    if (last.series !== series) return;
    const width = place.clientWidth;
    const starts = series.starts.map((start) => Date.parse(start) / 1_000);
    const stack = stacked(series);
    const data = /** @type {import("uplot").AlignedData} */ ([starts, ...stack.toReversed().map(drawnHeights)]);
    const shape = JSON.stringify([
      series.per,
      series.lines.map(({ endpointId }) => endpointId),
      starts[0],
      starts.length,
      times.zone,
      theme(),
    ]);
    if (drawn?.shape === shape) {
      drawn.plot.setData(data);
      return;
    }
    drawn?.plot.destroy();
    place.replaceChildren();
    drawn = { plot: new UPlot(options(UPlot, width), data, place), shape };
  }

  /**
   * @param {typeof import("uplot")} UPlot
   * @param {number} width
   * @returns {import("uplot").Options}
   */
  function options(UPlot, width) {
    const { series, times } = /** @type {NonNullable<typeof last>} */ (last);
    const [ink, grid, ground] = [colour("--muted"), colour("--line"), colour("--panel")];
    const step = Date.parse(series.end) / 1_000 - Date.parse(series.starts.at(-1) ?? series.end) / 1_000;
    const bars = (/** @type {number} */ radius) => UPlot.paths.bars?.({ size: [0.72, 56], radius });
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    return {
      width,
      height: HEIGHT,
      padding: [12, 16, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), times.zone),
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true, range: (_plot, first, final) => [first - step / 2, final + step / 2] },
        y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.08 : 1] },
      },
      axes: [
        {
          stroke: ink,
          font,
          grid: { show: false },
          ticks: { show: false },
          size: 30,
          gap: 6,
          space: 64,
          values: (_plot, splits) => ticks(splits, series, times),
        },
        {
          stroke: ink,
          font,
          size: 64,
          gap: 8,
          space: 48,
          grid: { stroke: grid, width: 1 },
          ticks: { show: false },
          values: (_plot, splits) => amounts(splits),
        },
      ],
      series: [
        {},
        ...series.lines.map((_line, index) => ({
          fill: colour(lineColour(series.lines.length - 1 - index)),
          stroke: ground,
          width: 1,
          points: { show: false },
          ...pathsOf(bars(index === 0 ? 0.1 : 0)),
        })),
      ],
      hooks: { setCursor: [(plot) => point(plot)] },
    };
  }

  const tip = el("div", { class: "tip", hidden: true });

  /** @param {import("uplot")} plot */
  function point(plot) {
    const index = plot.cursor.idx;
    const left = plot.cursor.left ?? -1;
    if (!last || index === null || index === undefined || left < 0) {
      tip.hidden = true;
      return;
    }
    const { series, times } = last;
    const parts = series.lines
      .map((line, at) => ({ at, amount: line.spent[index] ?? "0" }))
      .filter(({ amount }) => size(amount) !== 0);
    const places = placesOf([...parts.map(({ amount }) => amount), series.total[index] ?? "0"]);
    tip.replaceChildren(
      el("strong", {}, times.period(series.starts[index] ?? "", series.per)),
      ...parts.map(({ at, amount }) =>
        el("div", {}, swatch(at), el("span", {}, nameOf(series, at)), el("b", {}, rounded(amount, places))),
      ),
      el("div", { class: "sum" }, el("span", {}, "Spent"), el("b", {}, rounded(series.total[index] ?? "0", places))),
    );
    tip.hidden = false;
    if (tip.parentElement !== plot.over) plot.over.append(tip);
    const room = plot.over.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(room, left > room / 2 ? left - tip.offsetWidth - 12 : left + 12))}px`;
  }

  new ResizeObserver(() => {
    if (drawn && place.clientWidth > 0) drawn.plot.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(place);

  return {
    draw,
    /** Colours are drawn into the picture, so another theme is another picture. */
    async redraw() {
      if (last) await draw(last.series, last.times);
    },
    /**
     * @param {Series} series
     * @param {Times} times
     */
    describe(series, times) {
      legend(series);
      seriesTable(series, times);
    },
  };
}

/** @param {import("uplot").Series.PathBuilder | undefined} paths */
function pathsOf(paths) {
  return paths ? { paths } : {};
}

function theme() {
  return `${document.documentElement.dataset.theme ?? ""} ${matchMedia("(prefers-color-scheme: dark)").matches}`;
}

/**
 * @param {readonly number[]} splits
 * @param {Series} series
 * @param {Times} times
 */
function ticks(splits, series, times) {
  return splits.map((seconds) => {
    const at = new Date(seconds * 1_000);
    if (series.per !== "hour") return times.day(at);
    return times.minute(at) === "00:00" ? times.day(at) : times.minute(at);
  });
}

/** @param {readonly number[]} splits */
function amounts(splits) {
  const texts = splits.map((split) => split.toFixed(4));
  const places = placesOf(texts);
  return texts.map((text) => rounded(text, places));
}
