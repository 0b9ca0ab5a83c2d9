import fc from "fast-check";
import { expect, test } from "vitest";
import { createRollingWindow, type Member } from "../../src/store/rolling.ts";

test("a window that overflows merges its oldest amounts, which then leave late and never early", () => {
  const window = createRollingWindow(1_000_000);
  const first = window.add(0, 0n, 5n);
  const second = window.add(1, 0n, 7n);
  for (let at = 2; at < 100_001; at += 1) window.add(at, 1n, 0n);
  expect(window.state("c", 1_000_000)).toMatchObject({ held: 12n, nextReleaseAt: 1_000_001 });
  window.post(second, 7n, 3n);
  window.post(first, 5n, 4n);
  expect(window.state("c", 1_000_000)).toMatchObject({ spent: 99_999n + 7n, held: 0n });
  window.decay(1_000_001);
  expect(window.state("c", 1_000_001)).toMatchObject({ spent: 99_999n, held: 0n });
  window.decay(3_000_000);
  expect(window.state("c", 3_000_000)).toEqual({ counter: "c", spent: 0n, held: 0n, nextReleaseAt: null });
  expect(window.endsAt()).toBeNull();
});

test("amounts that were spent are merged with all that was spent", () => {
  const window = createRollingWindow(1_000_000);
  const first = window.add(0, 0n, 5n);
  window.post(first, 5n, 3n);
  window.add(1, 4n, 2n);
  for (let at = 2; at < 100_001; at += 1) window.add(at, 1n, 0n);
  expect(window.state("c", 1_000_000)).toMatchObject({ spent: 99_999n + 7n, held: 2n, nextReleaseAt: 1_000_001 });
  expect(window.state("c", 1_000_001)).toMatchObject({ spent: 99_999n, held: 0n });
  window.decay(1_000_001);
  expect(window.state("c", 1_000_001)).toMatchObject({ spent: 99_999n, held: 0n });
});

test("amounts given back are dropped and the sums stay right", () => {
  const window = createRollingWindow(1_000);
  const members = Array.from({ length: 5_000 }, (_, at) => window.add(at / 10, 0n, 2n));
  for (const [i, member] of members.entries()) window.post(member, 2n, i % 10 === 0 ? 1n : 0n);
  expect(window.state("c", 999)).toMatchObject({ spent: 500n, held: 0n, nextReleaseAt: 1_000 });
  window.decay(1_250);
  expect(window.state("c", 1_250)).toMatchObject({ spent: 249n, nextReleaseAt: 1_251 });
});

interface Amount {
  member: Member;
  at: number;
  spent: bigint;
  held: bigint;
  gone: boolean;
}

const move = fc.record({
  verb: fc.constantFrom("add", "add", "settle", "void", "decay"),
  pick: fc.nat(30),
  amount: fc.bigInt({ min: 0n, max: 3n }),
  wait: fc.constantFrom(0, 1, 40, 99, 100, 101),
  late: fc.constantFrom(0, 0, 1, 50),
});

test("a window says at every moment what adding up all of its amounts anew says", () => {
  const lengthMs = 100;
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const window = createRollingWindow(lengthMs);
      const amounts: Amount[] = [];
      let now = 1_000;
      for (const { verb, pick, amount, wait, late } of moves) {
        now += wait;
        const open = amounts.filter(({ held }) => held > 0n);
        const one = open[pick % (open.length || 1)];
        if (verb === "add") {
          const at = now - late;
          amounts.push({ member: window.add(at, 0n, amount), at, spent: 0n, held: amount, gone: false });
        } else if (verb === "decay") {
          window.decay(now);
          for (const each of amounts) each.gone ||= each.at + lengthMs <= now;
        } else if (one) {
          const spent = verb === "settle" ? amount : 0n;
          window.post(one.member, one.held, spent);
          one.spent = spent;
          one.held = 0n;
        }
        for (const at of [now, now + 50, now + 200]) {
          const inside = amounts.filter((each) => !each.gone && each.at + lengthMs > at);
          const left = inside.filter(({ spent, held }) => spent + held > 0n).map((each) => each.at + lengthMs);
          expect(window.state("c", at)).toEqual({
            counter: "c",
            spent: inside.reduce((sum, { spent }) => sum + spent, 0n),
            held: inside.reduce((sum, { held }) => sum + held, 0n),
            nextReleaseAt: left.length > 0 ? Math.min(...left) : null,
          });
        }
        const last = Math.max(
          ...amounts.filter(({ gone, spent, held }) => !gone && spent + held > 0n).map((each) => each.at),
        );
        if (Number.isFinite(last)) expect(window.endsAt()).toBeGreaterThanOrEqual(last + lengthMs);
      }
    }),
    { numRuns: 500 },
  );
});

test("a window ends with its last amount, and is empty before the first and after it", () => {
  const window = createRollingWindow(100);
  expect(window.endsAt()).toBeNull();
  window.add(5, 1n, 0n);
  window.add(9, 0n, 1n);
  window.add(7, 1n, 0n);
  expect(window.endsAt()).toBe(109);
  window.decay(108);
  expect(window.endsAt()).toBe(109);
  window.decay(109);
  expect(window.endsAt()).toBeNull();
});

test("an amount that has left stays gone, whatever its bill says", () => {
  const window = createRollingWindow(100);
  const member = window.add(0, 0n, 5n);
  window.decay(100);
  window.post(member, 5n, 4n);
  expect(window.state("c", 100)).toEqual({ counter: "c", spent: 0n, held: 0n, nextReleaseAt: null });
});

test("thousands of amounts that left are forgotten, and what comes later counts as before", () => {
  const window = createRollingWindow(1_000);
  for (let at = 0; at < 5_000; at++) {
    window.decay(at);
    window.add(at, 1n, 0n);
    expect(window.state("c", at).spent).toBe(BigInt(Math.min(at + 1, 1_000)));
  }
});
