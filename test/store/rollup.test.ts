import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addSums,
  bucketOf,
  createGroups,
  cutRange,
  type EntryAmounts,
  noSums,
  sumsOfEntry,
  sumsOfHold,
  tagsText,
} from "../../src/store/rollup.ts";
import { noon } from "./samples.ts";

const quarter = 900_000;
const [least, most] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

describe("a range is cut into whole quarter hours and edges", () => {
  test.each([
    ["all of time", {}, { from: least, to: most }, []],
    ["a quarter hour", { since: noon, until: noon + quarter }, { from: noon, to: noon + quarter }, []],
    ["from a quarter hour on", { since: noon }, { from: noon, to: most }, []],
    ["up to a quarter hour", { until: noon }, { from: least, to: noon }, []],
    ["from the middle of one on", { since: noon - 1 }, { from: noon, to: most }, [{ from: noon - 1, to: noon }]],
    ["to the middle of one", { until: noon + 1 }, { from: least, to: noon }, [{ from: noon, to: noon + 1 }]],
    [
      "over both ends of one",
      { since: noon - 1, until: noon + quarter + 1 },
      { from: noon, to: noon + quarter },
      [
        { from: noon - 1, to: noon },
        { from: noon + quarter, to: noon + quarter + 1 },
      ],
    ],
    [
      "over the end of one",
      { since: noon - 1, until: noon + 1 },
      null,
      [
        { from: noon - 1, to: noon },
        { from: noon, to: noon + 1 },
      ],
    ],
    ["inside one", { since: noon + 1, until: noon + 2 }, null, [{ from: noon + 1, to: noon + 2 }]],
    ["nothing", { since: noon, until: noon }, null, []],
    ["backwards", { since: noon + 1, until: noon }, null, []],
  ])("%s", (_, range, whole, edges) => {
    expect(cutRange(range)).toEqual({ whole, edges });
  });

  test("and every instant lies in exactly one piece, or in none outside of it", () => {
    const instant = fc.integer({ min: -3 * quarter, max: 3 * quarter });
    fc.assert(
      fc.property(instant, instant, instant, (since, until, at) => {
        const { whole, edges } = cutRange({ since, until });
        const pieces = whole ? [whole, ...edges] : edges;
        expect(pieces.filter(({ from, to }) => at >= from && at < to)).toHaveLength(at >= since && at < until ? 1 : 0);
        for (const { from, to } of edges) expect(bucketOf(from)).toBe(bucketOf(to - 1));
        if (whole) expect([bucketOf(whole.from), bucketOf(whole.to)]).toEqual([whole.from, whole.to]);
      }),
    );
  });
});

test("tags are one text, in whatever order they come", () => {
  expect(tagsText({ b: "1", a: "2" })).toBe('{"a":"2","b":"1"}');
  expect([tagsText({}), tagsText({ a: "1" })]).toEqual(["{}", '{"a":"1"}']);
});

