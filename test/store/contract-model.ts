import fc from "fast-check";
import { expect, test } from "vitest";
import type { Charge, CounterState, Store } from "../../src/store/store.ts";
import type { OpenStore } from "./contract.ts";
import { charged, correction, fixed, free, noon, request, rolling } from "./samples.ts";

const windowMs = 1_000;

interface Move {
  verb: "hold" | "settle" | "void" | "correct" | "bind" | "hold-again";
  /** Which of the purchases so far. */
  pick: number;
  amount: bigint | null;
  waitMs: number;
  limit: bigint | null;
}

const move: fc.Arbitrary<Move> = fc.record({
  verb: fc.constantFrom("hold", "hold", "hold", "settle", "settle", "void", "correct", "bind", "hold-again"),
  pick: fc.nat(50),
  amount: fc.oneof({ weight: 9, arbitrary: fc.bigInt(0n, 60n) }, { weight: 1, arbitrary: fc.constant(null) }),
  waitMs: fc.constantFrom(0, 1, 100, 300, 999, 1_000),
  limit: fc.constantFrom(100n, 100n, 40n, null),
});

/** Everything that happened, kept whole and added up anew for every question. */
interface Purchase {
  id: string;
  at: number;
  amount: bigint | null;
  charges: Charge[];
  settled: { at: number; actual: bigint } | null;
}
interface Amendment {
  at: number;
  now: number;
  amount: bigint;
  charges: Charge[];
}

interface Past {
  purchases: Purchase[];
  amendments: Amendment[];
}

/** What a charge's counter should say. In these tests a fixed window is never settled after its counter is dropped. */
function expected(past: Past, { counter, window }: Charge, now: number): Omit<CounterState, "nextReleaseAt"> {
  const inside = (at: number, posted: number, wasHeld: boolean) => {
    if (window.kind === "rolling") return at + window.lengthMs > Math.max(now, posted);
    return wasHeld || window.endsAt! > posted || made(past, counter, window.endsAt!, posted);
  };
  const charges = (one: { charges: Charge[] }) => one.charges.some((charge) => charge.counter === counter);
  let [spent, held] = [0n, 0n];
  for (const one of past.purchases.filter(charges)) {
    const wasHeld = (one.amount ?? 0n) > 0n;
    if (!one.settled && wasHeld && inside(one.at, one.at, true)) held += one.amount!;
    if (one.settled && inside(one.at, one.settled.at, wasHeld)) spent += one.settled.actual;
  }
  for (const one of past.amendments.filter(charges)) if (inside(one.at, one.now, false)) spent += one.amount;
  return { counter, spent, held };
}

/** Whether the counter of an ended window had been made before a posting at `posted`. */
function made(past: Past, counter: string, endsAt: number, posted: number): boolean {
  const charges = (one: { charges: Charge[] }) => one.charges.some((charge) => charge.counter === counter);
  return (
    past.purchases.some((one) => charges(one) && (one.amount ?? 0n) > 0n && one.at <= posted) ||
    past.purchases.some((one) => charges(one) && one.settled && one.settled.at < endsAt && one.settled.actual !== 0n) ||
    past.amendments.some((one) => charges(one) && one.now < endsAt && one.amount !== 0n)
  );
}

async function play(store: Store, moves: Move[]): Promise<void> {
  const past: Past = { purchases: [], amendments: [] };
  let now = noon;
  for (const [n, { verb, pick, amount, waitMs, limit }] of moves.entries()) {
    now += waitMs;
    const start = now - (now % windowMs);
    const charges = [fixed(`fixed|${start}`, limit, start + windowMs), rolling("rolling", limit, windowMs)];
    const chosen = past.purchases[pick % Math.max(1, past.purchases.length)];
    if (verb === "hold") {
      const answer = await store.hold(request(`p${n}`, { at: now, amount, charges }));
      const before = charges.map((charge) => expected(past, charge, now));
      const over = before.findIndex((state) => limit !== null && state.spent + state.held + (amount ?? 0n) > limit);
      if (amount !== null && over >= 0) {
        expect(answer).toMatchObject({ outcome: "refused", charge: charges[over], counter: before[over] });
        continue;
      }
      past.purchases.push({ id: `p${n}`, at: now, amount, charges, settled: null });
      expect(answer).toMatchObject({ outcome: "held", counters: charges.map((charge) => expected(past, charge, now)) });
      if (answer.outcome !== "held" || amount === null || limit === null) continue;
      for (const state of answer.counters) expect(state.spent + state.held).toBeLessThanOrEqual(limit);
    } else if (chosen && (verb === "settle" || verb === "void")) {
      const actual = verb === "void" ? 0n : amount;
      const settlement = verb === "void" ? free({ at: now }) : charged(actual, { at: now });
      const answer = await store.settle(chosen.id, settlement);
      expect(answer.outcome).toBe(chosen.settled ? "already" : "settled");
      chosen.settled ??= { at: now, actual: actual ?? 0n };
      if (answer.outcome === "settled") {
        expect(answer.counters).toMatchObject(chosen.charges.map((charge) => expected(past, charge, now)));
      }
    } else if (chosen && verb === "correct") {
      const change = (amount ?? 0n) - 20n;
      await store.record(correction(`c${n}`, change, { at: chosen.at, settledAt: now, charges: chosen.charges }));
      past.amendments.push({ at: chosen.at, now, amount: change, charges: chosen.charges });
    } else if (chosen && verb === "bind") await store.bind(chosen.id, `r-${chosen.id}`);
    else if (chosen) {
      const again = { at: chosen.at, amount: chosen.amount, charges: chosen.charges };
      expect(await store.hold(request(chosen.id, again))).toMatchObject({ outcome: "held" });
    }

    for (const state of await store.counters({ prefix: "", at: now })) {
      const end = Number(state.counter.split("|")[1]) + windowMs;
      const charge = state.counter === "rolling" ? rolling("rolling", null, windowMs) : fixed(state.counter, null, end);
      expect(state).toMatchObject(expected(past, charge, now));
    }
    const open = past.purchases.filter((one) => !one.settled);
    const held = open.reduce((sum, one) => sum + (one.amount ?? 0n), 0n);
    const billed = past.purchases.reduce((sum, one) => sum + (one.settled?.actual ?? 0n), 0n);
    const corrected = past.amendments.reduce((sum, one) => sum + one.amount, 0n);
    expect(await store.totals({ by: [] })).toMatchObject([{ spent: billed + corrected, held }]);
    expect((await store.openHolds({ limit: 99 })).map(({ id }) => id).sort()).toEqual(open.map(({ id }) => id).sort());
  }
}

export function describeModel(open: OpenStore): void {
  test("any course of holds, bills, voids and corrections adds up as if everything were kept", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 40 }), async (moves) => {
        const store = await open();
        await play(store, moves);
        await store.close();
      }),
      { numRuns: 60 },
    );
  });
}
