/** The page's style: one sheet, in the reader's own font, light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f6f4, #0f1115);
  --panel: light-dark(#ffffff, #171a20);
  --raised: light-dark(#ffffff, #3b4250);
  --float: light-dark(#ffffff, #20242c);
  --ink: light-dark(#191b20, #eceef2);
  --muted: light-dark(#5b606c, #a0a6b3);
  --line: light-dark(#e6e6e1, #2a2f38);
  --track: light-dark(#ececE8, #262b34);
  --accent: light-dark(#4f46e5, #938ffb);
  --accent-soft: light-dark(#eeedfd, #25264a);
  --good: light-dark(#0b7350, #4fcb95);
  --good-soft: light-dark(#e2f4ec, #12322a);
  --warn: light-dark(#8a5300, #f2b65a);
  --warn-soft: light-dark(#fdf1dc, #3a2b12);
  --bad: light-dark(#b3261e, #ff8f83);
  --bad-soft: light-dark(#fdeae8, #43201e);
  --line-1: light-dark(#4f46e5, #8f8afc);
  --line-2: light-dark(#0d9488, #2bc4b0);
  --line-3: light-dark(#e08a0b, #f5b544);
  --line-4: light-dark(#d43f86, #f27ab2);
  --line-5: light-dark(#5a9e1b, #9bd455);
  --line-6: light-dark(#8b93a3, #7d8696);
  --round: 14px;
  --shadow: 0 1px 2px light-dark(rgb(20 20 30 / 5%), rgb(0 0 0 / 30%));
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 4.5rem; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 400 0.9375rem/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; font-feature-settings: "tnum", "cv11";
  -webkit-font-smoothing: antialiased;
}
h1, h2, p, ul, ol, dl, fieldset, pre { margin: 0; padding: 0; border: 0; }
ul, ol { list-style: none; }
button, input, select { font: inherit; color: inherit; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
main:focus { outline: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: fixed; left: 1rem; top: -4rem; z-index: 10; padding: 0.5rem 1rem; border-radius: 8px; background: var(--accent); color: light-dark(#fff, #101018); }
.skip:focus { top: 0.75rem; }
.faint, .sub, .rest, .none { color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
.gain { color: var(--good); }

.top { display: flex; align-items: center; justify-content: space-between; gap: 1rem; max-width: 1240px; margin: 0 auto; padding: 1.1rem 1.5rem 0.4rem; }
.brand { display: flex; align-items: center; gap: 0.7rem; }
.brand > div { display: flex; align-items: baseline; gap: 0.6rem; flex-wrap: wrap; }
.mark rect { fill: var(--line-1); }
.mark path { fill: none; stroke: light-dark(#fff, #14151c); stroke-width: 3; stroke-linecap: round; }
.name { font-weight: 650; letter-spacing: -0.01em; }
.zone { color: var(--muted); font-size: 0.8125rem; }
.tools { display: flex; align-items: center; gap: 0.75rem; }
.pill { display: inline-flex; align-items: center; gap: 0.45rem; color: var(--muted); font-size: 0.8125rem; }
.pill::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: var(--line-6); }
.pill[data-state="live"]::before { background: var(--good); box-shadow: 0 0 0 3px var(--good-soft); }
.pill[data-state="lost"]::before { background: var(--warn); }
.quiet { min-height: 2rem; padding: 0.25rem 0.75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); cursor: pointer; font-size: 0.8125rem; }
.quiet:hover { border-color: var(--muted); }
.icon { display: grid; place-items: center; width: 2.125rem; min-height: 2.125rem; padding: 0; border-radius: 50%; }
.icon circle { fill: none; stroke: currentColor; stroke-width: 1.5; }
.icon path { fill: currentColor; }
.icon[aria-pressed="true"] svg { transform: rotate(180deg); }
.link { padding: 0; border: 0; background: none; color: var(--muted); font-size: 0.8125rem; cursor: pointer; text-decoration: underline; text-underline-offset: 3px; }
.link:hover { color: var(--ink); }

main { max-width: 1240px; margin: 0 auto; padding: 0.6rem 1.5rem 2rem; }
.filters { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem; margin-bottom: 1rem; }
.ranges { display: inline-flex; flex-wrap: wrap; min-width: 0; padding: 3px; border-radius: 10px; background: var(--track); }
.ranges label { position: relative; cursor: pointer; }
.ranges input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.ranges span { display: block; padding: 0.25rem 0.75rem; border-radius: 7px; font-size: 0.8125rem; color: var(--muted); white-space: nowrap; }
.ranges label:hover span { color: var(--ink); }
.ranges input:checked + span { background: var(--raised); color: var(--ink); font-weight: 550; box-shadow: var(--shadow); }
.ranges input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 1px; }
.ranges.small span { padding: 0.1rem 0.6rem; }
.field input, .field select, .dates input { height: 2.125rem; padding: 0 0.7rem; border: 1px solid var(--line); border-radius: 9px; background: var(--panel); font-size: 0.8125rem; max-width: 100%; }
.field select { max-width: 12rem; }
.field.small select { height: 1.75rem; padding: 0 0.4rem; }
.field input::placeholder { color: var(--muted); opacity: 1; }
.field.endpoint { flex: 1 1 11rem; max-width: 20rem; }
.field.endpoint input { width: 100%; }
.dates { display: flex; flex-wrap: wrap; gap: 0.5rem; font-size: 0.8125rem; color: var(--muted); }

.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem; margin-bottom: 1rem; }
.tile, .panel { background: var(--panel); border: 1px solid var(--line); border-radius: var(--round); box-shadow: var(--shadow); }
.tile { padding: 1rem 1.15rem 0.95rem; min-width: 0; }
.tile h2 { font-size: 0.8125rem; font-weight: 500; color: var(--muted); }
.figure { margin: 0.15rem 0 0.2rem; font-size: clamp(1.5rem, 2.6vw, 2rem); line-height: 1.2; font-weight: 620; letter-spacing: -0.025em; overflow-wrap: anywhere; }
.tile .sub { font-size: 0.8125rem; line-height: 1.4; }
#tile-held .figure { color: var(--warn); }
#tile-saved .figure { color: var(--good); }

.alerts { margin-bottom: 1rem; padding: 0.35rem 1.15rem; border: 1px solid var(--line); border-left: 4px solid var(--line-3); border-radius: var(--round); background: var(--panel); box-shadow: var(--shadow); }
.alerts li { display: flex; align-items: baseline; gap: 0.75rem; padding: 0.45rem 0; font-size: 0.875rem; overflow-wrap: anywhere; }
.alerts li + li { border-top: 1px solid var(--line); }
.alerts .badge { flex: none; min-width: 4.2rem; padding: 0 0.5rem; border-radius: 6px; font-size: 0.75rem; text-align: center; background: var(--warn-soft); color: var(--warn); }
.alerts [data-severity="critical"] .badge { background: var(--bad-soft); color: var(--bad); }
.alerts [data-severity="info"] .badge { background: var(--accent-soft); color: var(--accent); }
.alerts .text { min-width: 0; }
.alerts:has([data-severity="critical"]) { border-left-color: light-dark(#d0342b, #ff7a6d); }

.trouble { display: flex; align-items: center; justify-content: space-between; gap: 1rem; flex-wrap: wrap; margin-bottom: 1rem; padding: 0.75rem 1rem; border-radius: 10px; background: var(--bad-soft); color: var(--bad); overflow-wrap: anywhere; }
.empty { display: grid; justify-items: center; gap: 0.4rem; margin-bottom: 1rem; padding: 3rem 1.5rem; text-align: center; border: 1px dashed var(--line); border-radius: var(--round); }
.empty svg { margin-bottom: 0.75rem; }
.empty svg rect { fill: var(--accent-soft); stroke: var(--accent); stroke-width: 1.5; }
.empty svg path { stroke: var(--line); stroke-width: 2; stroke-linecap: round; }
.empty h2 { font-size: 1.125rem; }
.empty p { color: var(--muted); }
.empty pre { max-width: 100%; overflow: auto; margin-top: 1rem; padding: 0.9rem 1.1rem; border-radius: 10px; background: var(--panel); border: 1px solid var(--line); text-align: left; font: 0.8125rem/1.6 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.grid[data-empty="all"], .grid[data-empty="budgets"] .panel:not(#budgets) { display: none; }
.grid[data-empty="budgets"] .column { display: contents; }
.grid[data-empty="budgets"] #budgets { grid-column: 1 / -1; }

.grid { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 1rem; }
.panel { padding: 1.1rem 1.15rem 1.15rem; min-width: 0; }
.column { grid-column: span 4; display: grid; gap: 1rem; align-content: start; min-width: 0; }
.column.wide { grid-column: span 8; }
#advice, #calls { grid-column: span 12; }
.head { display: flex; align-items: center; justify-content: space-between; gap: 0.75rem; min-height: 1.9rem; margin-bottom: 0.5rem; }
.head h2 { font-size: 0.9375rem; font-weight: 620; letter-spacing: -0.005em; }
.none { padding: 0.5rem 0; font-size: 0.875rem; }
.rest { margin-top: 0.75rem; font-size: 0.8125rem; }
.lead { color: var(--muted); font-size: 0.875rem; }
.chart { position: relative; min-height: 260px; margin: 0.5rem 0 0.75rem; }
.u-over { cursor: crosshair; }
.u-cursor-x { border-right: 1px solid var(--line) !important; }
.tip { position: absolute; top: 0; z-index: 3; min-width: 12rem; max-width: 20rem; padding: 0.6rem 0.75rem; border-radius: 10px; background: var(--float); border: 1px solid var(--line); box-shadow: 0 8px 24px rgb(0 0 0 / 14%); font-size: 0.8125rem; pointer-events: none; }
.tip strong { display: block; margin-bottom: 0.25rem; font-weight: 600; }
.tip div { display: flex; align-items: center; gap: 0.5rem; }
.tip span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--muted); }
.tip b, .legend b { font-weight: 550; }
.tip .sum { margin-top: 0.3rem; padding-top: 0.3rem; border-top: 1px solid var(--line); }
.swatch { flex: none; width: 10px; height: 10px; border-radius: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: 0.35rem 1.25rem; font-size: 0.8125rem; }
.legend li { display: flex; align-items: center; gap: 0.45rem; min-width: 0; max-width: 100%; }
.legend span { color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
details { margin-top: 0.75rem; font-size: 0.8125rem; }
summary { display: inline-block; padding: 0.15rem 0; color: var(--muted); cursor: pointer; }
summary::before { content: "▸ "; }
details[open] summary::before { content: "▾ "; }
.scroll { max-height: 18rem; overflow: auto; margin-top: 0.5rem; border: 1px solid var(--line); border-radius: 10px; }
.scroll th, .scroll td { padding: 0.3rem 0.75rem; }
.scroll thead th { position: sticky; top: 0; background: var(--panel); }

table { width: 100%; border-collapse: collapse; }
th { font-weight: 400; text-align: left; }
th.number { text-align: right; }
thead th { padding: 0 0 0.4rem; color: var(--muted); font-size: 0.75rem; font-weight: 500; border-bottom: 1px solid var(--line); }
tbody tr + tr > * { border-top: 1px solid var(--line); }

.budgets { display: grid; gap: 1.15rem; }
.row { display: flex; align-items: baseline; justify-content: space-between; gap: 0.75rem; }
.row strong { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.1rem 0.5rem; font-weight: 550; min-width: 0; overflow-wrap: anywhere; }
.row .chip { margin: 0; }
.of { flex: none; color: var(--muted); font-size: 0.875rem; }
.of b { color: var(--ink); font-weight: 600; }
.bar { display: flex; height: 9px; margin: 0.4rem 0 0.35rem; border-radius: 99px; background: var(--track); overflow: hidden; }
.bar i { --tone: var(--accent); background: var(--tone); transition: width 0.4s ease; }
.bar[data-tone="near"] i { --tone: light-dark(#d98a12, #f2b65a); }
.bar[data-tone="full"] i { --tone: light-dark(#d0342b, #ff7a6d); }
.bar .held { background: repeating-linear-gradient(135deg, var(--tone) 0 3px, transparent 3px 6px); opacity: 0.85; }
.budgets .sub, .advice .sub, .groups .sub { font-size: 0.8125rem; }
.chip { display: inline-block; max-width: 100%; margin-left: 0.4rem; padding: 0 0.45rem; border-radius: 6px; background: var(--track); color: var(--muted); font-size: 0.75rem; font-weight: 400; line-height: 1.5; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: middle; }

.groups th[scope="row"] { padding: 0.5rem 1rem 0.55rem 0; width: 100%; max-width: 0; }
.groups td { padding: 0.5rem 0 0.5rem 1rem; vertical-align: top; }
.groups .name { display: block; max-width: 100%; padding: 0; border: 0; background: none; font-weight: 500; text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
button.name { cursor: pointer; }
button.name:hover { color: var(--accent); text-decoration: underline; text-underline-offset: 3px; }
.track { display: block; height: 4px; margin: 0.3rem 0 0.2rem; }
.share { display: block; height: 100%; border-radius: 99px; background: var(--accent); transition: width 0.4s ease; }
.groups .sub { display: block; }

.advice { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0.75rem 2rem; }
.advice li { padding: 0.35rem 0; }
.advice .gain { flex: none; font-weight: 600; }

#call-table td { padding: 0.55rem 1rem 0.55rem 0; vertical-align: baseline; }
#call-table td:last-child, #call-table th:last-child { padding-right: 0; }
#call-table th { padding-right: 1rem; }
.when { white-space: nowrap; color: var(--muted); }
.what { width: 46%; overflow-wrap: anywhere; }
.endpoint { font-weight: 500; }
.badge { white-space: nowrap; }
.how .badge { display: inline-block; padding: 0 0.5rem; border-radius: 6px; background: var(--track); font-size: 0.8125rem; }
.how .badge[data-tone="good"] { background: var(--good-soft); color: var(--good); }
.how .badge[data-tone="warn"] { background: var(--warn-soft); color: var(--warn); }
.how .badge[data-tone="bad"] { background: var(--bad-soft); color: var(--bad); }
.how .badge[data-tone="open"] { background: var(--accent-soft); color: var(--accent); }
.why { margin-left: 0.5rem; color: var(--muted); font-size: 0.8125rem; overflow-wrap: anywhere; }
.bill { font-weight: 550; }
.bill .gain, .bill .faint, .held-amount { font-weight: 400; }
.held-amount { color: var(--warn); }
small { margin-right: 0.5rem; font-size: 0.75rem; font-weight: 400; }
small[data-tone="good"] { color: var(--good); }
small[data-tone="bad"] { color: var(--bad); }
tr .faint { font-weight: 400; }
.more { margin-top: 0.9rem; }
.latest { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--muted); font-size: 0.8125rem; }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.5rem 1.5rem; max-width: 1240px; margin: 0 auto; padding: 0 1.5rem 2rem; color: var(--muted); font-size: 0.8125rem; }

.bone { color: transparent; border-radius: 6px; background: var(--track); }
#call-table + .bones { display: none; }
#call-table:not([hidden]):has(#call-rows:empty) + .bones { display: grid; }
.bones { display: grid; gap: 0.9rem; padding: 0.5rem 0; }
.bones i { height: 1rem; border-radius: 6px; background: var(--track); }
.bones i:nth-child(2) { width: 80%; }
.bones i:nth-child(3) { width: 60%; }
.bone, .bones i { animation: breathe 1.6s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: 0.55; } }
body[data-state="trouble"] .bone, body[data-state="trouble"] .bones i { animation: none; }
body[data-state="empty"] .bone { background: none; }
body[data-state="empty"] .tiles { display: none; }

@media (max-width: 1000px) {
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .column { display: contents; }
  .panel { grid-column: 1 / -1; }
  #budgets { order: -1; }
  #spending { order: -2; }
}
@media (max-width: 620px) {
  .top { padding: 0.9rem 1rem 0.3rem; }
  main { padding: 0.5rem 1rem 1.5rem; }
  .foot { padding: 0 1rem 1.5rem; }
  .tiles { gap: 0.7rem; }
  .tile { padding: 0.8rem 0.9rem; }
  .filters .ranges { display: grid; grid-template-columns: repeat(4, 1fr); width: 100%; }
  .filters .ranges span { padding: 0.3rem 0; text-align: center; }
  .filters .field { flex: 1 1 100%; max-width: none; }
  .filters .field select { width: 100%; max-width: none; }
  .alerts { padding: 0.35rem 0.9rem; }
  .head { flex-wrap: wrap; }
  .groups .name { white-space: normal; overflow-wrap: anywhere; }
  #call-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  #call-table, #call-table tbody { display: block; }
  #call-table tr { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: baseline; gap: 0.3rem 0.6rem; padding: 0.7rem 0; }
  #call-table tr + tr { border-top: 1px solid var(--line); }
  #call-table td { padding: 0; border: 0; width: auto; }
  .what { grid-column: 1 / 3; grid-row: 1; }
  .what .endpoint { margin-right: 0.4rem; }
  .what .chip { margin: 0 0.35rem 0 0; }
  .bill { grid-column: 3; grid-row: 1; }
  .how { grid-column: 1; grid-row: 2; }
  .when { grid-column: 2; grid-row: 2; font-size: 0.8125rem; }
  .estimate { grid-column: 3; grid-row: 2; color: var(--muted); font-size: 0.8125rem; }
  .estimate::before { content: "est. "; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .bar i, .share, .swatch { forced-color-adjust: none; }
}
`;
