import type { Emulator } from "../../src/emulator/emulator.ts";
import type { Store } from "../../src/store/store.ts";
import type { AheadClock } from "./ahead.ts";
import { type Crew, createCrew } from "./crew.ts";
import { inspect, inspectReconciled, type Undecided } from "./inspection.ts";
import type { Ledger } from "./ledger.ts";
import type { Outcomes } from "./orders.ts";
import type { Plan } from "./plan.ts";
import { bookTwice, type Plant, refundAll } from "./plants.ts";
import type { Troop } from "./processes.ts";
import { type Seen, watch } from "./watch.ts";

export interface RoundParts {
  ledger: Ledger;
  emulator: Emulator;
  clock: AheadClock;
  troop: Troop;
  plan: Plan;
  plant: Plant | null;
}

export interface Round {
  violations: string[];
  killed: number;
  /** Of the killed, while they reconciled. */
  killedReconciling: number;
  /** Whether everybody died. */
  allDied: boolean;
  outcomes: Outcomes;
  /** Purchases that were open when everybody was done. */
  left: number;
  resolved: Crew["resolved"];
  undecided: Undecided;
  looks: number;
  slowestOpenMs: number;
}

/** A hold whose caller was never answered is asked after once it is an hour old. */
const ABANDONED_MS = 61 * 60_000;
/** A reconciliation may find another at work. */
const MOST_RECONCILIATIONS = 8;

