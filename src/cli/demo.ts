import { Command } from "commander";
import { MeterError, OptionsError } from "../errors.ts";
import { factsOf } from "./demo/facts.ts";
import { createLiveView } from "./demo/live-view.ts";
import { createLogView } from "./demo/log-view.ts";
import { savePictures } from "./demo/pictures.ts";
import { play } from "./demo/play.ts";
import { type Ending, reportDocument, reportLines } from "./demo/report.ts";
import { EMULATED, LIVE } from "./demo/script.ts";
import { emulatedStage, liveStage, type Stage } from "./demo/stage.ts";
import { quietView, type View } from "./demo/view.ts";
import { EXIT, type ExitCode, INTERRUPTED } from "./exit.ts";
import { interrupted } from "./interrupt.ts";
import type { Terminal } from "./terminal.ts";

interface DemoFlags {
  live?: true;
  json?: true;
}

export function demoCommand(terminal: Terminal, end: (code: ExitCode) => void): Command {
  return new Command("demo")
    .description(
      "watch some forty calls being priced, held, paced, cached and settled; needs no key and spends nothing",
    )
    .option("--live", "use fal itself with FAL_KEY: three tiny calls, never more than $0.25")
    .option("--json", "print one JSON document at the end and nothing else, amounts as exact decimal strings")
    .addHelpText(
      "after",
      `\nExample:\n  $ fal-meter demo\n
Exit codes: 0 every bill agrees · 1 one does not, or a call failed that should not · 2 wrong usage, or --live without FAL_KEY`,
    )
    .action(async (flags: DemoFlags) => end(await demo(terminal, flags)));
}

async function demo(terminal: Terminal, { live, json }: DemoFlags): Promise<ExitCode> {
  const stop = interrupted();
  const key = process.env.FAL_KEY;
  if (live && !key) throw new OptionsError("FAL_KEY", "set for --live, to a key from fal.ai/dashboard/keys", key);
  const stage = live && key ? await liveStage(key) : await emulatedStage();
  if (!json) terminal.print(...heading(terminal, stage), "");
  const view = viewFor(terminal, json);
  try {
    const playing = play(live ? LIVE : EMULATED, stage, view, stop).finally(() => view.stop());
    const played = await Promise.race([playing, aborted(stop), deadline()]);
    if (played === "aborted") {
      view.stop();
      return INTERRUPTED;
    }
    const ending = await endingOf(stage, played);
    if (json) terminal.printJson(reportDocument(ending));
    else terminal.print(...reportLines(terminal, ending));
    return ending.facts.agree !== false && played.unplanned.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await stage.close();
  }
}

function heading({ paint }: Terminal, { emulator, budgets, concurrency }: Stage): string[] {
  const where = emulator ? `an emulated fal on ${emulator.url}: no key, no money` : "fal itself";
  const names = budgets.map(({ name }) => name).join(", ");
  return [
    `${paint.bold("fal-meter demo")}  ${where}`,
    paint.dim(`budget ${names} · at most ${concurrency} calls at once`),
  ];
}

function viewFor(terminal: Terminal, json: true | undefined): View {
  if (json) return quietView;
  return terminal.live ? createLiveView(terminal) : createLogView(terminal);
}

function aborted(stop: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve("aborted");
    else stop.addEventListener("abort", () => resolve("aborted"), { once: true });
  });
}

/** Many times longer than it ever takes. */
const LONGEST_S = 120;

/** @throws MeterError when the time is over: an answer that never comes is a failure, not a wait. */
async function deadline(): Promise<never> {
  await new Promise((resolve) => AbortSignal.timeout(LONGEST_S * 1000).addEventListener("abort", resolve));
  throw new MeterError(`The demo did not end in ${LONGEST_S} s: a call was never answered.`);
}

async function endingOf(stage: Stage, played: Ending["played"]): Promise<Ending> {
  const pictures = await savePictures(played.made, stage);
  const entries = await stage.store.entries({ limit: MOST_ENTRIES });
  const holds = await stage.store.openHolds({ limit: MOST_ENTRIES });
  const facts = factsOf(entries, holds, stage.emulator?.book.lines ?? null);
  return { facts, played, ledger: stage.store.name, pictures, folder: stage.folder };
}

/** The script has some forty. */
const MOST_ENTRIES = 1_000;