describe("what is added up", () => {
  const paid: EntryAmounts = { kind: "purchase", outcome: "charged", actual: 4n, saved: 0n, expected: 5n };

  test.each<[string, EntryAmounts, object]>([
    ["a purchase", paid, { spent: 4n, calls: 1, charged: 1, estimated: 5n }],
    ["a free one", { ...paid, outcome: "free", actual: 0n }, { calls: 1 }],
    ["an expired one", { ...paid, outcome: "expired" }, { spent: 4n, calls: 1 }],
    ["an unknown one", { ...paid, actual: null, expected: null }, { calls: 1, charged: 1, unknown: 1 }],
    ["a hit", { ...paid, kind: "hit", outcome: "hit", actual: 0n, saved: 3n }, { cached: 1, saved: 3n }],
    ["a hit of unknown worth", { ...paid, kind: "hit", outcome: "hit", actual: 0n, saved: null }, { cached: 1 }],
    ["a join", { ...paid, kind: "join", outcome: "joined", actual: 0n, saved: 3n }, { joined: 1, saved: 3n }],
    ["a join of unknown worth", { ...paid, kind: "join", outcome: "joined", actual: 0n, saved: null }, { joined: 1 }],
    ["a refusal", { ...paid, kind: "refusal", outcome: "refused", actual: 0n, saved: 9n }, { refused: 1 }],
    ["a correction", { ...paid, kind: "correction", outcome: "corrected", actual: -2n }, { spent: -2n }],
    [
      "a correction of nothing known",
      { ...paid, kind: "correction", outcome: "corrected", actual: null, saved: 3n },
      {},
    ],
  ])("%s adds what it cost, and what it was", (_, entry, sums) => {
    expect(sumsOfEntry(entry)).toEqual({ ...noSums(), ...sums });
  });

  test("an open hold adds what it holds, or that nobody knows it", () => {
    expect(sumsOfHold(7n)).toEqual({ ...noSums(), held: 7n });
    expect(sumsOfHold(null)).toEqual({ ...noSums(), unknown: 1 });
  });

  test("sums add up each for itself", () => {
    const names = Object.keys(noSums()) as (keyof ReturnType<typeof noSums>)[];
    const sums = (first: number) =>
      Object.fromEntries(
        names.map((name, index) => [name, typeof noSums()[name] === "bigint" ? BigInt(first + index) : first + index]),
      ) as unknown as ReturnType<typeof noSums>;
    const into = sums(1);
    addSums(into, sums(100));
    expect(Object.values(into).map(Number)).toEqual(names.map((_, index) => 101 + 2 * index));
  });
});

describe("groups", () => {
  const key = { bucket: noon, endpointId: "a", tags: '{"team":"x"}', basis: "rate-card" };
  const one = { ...noSums(), calls: 1 };

  test("are one row where nothing is asked for, even of nothing", () => {
    const row = { endpointId: null, tags: null, bucket: null, basis: null };
    expect(createGroups([]).rows()).toEqual([{ ...row, ...noSums() }]);
    const groups = createGroups([]);
    groups.add(key, one);
    groups.add({ ...key, endpointId: "b", bucket: 0 }, one);
    expect(groups.rows()).toEqual([{ ...row, ...noSums(), calls: 2 }]);
    expect(createGroups(["endpoint"]).rows()).toEqual([]);
  });

  test.each([
    ["bucket", { bucket: noon + quarter }, { bucket: noon }, { bucket: noon + quarter }],
    ["endpoint", { endpointId: "b" }, { endpointId: "a" }, { endpointId: "b" }],
    ["tags", { tags: '{"team":"y"}' }, { tags: { team: "x" } }, { tags: { team: "y" } }],
    ["basis", { basis: "unknown" }, { basis: "rate-card" }, { basis: "unknown" }],
  ] as const)("by %s keep apart what differs in it, and say nothing else", (by, other, first, second) => {
    const groups = createGroups([by]);
    for (const each of [{ ...key, ...other }, key, key]) groups.add(each, one);
    const row = { endpointId: null, tags: null, bucket: null, basis: null };
    expect(groups.rows()).toEqual([
      { ...row, ...first, ...noSums(), calls: 2 },
      { ...row, ...second, ...noSums(), calls: 1 },
    ]);
  });

  test("come in the order of bucket, endpoint, tags, basis", () => {
    const groups = createGroups(["basis", "tags", "endpoint", "bucket"]);
    const keys = [0, noon].flatMap((bucket) =>
      ["a", "b"].flatMap((endpointId) =>
        ["{}", '{"a":"b"}'].flatMap((tags) => ["c", "d"].map((basis) => ({ bucket, endpointId, tags, basis }))),
      ),
    );
    const shuffled = keys.map((_, index) => keys[(index * 7) % keys.length]!);
    for (const each of shuffled) groups.add(each, one);
    const rows = groups.rows().map((row) => [row.bucket, row.endpointId, row.tags, row.basis]);
    const sorted = [...keys].sort(
      (a, b) =>
        a.bucket - b.bucket ||
        a.endpointId.localeCompare(b.endpointId) ||
        (a.tags === b.tags ? a.basis.localeCompare(b.basis) : a.tags < b.tags ? -1 : 1),
    );
    expect(rows).toEqual(
      sorted.map(({ bucket, endpointId, tags, basis }) => [bucket, endpointId, JSON.parse(tags), basis]),
    );
  });
});