/** One round: programs buy, some are killed, the others go on, what is left is reconciled, and the books are looked at. */
export async function playRound({ ledger, emulator, clock, troop, plan, plant }: RoundParts): Promise<Round> {
  const violations: string[] = [];
  const wrong = (what: string) => void violations.push(what);
  const widened = plan.budgets.map((budget) => ({ ...budget, limit: 3 * Number(budget.limit) }));
  const crew = createCrew({
    ...{ ledger, emulatorUrl: emulator.url, clock, troop, wrong },
    budgets: plant === "wide-cap" ? widened : plan.budgets,
    unmetered: plant === "no-hold",
  });
  const outcomes: Outcomes = {};
  let killed = 0;
  let killedReconciling = 0;
  const sights: Seen = { looks: 0, over: new Map() };
  const lookOn = () => watch(ledger, plan, clock, sights);

  function count(added: Outcomes | null): void {
    for (const [name, times] of Object.entries(added ?? {})) outcomes[name] = (outcomes[name] ?? 0) + times;
  }

  /** Once fal has seen so many requests more, or once `work` is over. */
  async function seen(requests: number, work: Promise<unknown>): Promise<void> {
    const from = emulator.requests.length;
    let over = false;
    const done = () => {
      over = true;
    };
    work.then(done, done);
    while (!over && emulator.requests.length - from < requests) await clock.sleep(1);
  }

  /** The programs buy and some are killed; answers what the others still do. */
  async function killSome(): Promise<{ others: Promise<unknown> }> {
    const programs = await Promise.all(plan.programs.map(() => crew.hire()));
    const opened = programs.map(crew.open);
    if (plan.killAt !== "opening") await Promise.all(opened);
    const watching = plan.killAt !== "opening" || plan.watched ? await lookOn() : null;
    const work = programs.map(async (program, place) => {
      await opened[place];
      const { errands, atOnce } = plan.programs[place]!;
      if (program.alive) count(await crew.tell<Outcomes>(program, { do: "buy", errands, atOnce }));
    });
    if (plan.killAt !== "opening") await seen(plan.killAt.requests, Promise.all(work));
    if (!plan.watched) await watching?.leave();
    const deaths = plan.victims.map(async (place, index) => {
      await clock.sleep(plan.killDelaysMs[index]!);
      await crew.kill(programs[place]!);
      killed++;
    });
    await Promise.all(deaths);
    // Whoever was spared may still be opening.
    await Promise.all(opened);
    const others = Promise.all(work);
    return { others: plan.watched ? others.finally(() => watching?.leave()) : others };
  }

  /** Whoever is left goes on, and a newcomer finds the ledger as the dead left it. */
  async function goOn(): Promise<void> {
    if (plan.newcomer) await crew.open(await crew.hire());
    const watching = await lookOn();
    const tickets = [...crew.learned.values()].slice(-6);
    const { alive } = crew;
    const going = alive.map(async (program, index) => {
      const errands = plan.afterwards.filter((_, place) => place % alive.length === index);
      count(await crew.tell<Outcomes>(program, { do: "buy", errands, atOnce: 3 }));
      if (index === 0) count(await crew.tell<Outcomes>(program, { do: "collect", tickets }));
    });
    await Promise.all(going);
    await watching.leave();
  }

  async function openOneMore() {
    const program = await crew.hire();
    await crew.open(program);
    return program;
  }

  async function reconcileAll(): Promise<void> {
    await crew.advance(ABANDONED_MS);
    if (plan.killReconcilerAt !== null) {
      const victim = crew.alive[0]!;
      const reconciling = crew.reconcile(victim);
      await seen(plan.killReconcilerAt, reconciling);
      await crew.kill(victim);
      await reconciling;
      killed++;
      killedReconciling++;
    }
    while (crew.alive.length < plan.reconcilers) await openOneMore();
    if (plan.reconcilers > 1) await Promise.all(crew.alive.slice(0, plan.reconcilers).map(crew.reconcile));
    for (let tries = 1; !(await crew.reconcile(crew.alive[0]!)); tries++)
      if (tries === MOST_RECONCILIATIONS) return wrong(`${tries} reconciliations in a row did not go through`);
  }

  async function reconcileAgain(store: Store): Promise<void> {
    const last = async () => (await store.entries({ limit: 1, newest: true }))[0]?.seq;
    const before = await last();
    await crew.ticking(crew.reconcile(crew.alive[0]!));
    if ((await last()) !== before) wrong("a second reconciliation wrote into the ledger");
  }

  async function close(): Promise<void> {
    const [victim] = crew.alive;
    if (plan.killClosingAfterMs !== null && victim) {
      const closing = crew.tell(victim, { do: "close" });
      await clock.sleep(plan.killClosingAfterMs);
      await crew.kill(victim);
      await closing;
      killed++;
    }
    await crew.dismiss();
  }

  for (const fault of plan.faults) emulator.fault(fault);
  const { others } = await killSome();
  await crew.ticking(Promise.all([others, goOn()]));
  emulator.clearFaults();
  if (plant === "refund-the-dead") await refundAll(ledger, clock);

  const store = await ledger.open();
  const look = () => inspect(store, emulator, clock.now(), new Set(crew.learned.keys()));
  violations.push(...(await look()));
  const left = (await store.openHolds({ limit: 10_000 })).length;
  const watching = await lookOn();
  await crew.ticking(reconcileAll());
  await watching.leave();
  if (plant === "book-twice") await bookTwice(ledger, clock);
  violations.push(...(await look()));
  const { undecided, violations: unsettled } = await inspectReconciled(store, emulator);
  const crossed = [...sights.over].map(([counter, excess]) => `${counter} was ${excess} above its limit`);
  violations.push(...unsettled, ...crossed);
  if (plan.again) await reconcileAgain(store);
  await store.close();
  await close();
  const allDied = plan.victims.length === plan.programs.length;
  return {
    ...{ violations, killed, killedReconciling, allDied, outcomes, left },
    ...{ resolved: crew.resolved, undecided },
    ...{ looks: sights.looks, slowestOpenMs: crew.slowestOpenMs },
  };
}

/** Days later, when every window has closed: nothing may be left open, and what nobody could tell is booked as billed. */
export async function closeBooks({ ledger, emulator, clock, troop }: Omit<RoundParts, "plan" | "plant">) {
  const violations: string[] = [];
  const wrong = (what: string) => void violations.push(what);
  const told = { ledger, emulatorUrl: emulator.url, budgets: [], unmetered: false };
  const crew = createCrew({ ...told, clock, troop, wrong });
  const program = await crew.hire();
  await crew.open(program);
  if (!(await crew.reconcile(program))) wrong("the last reconciliation did not go through");
  await crew.dismiss();
  const store = await ledger.open();
  const inspected = await inspectReconciled(store, emulator);
  const open = await store.openHolds({ limit: 10 });
  violations.push(...inspected.violations, ...open.map(({ id }) => `${id} is open after its windows have closed`));
  await store.close();
  return { violations, resolved: crew.resolved, assumed: inspected.assumed, written: inspected.written };
}
