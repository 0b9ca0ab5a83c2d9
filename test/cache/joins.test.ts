import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJoins } from "../../src/cache/joins.ts";

/** A promise and what ends it. */
function outcome<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((well, badly) => {
    resolve = well;
    reject = badly;
  });
  return { promise, resolve, reject };
}

/** Work that ends when told. */
function work() {
  const { promise, resolve, reject } = outcome<object>();
  const runs: AbortSignal[] = [];
  const lead = (signal: AbortSignal) => {
    runs.push(signal);
    return promise;
  };
  return { lead, runs, promise, resolve, reject };
}

describe("identical calls at the same time", () => {
  it("run once, and every caller gets the one value", async () => {
    const joins = createJoins<object>();
    const { lead, runs, resolve } = work();
    const callers = [1, 2, 3].map(() => joins.join("k", undefined, lead));
    const value = {};
    resolve(value);
    const joined = await Promise.all(callers);
    expect(runs).toHaveLength(1);
    expect(joined.map(({ role }) => role)).toEqual(["leader", "follower", "follower"]);
    for (const each of joined) expect(each.value).toBe(value);
  });

  it("with other keys, or in another meter, run on their own", async () => {
    const [here, there] = [createJoins<object>(), createJoins<object>()];
    const { lead, runs, resolve } = work();
    const callers = [
      here.join("a", undefined, lead),
      here.join("b", undefined, lead),
      there.join("a", undefined, lead),
    ];
    resolve({});
    expect((await Promise.all(callers)).map(({ role }) => role)).toEqual(["leader", "leader", "leader"]);
    expect(runs).toHaveLength(3);
  });

  it.each([[new Error("no")], [undefined], [null], [0], [""], [false]])(
    "fail together when the leader fails with %j, and the key is free",
    async (reason) => {
      const joins = createJoins<object>();
      const { lead, runs, reject } = work();
      const callers = [1, 2, 3].map(() =>
        joins.join("k", undefined, lead).then(
          () => expect.unreachable("a failure resolved its waiters"),
          (thrown: unknown) => ({ thrown, size: joins.size }),
        ),
      );
      reject(reason);
      for (const caller of callers) expect(await caller).toEqual({ thrown: reason, size: 0 });
      expect(runs).toHaveLength(1);
      expect(await joins.join("k", undefined, async () => ({}))).toMatchObject({ role: "leader" });
    },
  );

  it("fail when the lead throws before it starts", async () => {
    const joins = createJoins<object>();
    const broken = () => {
      throw new TypeError("broken");
    };
    await expect(joins.join("k", undefined, broken)).rejects.toThrow("broken");
    expect(joins.size).toBe(0);
  });

  it("find the key free as soon as one of them hears the outcome", async () => {
    const joins = createJoins<object>();
    const again = joins.join("k", undefined, async () => ({})).then(() => joins.join("k", undefined, async () => ({})));
    expect((await again).role).toBe("leader");
  });

  it("are not joined beyond the bound", async () => {
    const joins = createJoins<object>(1);
    const { lead, runs, resolve } = work();
    const callers = ["a", "b", "b", "a"].map((key) => joins.join(key, undefined, lead));
    expect(joins.size).toBe(1);
    resolve({});
    expect((await Promise.all(callers)).map(({ role }) => role)).toEqual(["leader", "leader", "leader", "follower"]);
    expect(runs).toHaveLength(3);
  });
});

