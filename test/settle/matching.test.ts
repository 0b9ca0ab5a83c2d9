import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EARLY_MS, LATE_MS, matched, spansOf } from "../../src/settle/matching.ts";
import type { Hold } from "../../src/store/store.ts";

const estimate = {
  low: 1n,
  expected: 1n,
  high: 1n,
  unit: null,
  quantity: null,
  unitPrice: null,
  basis: "b",
  source: "s",
  asOf: null,
};

function lost(id: string, at: number, digest = "d", endpointId = "acme/a"): Hold {
  const purchase = { endpointId, transport: "run" as const, tags: {}, key: null, digest, estimate };
  return { id, at, amount: 1n, charges: [], purchase, state: "unknown", requestId: null, sharers: 1, doubt: null };
}

const listed = (requestId: string, at: number, digest = "d") => ({ requestId, at, digest });
const pairs = (...given: Parameters<typeof matched>) =>
  matched(...given).map(({ hold, found }) => [hold.id, found.requestId]);

describe("matching lost purchases with fal's requests", () => {
  it("takes the one with the same input within two seconds before and five minutes after the hold", () => {
    const hold = lost("a", 1e6);
    for (const at of [hold.at - EARLY_MS, hold.at, hold.at + LATE_MS])
      expect(pairs([hold], [listed("r", at)])).toEqual([["a", "r"]]);
    for (const at of [hold.at - EARLY_MS - 1, hold.at + LATE_MS + 1])
      expect(pairs([hold], [listed("r", at)])).toEqual([]);
    expect(pairs([hold], [listed("r", hold.at, "other")])).toEqual([]);
  });

  it("takes none of several", () => {
    expect(pairs([lost("a", 0)], [listed("r", 1), listed("s", 2)])).toEqual([]);
    expect(pairs([lost("a", 0), lost("b", 1)], [listed("r", 2)])).toEqual([]);
  });

  it("pairs as many with as many in the order of time, whatever order they come in", () => {
    const holds = [lost("b", 2_000), lost("c", 3_000), lost("a", 1_000)];
    const candidates = [listed("t", 3_500), listed("r", 1_500), listed("s", 2_500)];
    expect(pairs(holds, candidates)).toEqual([
      ["a", "r"],
      ["b", "s"],
      ["c", "t"],
    ]);
  });

  it("tells what lies apart in time apart", () => {
    const hour = 3_600_000;
    const holds = [lost("a", 0), lost("b", hour), lost("c", hour + 1)];
    expect(pairs(holds, [listed("r", 10), listed("s", hour + 10)])).toEqual([["a", "r"]]);
  });

  it("takes none where as many hang together as there are, and one of them cannot be its own", () => {
    const minute = 60_000;
    const holds = [lost("a", 0), lost("b", 4 * minute), lost("c", 4 * minute + 1_000), lost("d", 8 * minute)];
    const times = [1, 2, 4.5, 8.5].map((at) => at * minute);
    expect(
      pairs(
        holds,
        times.map((at, index) => listed(`r${index}`, at)),
      ),
    ).toEqual([]);
  });

  it("pairs nothing twice, nothing of another input or time, and only where the numbers agree", () => {
    const time = fc.integer({ min: 0, max: 30 * 60_000 });
    const digest = fc.constantFrom("d", "e");
    const many = fc.array(fc.tuple(time, digest), { maxLength: 12 });
    fc.assert(
      fc.property(many, many, (held, asked) => {
        const holds = held.map(([at, each], index) => lost(`h${index}`, at, each));
        const candidates = asked.map(([at, each], index) => listed(`r${index}`, at, each));
        const matches = matched(holds, candidates);
        expect(new Set(matches.map(({ hold }) => hold.id)).size).toBe(matches.length);
        expect(new Set(matches.map(({ found }) => found.requestId)).size).toBe(matches.length);
        const canBe = (hold: Hold, found: (typeof candidates)[number]) =>
          hold.purchase.digest === found.digest && found.at >= hold.at - EARLY_MS && found.at <= hold.at + LATE_MS;
        for (const { hold, found } of matches) {
          expect(canBe(hold, found)).toBe(true);
          // Whatever else could be either of the two is paired itself.
          for (const other of candidates)
            if (canBe(hold, other)) expect(matches.some((each) => each.found === other)).toBe(true);
          for (const other of holds)
            if (canBe(other, found)) expect(matches.some((each) => each.hold === other)).toBe(true);
        }
        for (const hold of holds) {
          const [only, ...more] = candidates.filter((each) => canBe(hold, each));
          const alone = only && more.length === 0 && holds.filter((each) => canBe(each, only)).length === 1;
          if (alone) expect(matches.some((each) => each.hold === hold && each.found === only)).toBe(true);
        }
      }),
    );
  });
});

describe("the spans of time to ask fal about", () => {
  it("are one for what lies close together, and one for each endpoint", () => {
    const minute = 60_000;
    const spans = spansOf([lost("a", 0), lost("b", 30 * minute), lost("c", 200 * minute), lost("d", 0, "d", "acme/b")]);
    expect(spans.map(({ endpointId, from }) => [endpointId, from])).toEqual([
      ["acme/a", -EARLY_MS],
      ["acme/b", -EARLY_MS],
      ["acme/a", 200 * minute - EARLY_MS],
    ]);
    expect(spans[0]!.until).toBeGreaterThanOrEqual(30 * minute + LATE_MS);
  });

  it("begin anew more than an hour after the last purchase, or more than a day after the first", () => {
    const hour = 3_600_000;
    const until = (at: number) => at + LATE_MS + hour;
    const spans = (...times: number[]) =>
      spansOf(times.map((at, index) => lost(`h${index}`, at))).map(({ from, until }) => [from, until]);
    expect(spans(hour, 0)).toEqual([[-EARLY_MS, until(hour)]]);
    expect(spans(0, hour + 1)).toEqual([
      [-EARLY_MS, until(0)],
      [hour + 1 - EARLY_MS, until(hour + 1)],
    ]);
    const hourly = Array.from({ length: 25 }, (_, index) => index * hour);
    expect(spans(...hourly)).toEqual([[-EARLY_MS, until(24 * hour)]]);
    expect(spans(...hourly, 24 * hour + 1)).toEqual([
      [-EARLY_MS, until(24 * hour)],
      [24 * hour + 1 - EARLY_MS, until(24 * hour + 1)],
    ]);
  });

  it("cover every purchase's own time, and none is longer than a day and what one purchase takes", () => {
    const hour = 3_600_000;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 * hour }), { maxLength: 60 }), (times) => {
        const spans = spansOf(times.map((at, index) => lost(`h${index}`, at)));
        for (const at of times)
          expect(spans.some(({ from, until }) => from <= at - EARLY_MS && until >= at + LATE_MS)).toBe(true);
        for (const { from, until } of spans) expect(until - from).toBeLessThanOrEqual(26 * hour);
      }),
    );
  });
});
