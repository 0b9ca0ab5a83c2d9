import type { BudgetStanding } from "../../budget/standing.ts";
import { type BudgetExceededError, isMeterError } from "../../errors.ts";
import { failureText, lineOf, lineOfError } from "./line.ts";
import { perform, type Scene } from "./scene.ts";
import type { Act } from "./script.ts";
import type { Stage } from "./stage.ts";
import type { View } from "./view.ts";

/** What the calls gave. */
export interface Played {
  /** Answers in the order in which they came. */
  made: { endpointId: string; data: unknown }[];
  /** A refusal in full, as the caller gets it: of a call that fits another day, where there is one. `null` when nothing was refused. */
  refusal: string | null;
  /** Failures that were not part of the script. */
  unplanned: string[];
  seconds: number;
}

/** Plays every act: the calls of one at the same time, the acts one after the other. Then asks after what was abandoned. */
export async function play(
  acts: readonly Act[],
  { client, emulator, credentials }: Stage,
  view: View,
  stop: AbortSignal,
): Promise<Played> {
  const total = acts.reduce((count, act) => count + act.scenes.length, 0);
  const played: Played = { made: [], refusal: null, unplanned: [], seconds: 0 };
  const progress = { done: 0, running: 0, total };
  const began = performance.now();
  const unheard = client.meter.on("*", (event) => {
    const line = lineOf(event);
    if (line) view.line(line);
    if (MOVES_MONEY.has(event.type)) void standing();
  });

  let asking = false;
  let moved = false;
  /** One question at a time; what moves meanwhile is asked after once more. */
  async function standing(): Promise<void> {
    moved = true;
    if (asking) return;
    asking = true;
    while (moved) {
      moved = false;
      await showStanding();
    }
    asking = false;
  }

  async function showStanding(): Promise<void> {
    const [first]: BudgetStanding[] = await client.meter.budgets().catch(() => []);
    if (first) view.budget(first);
  }

  async function call(scene: Scene): Promise<void> {
    view.progress({ ...progress, running: ++progress.running });
    try {
      const data = await perform(scene, client, stop);
      played.made.push({ endpointId: scene.endpointId, data });
    } catch (error) {
      note(scene, error);
    }
    view.progress({ ...progress, running: --progress.running, done: ++progress.done });
  }

  function note({ endpointId }: Scene, error: unknown): void {
    const line = lineOfError(endpointId, error);
    if (line) view.line(line);
    if (!isMeterError(error)) {
      if (!isAnswer(error)) played.unplanned.push(failureText(endpointId, error));
    } else if ((error as Error).name === "BudgetExceededError") keepRefusal(error as BudgetExceededError);
    else if (!line) played.unplanned.push(failureText(endpointId, error));
  }

  function keepRefusal({ message, transient }: BudgetExceededError): void {
    if (played.refusal === null || transient) played.refusal = message;
  }

  const recovers = acts.some(({ scenes }) => scenes.some(({ manner }) => manner === "abandoned"));
  const parts = acts.length + (recovers ? 1 : 0);
  for (const [index, act] of acts.entries()) {
    if (stop.aborted) break;
    view.act(index + 1, parts, act.title);
    for (const fault of act.faults ?? []) emulator?.fault(fault);
    await Promise.all(act.scenes.map(call));
    emulator?.clearFaults();
  }
  if (recovers && !stop.aborted) {
    view.act(parts, parts, "Asking fal after the job that nobody fetched and the answer that was lost");
    await client.meter.reconcile({ olderThan: 1, credentials });
  }
  await showStanding();
  unheard();
  return { ...played, seconds: (performance.now() - began) / 1000 };
}

const MOVES_MONEY: ReadonlySet<string> = new Set(["budget-held", "call-settled", "cache-hit", "budget-refused"]);

/** fal answered, with a failure: the script has two of them, and the ledger says what they cost. */
function isAnswer(error: unknown): boolean {
  return typeof (error as { status?: unknown } | null)?.status === "number";
}