describe("a caller that aborts", () => {
  it("leaves alone, leader or follower, with its own reason, and the work goes on", async () => {
    const joins = createJoins<object>();
    const { lead, runs, resolve } = work();
    const [first, second] = [new AbortController(), new AbortController()];
    const leader = joins.join("k", first.signal, lead);
    const follower = joins.join("k", second.signal, lead);
    const patient = joins.join("k", undefined, lead);
    first.abort("first");
    second.abort("second");
    await expect(leader).rejects.toBe("first");
    await expect(follower).rejects.toBe("second");
    expect(runs[0]?.aborted).toBe(false);
    resolve({});
    expect((await patient).role).toBe("follower");
  });

  it("ends the work when it is the last one, with its reason, and a later caller starts anew", async () => {
    const joins = createJoins<object>();
    const abandoned = work();
    const controls = [new AbortController(), new AbortController()];
    const callers = controls.map(({ signal }) => joins.join("k", signal, abandoned.lead));
    controls[1]!.abort("early");
    await expect(callers[1]).rejects.toBe("early");
    controls[0]!.abort("late");
    await expect(callers[0]).rejects.toBe("late");
    expect(abandoned.runs[0]?.aborted).toBe(true);
    expect(abandoned.runs[0]?.reason).toBe("late");

    const fresh = work();
    const later = joins.join("k", undefined, fresh.lead);
    // The abandoned work ends with an error of its own; the fresh one must still be there to join.
    abandoned.reject("late");
    await Promise.allSettled([abandoned.promise]);
    const joined = joins.join("k", undefined, fresh.lead);
    fresh.resolve({});
    expect((await later).role).toBe("leader");
    expect((await joined).role).toBe("follower");
    expect(joins.size).toBe(0);
  });

  it("before it joined starts nothing", async () => {
    const joins = createJoins<object>();
    const { lead, runs } = work();
    await expect(joins.join("k", AbortSignal.abort("gone"), lead)).rejects.toBe("gone");
    expect(runs).toHaveLength(0);
  });

  it("while its own lead begins still ends the work", async () => {
    const joins = createJoins<object>();
    const control = new AbortController();
    const { lead, runs } = work();
    const call = joins.join("k", control.signal, (signal) => {
      control.abort("at once");
      return lead(signal);
    });
    await expect(call).rejects.toBe("at once");
    expect(runs[0]?.reason).toBe("at once");
    expect(joins.size).toBe(0);
  });

  it("after the outcome changes nothing", async () => {
    const joins = createJoins<object>();
    const control = new AbortController();
    let given: AbortSignal | undefined;
    const { value } = await joins.join("k", control.signal, async (signal) => {
      given = signal;
      return { done: true };
    });
    control.abort();
    expect(value).toEqual({ done: true });
    expect(given?.aborted).toBe(false);
  });
});

describe("any interleaving of joins, aborts and outcomes", () => {
  type Step = { do: "join"; key: string } | { do: "abort"; caller: number } | { do: "end"; key: string; well: boolean };
  const key = fc.constantFrom("a", "b");
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant("join" as const), key }),
    fc.record({ do: fc.constant("abort" as const), caller: fc.nat(12) }),
    fc.record({ do: fc.constant("end" as const), key, well: fc.boolean() }),
  );

  interface ModelFlight {
    id: number;
    key: string;
    aboard: Set<number>;
    end: { resolve(value: number): void; reject(reason: unknown): void };
    signal: AbortSignal | undefined;
  }

  it("does as the model does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const joins = createJoins<number>();
        const flights: ModelFlight[] = [];
        const open = new Map<string, ModelFlight>();
        const expected: string[] = [];
        const controls: AbortController[] = [];
        const seen: Promise<string>[] = [];

        for (const current of steps) {
          if (current.do === "join") {
            const caller = controls.length;
            const control = new AbortController();
            controls.push(control);
            let flight = open.get(current.key);
            const role = flight ? "follower" : "leader";
            const { promise, resolve, reject } = outcome<number>();
            flight ??= {
              id: flights.length,
              key: current.key,
              aboard: new Set(),
              end: { resolve, reject },
              signal: undefined,
            };
            if (role === "leader") flights.push(flight);
            open.set(current.key, flight);
            flight.aboard.add(caller);
            expected[caller] = `${role} pending`;
            const mine = flight;
            const call = joins.join(current.key, control.signal, (signal) => {
              mine.signal = signal;
              return promise;
            });
            seen.push(
              call.then(
                (joined) => `${joined.role} of ${joined.value}`,
                (reason: unknown) => `rejected ${reason}`,
              ),
            );
          } else if (current.do === "abort") {
            const flight = flights.find(({ aboard }) => aboard.has(current.caller));
            if (!flight) continue;
            controls[current.caller]!.abort(`by ${current.caller}`);
            expected[current.caller] = `rejected by ${current.caller}`;
            flight.aboard.delete(current.caller);
            expect(flight.signal?.aborted).toBe(flight.aboard.size === 0);
            if (flight.aboard.size === 0 && open.get(flight.key) === flight) open.delete(flight.key);
          } else {
            const flight = open.get(current.key);
            if (!flight) continue;
            open.delete(current.key);
            if (current.well) flight.end.resolve(flight.id);
            else flight.end.reject(`flight ${flight.id}`);
            for (const caller of flight.aboard) {
              const role = expected[caller]!.split(" ")[0];
              expected[caller] = current.well ? `${role} of ${flight.id}` : `rejected flight ${flight.id}`;
            }
            await Promise.all([...flight.aboard].map((caller) => seen[caller]));
            flight.aboard.clear();
          }
          expect(joins.size).toBe(open.size);
        }
        for (const flight of open.values()) {
          flight.end.resolve(flight.id);
          for (const caller of flight.aboard) expected[caller] = `${expected[caller]!.split(" ")[0]} of ${flight.id}`;
        }
        expect(await Promise.all(seen)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
