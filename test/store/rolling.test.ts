import { expect, test } from "vitest";
import { createRollingWindow } from "../../src/store/rolling.ts";

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

test("amounts given back are dropped and the sums stay right", () => {
  const window = createRollingWindow(1_000);
  const members = Array.from({ length: 5_000 }, (_, at) => window.add(at / 10, 0n, 2n));
  for (const [i, member] of members.entries()) window.post(member, 2n, i % 10 === 0 ? 1n : 0n);
  expect(window.state("c", 999)).toMatchObject({ spent: 500n, held: 0n, nextReleaseAt: 1_000 });
  window.decay(1_250);
  expect(window.state("c", 1_250)).toMatchObject({ spent: 249n, nextReleaseAt: 1_251 });
});
