import { type Books, differences, type Kept } from "./books.ts";
import type { Fal } from "./fal.ts";
import { beginLife, type Life, type Surroundings } from "./life.ts";
import { createProbes } from "./probes.ts";
import { type Scenario, unknownPrice } from "./scenario.ts";
import type { Errand } from "./workload.ts";

export interface Inspection {
  /** What must be true at every moment. */
  afterStep(): Promise<void>;
  /** Brings everything to its end in fair weather, and compares the ledger with fal's book. */
  atEnd(lives: readonly Life[]): Promise<void>;
}

export interface InspectionParts extends Surroundings {
  books: Books;
  errands: ReadonlyMap<string, Errand>;
  scenario: Scenario;
}

/** More than anything that was begun can take. */
const MOST_STEPS = 100_000;
const HOUR_MS = 3_600_000;

export function createInspection(parts: InspectionParts): Inspection {
  const { world, fal, durable, posts, books, errands, told, scenario } = parts;
  const { inner } = durable;

  async function afterStep(): Promise<void> {
    await posts.check(inner);
    const sums = books.sums(world.nowMs);
    const [difference] = differences(sums, await inner.counters({ prefix: "", at: world.nowMs }));
    if (difference) world.breach(difference);
    const over = sums.find(({ limit, spent, held, overrun }) => limit !== null && spent + held > limit + overrun);
    if (over) world.breach(`${over.counter} stands at ${over.spent} + ${over.held}, over its limit of ${over.limit}`);
  }

  async function playOut(what: string): Promise<void> {
    for (let step = 0; step < MOST_STEPS; step++) {
      if (!(await world.step())) return;
      await afterStep();
      if (world.violation) return;
    }
    world.breach(`${what} never comes to rest`);
  }

  async function stepOut(): Promise<void> {
    for (let step = 0; step < MOST_STEPS && (await world.step()); step++);
  }

  /** Fetches every result that anybody was told of, and asks after what is open. */
  async function collect(): Promise<void> {
    world.passMs(HOUR_MS / 2);
    const collectors = ["collector", "other collector"].map((owner) =>
      beginLife(owner, 3 * HOUR_MS, { cache: false }, parts),
    );
    for (const requestId of told) {
      const { endpointId } = fal.find(requestId)!;
      // Two at once, as a webhook's handler and a poller may be.
      for (const { owner, client } of collectors) {
        await world.as(owner, () => void client.queue.result(endpointId, { requestId }).catch(() => {}));
      }
      await playOut("collecting");
    }
    const [{ owner, client }] = collectors as [Life];
    await world.as(owner, () => {
      client.meter
        .reconcile({ olderThan: 1 })
        .catch((error: unknown) => world.breach(`reconcile broke: ${String(error)}`));
    });
    await playOut("reconciling");
  }

  async function atEnd(lives: readonly Life[]): Promise<void> {
    await playOut("what was begun");
    for (const { call, owner, ending, what } of errands.values()) {
      if (ending === null && lives.some((life) => life.owner === owner))
        world.breach(`call ${call} (${what}) never ended`);
    }
    const probes = createProbes({ world, posts, scenario, rest: playOut, restUnwatched: stepOut });
    // A queued job that nobody followed to its end keeps its place for a while, and rightly.
    if (!scenario.queues) await every(lives, probes.places);
    if (!world.violation) await collect();
    // Places of jobs that nobody followed have run out by then, on a clock that was set back as well.
    world.passMs(3 * HOUR_MS);
    await every(lives, probes.places);
    for (const { owner } of lives) {
      const [left] = world.waiting(owner);
      if (left !== undefined) world.breach(`${owner} still waits: ${left}`);
    }
    if (world.violation) return;
    for (const [id, kept] of books.kept) {
      const wrong = mismatch(id, kept, fal);
      if (wrong) world.breach(wrong);
      if (scenario.calm && !kept.settled) world.breach(`purchase ${id} is open at the end of a calm day`);
    }
    await compareEntries();
    await every(lives, probes.memory);
  }

  async function every(lives: readonly Life[], ask: (life: Life) => Promise<void>): Promise<void> {
    for (const life of lives) if (!world.violation) await ask(life);
  }

  async function compareEntries(): Promise<void> {
    const entries = await inner.entries({ kinds: ["purchase"], limit: 100_000 });
    const settled = [...books.kept].filter(([, kept]) => kept.settled !== null);
    if (new Set(entries.map(({ id }) => id)).size !== entries.length) world.breach("a purchase has two entries");
    if (entries.length !== settled.length)
      world.breach(`${settled.length} purchases were settled and ${entries.length} have entries`);
    const spent = settled.reduce((total, [, kept]) => total + (kept.settled?.actual ?? 0n) + kept.corrections, 0n);
    const [totals] = await inner.totals({ by: [] });
    if ((totals?.spent ?? 0n) !== spent) world.breach(`the totals say ${totals?.spent} and the entries ${spent}`);
  }

  return { afterStep, atEnd };
}

/** Where the ledger and fal's book differ over one purchase without a reason, in words. */
function mismatch(id: string, { request, requestId, settled, corrections }: Kept, fal: Fal): string | null {
  const bill = fal.billFor(id);
  const works = fal.worksFor(id);
  if (works.length > 1) return `purchase ${id} was bought ${works.length} times`;
  const overbilled = works.some((work) => work.overbilled);
  if (!settled) {
    if (requestId !== null && works.length > 0) return `purchase ${id} is open though its job ${requestId} has ended`;
    if (request.amount !== null && request.amount < bill && !overbilled)
      return `purchase ${id} holds less than its bill of ${bill}`;
    return null;
  }
  // Without a bill in the answer the estimate stands, and where there is none either the amount stays unknown.
  if (settled.actual === null)
    return request.amount === null ? null : `purchase ${id} has an estimate and was booked as unknown`;
  const guessed = settled.basis !== "billed-units" && settled.outcome === "charged";
  const { endpointId } = request.purchase;
  if (guessed && (overbilled || endpointId === unknownPrice)) return null;
  // What bills above the price list have taught is no longer what the list says.
  if (guessed && settled.basis === "learned" && fal.hasOverbilled(endpointId)) return null;
  // What nobody could tell in time is booked as it was held, until a bill says otherwise.
  if (settled.outcome === "expired" && corrections === 0n)
    return settled.actual >= bill || overbilled
      ? null
      : `purchase ${id} expired at ${settled.actual} and fal billed ${bill}`;
  const booked = settled.actual + corrections;
  return booked === bill
    ? null
    : `purchase ${id} is booked at ${booked} (${settled.outcome}, ${settled.basis}) and fal billed ${bill}`;
}
