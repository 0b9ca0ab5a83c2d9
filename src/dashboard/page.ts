/** The page before its script has asked for anything: every panel stands, and says that it is loading. */
import { PAGE_SCRIPTS } from "./assets.ts";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%234f46e5'/%3E%3Cpath d='M8 21a8.5 8.5 0 1 1 16 0' fill='none' stroke='%23fff' stroke-width='3' stroke-linecap='round'/%3E%3Cpath d='m16 19 4.5-6' stroke='%23fff' stroke-width='3' stroke-linecap='round'/%3E%3C/svg%3E";

const MARK = `<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><rect width="32" height="32" rx="8"/><path d="M8 21a8.5 8.5 0 1 1 16 0"/><path d="m16 19 4.5-6"/></svg>`;

const RANGE_NAMES = [
  ["today", "Today"],
  ["24h", "24 h"],
  ["7d", "7 days"],
  ["30d", "30 days"],
  ["90d", "90 days"],
  ["all", "All"],
  ["custom", "Dates"],
] as const;

function ranges(): string {
  return RANGE_NAMES.map(
    ([value, name]) => `<label><input type="radio" name="range" value="${value}"><span>${name}</span></label>`,
  ).join("");
}

function tile(id: string, name: string): string {
  return `<div class="tile" id="tile-${id}"><h2>${name}</h2><p class="figure"><span class="bone">$000</span></p><p class="sub"><span class="bone">loading</span></p></div>`;
}

function panel(id: string, name: string, body: string, side = ""): string {
  return `<section class="panel" id="${id}" aria-labelledby="${id}-name"><div class="head"><h2 id="${id}-name">${name}</h2>${side}</div>${body}</section>`;
}

const BONES = `<div class="bones" aria-hidden="true"><i></i><i></i><i></i></div>`;

const CALL_COLUMNS = ["Sent", "Call", "Outcome", "Estimate", "Bill"] as const;

function callTable(): string {
  const heads = CALL_COLUMNS.map(
    (name, index) => `<th role="columnheader" scope="col"${index > 2 ? ' class="number"' : ""}>${name}</th>`,
  );
  return `<table role="table" id="call-table"><caption class="unseen">Calls, the newest first, with what they were estimated at and what fal billed</caption><thead role="rowgroup"><tr role="row">${heads.join("")}</tr></thead><tbody role="rowgroup" id="call-rows"></tbody></table>`;
}

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>fal-meter</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="uplot.css">
<link rel="stylesheet" href="style.css">
${PAGE_SCRIPTS.map((name) => `<link rel="modulepreload" href="${name}">`).join("\n")}
<script type="module" src="app.js" blocking="render"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header class="top">
<div class="brand">${MARK}<div><span class="name">fal-meter</span><span class="zone" id="zone"></span></div></div>
<div class="tools"><span class="pill" id="live" data-state="connecting">Connecting</span><button type="button" class="quiet icon" id="theme" aria-pressed="false" aria-label="Dark theme" title="Light or dark"><svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><circle cx="10" cy="10" r="7"/><path d="M10 3a7 7 0 0 1 0 14z"/></svg></button></div>
</header>
<main id="main" tabindex="-1">
<h1 class="unseen">Spending at fal</h1>
<form class="filters" id="filters" role="search" aria-label="Filter what is shown" autocomplete="off">
<fieldset class="ranges"><legend class="unseen">Time</legend>${ranges()}</fieldset>
<div class="dates" id="dates" hidden><label>From <input type="date" name="from"></label><label>to <input type="date" name="to"></label></div>
<label class="field endpoint"><span class="unseen">Endpoint; a star stands for anything</span><input type="text" name="endpoint" list="endpoints" placeholder="Any endpoint" spellcheck="false" maxlength="256"></label>
<datalist id="endpoints"></datalist>
<label class="field"><span class="unseen">Tag</span><select name="tag"><option value="">Any tag</option></select></label>
<label class="field" id="value-field" hidden><span class="unseen">Value of the tag</span><select name="value"></select></label>
<button type="button" class="quiet" id="clear" hidden>Clear</button>
</form>
<div class="trouble" id="trouble" role="alert" hidden></div>
<section class="tiles" aria-label="Totals">${tile("today", "Today")}${tile("month", "This month")}${tile("held", "Held now")}${tile("saved", "Saved")}</section>
<section class="alerts" id="alerts" aria-label="Alerts" hidden></section>
<section class="empty" id="empty" hidden>
<svg viewBox="0 0 120 64" width="120" height="64" aria-hidden="true"><path d="M8 56h104"/><rect x="16" y="40" width="14" height="16" rx="2"/><rect x="40" y="30" width="14" height="26" rx="2"/><rect x="64" y="36" width="14" height="20" rx="2"/><rect x="88" y="18" width="14" height="38" rx="2"/></svg>
<h2>No calls yet</h2>
<p>The first call through a meter shows here by itself.</p>
<pre tabindex="0"><code>import { createFalClient } from "fal-meter";

const fal = createFalClient({
  meter: { budgets: [{ limit: 5, per: "day" }] },
});</code></pre>
</section>
<div class="grid" id="panels">
<div class="column wide">
${panel(
  "spending",
  "Spending",
  `<p class="lead" id="spending-lead"></p><div class="chart" id="chart" aria-hidden="true">${BONES}</div><ul class="legend" id="legend"></ul><details><summary>The same as a table</summary><div class="scroll" id="spending-table" tabindex="0" role="region" aria-label="Spending as a table"></div></details>`,
  `<fieldset class="ranges small" id="per"><legend class="unseen">Bars for</legend><label><input type="radio" name="per" value="hour"><span>Hours</span></label><label><input type="radio" name="per" value="day"><span>Days</span></label></fieldset>`,
)}
${panel("models", "By model", `<div id="model-list">${BONES}</div>`)}
</div>
<div class="column">
${panel("budgets", "Budgets", `<div id="budget-list">${BONES}</div>`, `<button type="button" class="link" id="all-budgets" aria-expanded="false" hidden></button>`)}
${panel("tags", "By tag", `<div id="tag-list">${BONES}</div>`, `<label class="field small" id="tag-choice" hidden><span class="unseen">Tag to split by</span><select id="tag-name"></select></label>`)}
</div>
${panel("advice", "What could cost less", `<div id="advice-list">${BONES}</div>`)}
${panel("calls", "Calls", `${callTable()}${BONES}<p class="none" id="no-calls" hidden>No calls in this selection.</p><button type="button" class="quiet more" id="more" hidden>Show older calls</button>`, `<span class="latest" id="latest"></span>`)}
</div>
</main>
<footer class="foot"><span>Read-only. Amounts in US dollars, as fal billed them.</span><a href="metrics">Prometheus metrics</a></footer>
<div class="unseen" id="announce" aria-live="polite"></div>
</body>
</html>
`;

const small = (title: string, body: string, head = "") => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">${head}<title>${title}</title><link rel="icon" href="${ICON}"></head>
<body><main><h1>${title}</h1>${body}</main></body>
</html>
`;

/** After the token was traded for a cookie. The page goes on by itself: a redirect that began at a link elsewhere would not carry the cookie. */
export const ENTRY = small(
  "fal-meter",
  '<p><a href="./">Open the dashboard</a></p>',
  '<meta http-equiv="refresh" content="0;url=./">',
);

export const TOKEN_NEEDED = small(
  "A token is needed",
  "<p>Open the address with <code>?token=</code> and the token it was started with.</p>",
);
