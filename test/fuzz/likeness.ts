import { isDeepStrictEqual } from "node:util";
import { isMeterError } from "../../src/index.ts";
import { type Answer, errorOf } from "./answer.ts";
import { described, type Played, type Step } from "./play.ts";

/** What came of one step, and of how many requests. */
export interface Run {
  played: Played;
  asked: number;
}

/**
 * Why the metered outcome is none that a user of the bare client would have met, where it is none. `full`: no budget has room
 * for one more call.
 */
export function unlike(step: Step, ours: Run, theirs: Run, full: boolean): string | null {
  const [mine, other] = [ours.played, theirs.played];
  if (mine.kind === "error" && isMeterError(mine.error)) return unfit(step, mine.error, full);
  if (mine.kind === "error" && isWrapped(step, mine.error, full)) return null;
  // Answered from what was bought before, which nobody was asked for.
  if (ours.asked === 0 && theirs.asked > 0 && mine.kind === "value") return null;
  // The meter reads a whole answer, so a body that breaks off fails the fetch and not the reading after it.
  if (mine.kind === "error" && isDeepStrictEqual(shown(mine), brokenIn(other))) return null;
  // The client of a stream does not try again where it fails at reading a failure; where its fetch fails it does.
  if (step.verb === "stream" && ours.asked > theirs.asked && step.answers.some(isLost)) return null;
  if (mine.kind === other.kind && isDeepStrictEqual(shown(mine), shown(other))) return null;
  return `${mine.kind} where upstream has ${other.kind}: ${JSON.stringify([shown(mine), shown(other)])}`;
}

/** Our own errors are for paid requests, and each has its reason. */
function unfit(step: Step, error: Error, full: boolean): string | null {
  const paid = step.verb === "run" || step.verb === "submit" || step.verb === "stream";
  if (paid && error.name === "OutcomeUnknownError" && step.answers.some(isLost)) return null;
  if (paid && error.name === "BudgetExceededError" && full) return null;
  return `${step.verb} failed with ${error.name}: ${error.message.slice(0, 200)}`;
}

/** The client of a stream makes an ApiError of whatever its fetch throws. */
function isWrapped({ verb, door, answers }: Step, error: unknown, full: boolean): boolean {
  const { status, message = "" } = (error ?? {}) as { status?: unknown; message?: string };
  if (verb !== "stream" || door !== "client" || status !== 500) return false;
  if (answers.some((answer) => messageIn(answer) === message)) return true;
  return answers.some(isLost) && /was sent and the answer was lost/.test(message)
    ? true
    : full && /which budget/.test(message);
}

function messageIn(answer: Answer): string | null {
  if (answer.kind === "failure") return (errorOf(answer.failure) as Error).message;
  return answer.body.kind === "broken" ? (errorOf(answer.body.failure) as Error).message : null;
}

function isLost(answer: Answer): boolean {
  return answer.kind === "failure" || answer.body.kind === "broken" || answer.body.kind === "endless";
}

function shown(played: Played): unknown {
  return played.kind === "value" ? played.value : described(played.error);
}

function brokenIn(played: Played): unknown {
  return played.kind === "value" ? (played.value as { broken?: unknown } | null)?.broken : undefined;
}
