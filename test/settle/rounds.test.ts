import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { runRounds } from "../../src/settle/rounds.ts";
import { createVirtualClock, until } from "../limit/virtual-clock.ts";

test("rounds come at once and then again and again, from the end of one to the start of the next", async () => {
  const clock = createVirtualClock();
  const ending = new AbortController();
  let rounds = 0;
  let end = () => {};
  const round = () => {
    rounds++;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  };
  const running = runRounds({ clock, everyMs: 1_000, signal: ending.signal, round, onFailure: () => {} });
  expect([rounds, clock.sleeping]).toEqual([1, 0]);
  end();
  await until(() => clock.sleeping === 1);
  clock.advance(999);
  expect(rounds).toBe(1);
  clock.advance(1);
  await until(() => rounds === 2);
  ending.abort();
  end();
  await running;
  expect([rounds, clock.sleeping]).toEqual([2, 0]);
});

test("the next round comes although one failed, and its failure is told of", async () => {
  const clock = createVirtualClock();
  const ending = new AbortController();
  const failures: unknown[] = [];
  const failure = new Error("fal is down");
  const round = () => Promise.reject(failure);
  const onFailure = (error: unknown) => void failures.push(error);
  const running = runRounds({ clock, everyMs: 1_000, signal: ending.signal, round, onFailure });
  await until(() => clock.sleeping === 1);
  clock.advance(1_000);
  await until(() => failures.length === 2);
  expect(failures).toEqual([failure, failure]);
  await until(() => clock.sleeping === 1);
  ending.abort();
  await running;
});

test("what fails because it was ended is no failure, and nothing begins after the end", async () => {
  const ending = new AbortController();
  const failures: unknown[] = [];
  let rounds = 0;
  const round = async () => {
    rounds++;
    ending.abort();
    throw new Error("closed");
  };
  const onFailure = (error: unknown) => void failures.push(error);
  const parts = { clock: createVirtualClock(), everyMs: 1, signal: ending.signal, round, onFailure };
  await runRounds(parts);
  await runRounds(parts);
  expect([rounds, failures]).toEqual([1, []]);
});

test("by the system's clock they come as well, end at once, and leave no listener", async () => {
  const ending = new AbortController();
  let rounds = 0;
  const listening: number[] = [];
  const round = async () => {
    rounds++;
    listening.push(getEventListeners(ending.signal, "abort").length);
  };
  const parts = { clock: systemClock, signal: ending.signal, round, onFailure: () => {} };
  const running = runRounds({ ...parts, everyMs: 1 });
  await until(() => rounds === 3);
  ending.abort();
  await running;
  expect(listening).toEqual([0, 0, 0]);
  expect(getEventListeners(ending.signal, "abort")).toHaveLength(0);
  const longer = new AbortController();
  const waiting = runRounds({ ...parts, signal: longer.signal, everyMs: 3_600_000 });
  await until(() => rounds === 4 && getEventListeners(longer.signal, "abort").length === 1);
  longer.abort();
  await waiting;
});
