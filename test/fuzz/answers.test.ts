import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFalClient, type MeterOptions } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type Answer, answers, type Failure, failure, thrownValue } from "./answer.ts";
import { wrongInBooks } from "./books.ts";
import { type Run, unlike } from "./likeness.ts";
import { bareClient, type Caller, createFar, type Far, play, type Step, TICKET, VERBS } from "./play.ts";
import { ended, quickRealm, SleepersClock } from "./realm.ts";
import { cases, withSeed } from "./seed.ts";

quickRealm();

interface Case {
  steps: readonly Step[];
  options: MeterOptions;
}

const METERS: readonly MeterOptions[] = [
  { budgets: [{ limit: 1, per: "day" }], cache: { ttl: "1h" } },
  { budgets: [{ limit: "0.12", per: { rolling: "1h" } }], cache: { ttl: "1h", unseeded: true } },
  { budgets: [{ limit: 1, per: "total" }], limits: { concurrency: 20 } },
  { budgets: [{ limit: 1, per: "day", onExceed: "warn" }], mode: "production", limits: { concurrency: 20 } },
];

/**
 * The client leaves some rejections of a broken stream unheard, and waits for ever after an AbortError of nobody's: such streams
 * are read by `fetch`. A failure that is no JSON is handed on unread, and where its body never ends nobody reads it here.
 */
function steps(verb: Step["verb"]): fc.Arbitrary<Step> {
  const endless = verb !== "upload";
  const streams = verb === "stream" || verb === "statusStream";
  const any = answers(fc.oneof({ weight: 6, arbitrary: failure }, { weight: 1, arbitrary: thrownValue }), endless);
  const byFetch = any.filter((answer) => answer.kind === "failure" || answer.body.kind !== "endless" || isRead(answer));
  const byClient = answers(failure, endless).filter((answer) => !streams || isTold(answer));
  return fc.oneof(
    several(byClient).map((each) => ({ verb, door: "client" as const, answers: each })),
    several(byFetch).map((each) => ({ verb, door: "fetch" as const, answers: each })),
  );
}

function several(answer: fc.Arbitrary<Answer>): fc.Arbitrary<Answer[]> {
  return fc.array(answer, { minLength: 1, maxLength: 3 });
}

function isRead(answer: Extract<Answer, { kind: "answer" }>): boolean {
  return isOk(answer) || typeOf(answer).includes("application/json");
}

/** Whether the client of a stream tells of the answer. */
function isTold(answer: Answer): boolean {
  if (answer.kind === "failure") return !isAbort(answer.failure);
  const isEvents = typeOf(answer).startsWith("text/event-stream");
  const { body } = answer;
  if (body.kind === "broken" && (isAbort(body.failure) || (isOk(answer) && !isEvents))) return false;
  return body.kind !== "endless" || isEvents;
}

function isOk({ status }: Extract<Answer, { kind: "answer" }>): boolean {
  return status >= 200 && status < 300;
}

function typeOf({ headers }: Extract<Answer, { kind: "answer" }>): string {
  return headers.flatMap(([name, value]) => (name === "content-type" ? [value] : [])).join(", ");
}

function isAbort(failure: Failure): boolean {
  return failure.kind === "plain" && failure.name === "AbortError";
}

const ticket: Step = { verb: "submit", door: "client", answers: [TICKET] };
const anySteps = fc.array(fc.constantFrom(...VERBS).chain(steps), { minLength: 1, maxLength: 3 });
const anyCase: fc.Arbitrary<Case> = fc.record({
  steps: fc.oneof(
    anySteps,
    anySteps.map((later) => [ticket, ...later]),
  ),
  options: fc.constantFrom(...METERS),
});

async function playAll(caller: Caller, far: Far, all: readonly Step[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const [index, step] of all.entries()) {
    const before = far.asked;
    runs.push({ played: await play(caller, far, step, index), asked: far.asked - before });
  }
  return runs;
}

async function check({ steps: all, options }: Case): Promise<void> {
  const [far, bareFar, store] = [createFar(), createFar(), createMemoryStore()];
  const meter = { ...options, store, clock: new SleepersClock() };
  const fal = createFalClient({ credentials: "id:secret", fetch: far.fetch, meter });
  const ours = await playAll({ fal, fetch: fal.meter.fetch }, far, all);
  const theirs = await playAll(bareClient(bareFar), bareFar, all);
  const full = (await fal.meter.budgets()).some(({ spent, held, limit }) => spent.add(held).add("0.04").gt(limit));
  const wrong = all.flatMap((step, index) => unlike(step, ours[index]!, theirs[index]!, full) ?? []);
  expect([...wrong, ...(await wrongInBooks(fal.meter, store, far.paid))]).toEqual([]);
  await fal.meter.close();
}

describe(`malformed answers from fal ${withSeed}`, () => {
  test("meet the caller as they would without a meter, and cost what the ledger says", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, (one) => ended(check(one))),
      cases(5_000),
    );
  });
});
