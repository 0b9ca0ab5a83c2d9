import progress from "cli-progress";
import type { BudgetStanding } from "../../budget/standing.ts";
import { money } from "../../money.ts";
import { budgetBar, doneBar } from "../bar.ts";
import type { Terminal } from "../terminal.ts";
import { type Line, written } from "./line.ts";
import type { Progress, View } from "./view.ts";

const FRAMES_A_SECOND = 12;
const FEWEST_LINES = 3;
const MOST_LINES = 10;
/** Lines of the screen that are not for the last calls: the heading, the act, the bars and what stands between them. */
const OTHER_LINES = 12;
const WIDEST_BAR = 48;

/** The last few calls, the act, and two bars: calls done, and money spent, held and left. Redrawn where it stands. */
export function createLiveView(terminal: Terminal): View {
  const { paint, stream } = terminal;
  const shown = Math.min(MOST_LINES, Math.max(FEWEST_LINES, terminal.rows - OTHER_LINES));
  const lines: Line[] = [];
  let act = "";
  let calls: Progress = { done: 0, running: 0, total: 0 };
  let standing: BudgetStanding | undefined;
  /** One column less than there are: a full line makes some terminals wrap. */
  const room = () => terminal.columns - 3;

  const frame: (() => string)[] = [
    ...Array.from({ length: shown }, (_, index) => () => {
      const line = lines[index];
      return line ? written(line, room(), paint) : "";
    }),
    () => "",
    () => paint.bold([...act].slice(0, room()).join("")),
    () => callsLine(calls, room(), terminal),
    () => (standing ? budgetLine(standing, room(), terminal) : ""),
  ];
  const drawn = (text: () => string) => `  ${text()}`.trimEnd();

  const screen = new progress.MultiBar({
    stream,
    fps: FRAMES_A_SECOND,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    format: (_options, _params, payload: { text(): string }) => drawn(payload.text),
  });
  for (const text of frame) screen.create(1, 0, { text });
  let stopped = false;

  return {
    act: (nth, of, title) => {
      act = `${nth}/${of}  ${title}`;
    },
    line: (line) => {
      lines.push(line);
      if (lines.length > shown) lines.shift();
    },
    progress: (next) => {
      calls = next;
    },
    budget: (next) => {
      standing = next;
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      screen.stop();
      // The library's own last frame counts colours as characters and cuts the lines short.
      terminal.print(...frame.map(drawn), "");
    },
  };
}

function callsLine({ done, running, total }: Progress, room: number, { paint }: Terminal): string {
  const bar = doneBar(done, total, barWidth(room), paint);
  const count = `${done}/${total}`.padStart(5);
  return `calls   ${bar} ${count}${running > 0 ? paint.dim(`  ${running} open`) : ""}`;
}

function budgetLine(standing: BudgetStanding, room: number, { paint }: Terminal): string {
  const [spent = "", held = "", left = "", limit = ""] = [
    standing.spent,
    standing.held,
    standing.remaining,
    standing.limit,
  ].map((amount) => money(amount.toDecimalPlaces(2)));
  const rest = room < FULL_FIGURES ? `of ${limit}` : `${left} left of ${limit}`;
  const figures = `${paint.green(`${spent} spent`)} ${paint.yellow(`${held} held`)} ${paint.dim(rest)}`;
  return `budget  ${budgetBar(standing, barWidth(room), paint)} ${figures}`;
}

/** Narrower than this, what is left goes without saying. */
const FULL_FIGURES = 64;

/** What the words beside a bar leave for it. */
function barWidth(room: number): number {
  return Math.max(8, Math.min(WIDEST_BAR, room - 54));
}
