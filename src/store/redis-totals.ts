import type { Connection } from "./redis-connection.ts";
import { scripts } from "./redis-scripts.ts";
import { createGroups, cutDays, cutRange, type Span, type Sums } from "./rollup.ts";
import type { TotalsQuery, TotalsRow } from "./store.ts";

/** Rows of sums looked at in one script: some milliseconds of the server's time. */
const rowsPerPage = 5_000;

/**
 * Open holds and the edges of the range come with the first page, then the sums. What fits in one page is seen at one moment;
 * over a longer ledger, a purchase that is settled between two pages may be counted held and spent, never neither.
 */
export async function readTotals({ run }: Connection, { by, since, until }: TotalsQuery): Promise<TotalsRow[]> {
  const groups = createGroups(by);
  const { whole, edges } = cutRange({
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  const spans = JSON.stringify(edges.map(({ from, to }) => [`${from}`, `(${to}`]));
  const range = [since === undefined ? "-inf" : `${since}`, until === undefined ? "+inf" : `(${until}`];
  let first = true;

  /** Adds the rows of a span; answers from which day on whole days have sums. */
  async function addSpan(grain: string, span: Span | null): Promise<number> {
    if (!first && span && span.from >= span.to) return Number.NaN;
    let from = span ? `${span.from}` : "";
    for (;;) {
      const to = span ? `(${span.to}` : "";
      const values = [by.join(" "), spans, ...range, grain, from, to, `${rowsPerPage}`, first ? "1" : "0"];
      const [cursor, wholeFrom, ...rows] = (await run(scripts.totals, [], values)) as [string, string, ...string[][]];
      for (const row of rows) addRow(groups, row);
      first = false;
      if (cursor === "") return Number(wholeFrom);
      from = `(${cursor}`;
    }
  }

  const { days } = whole && !by.includes("bucket") ? cutDays(whole) : { days: null };
  const wholeFrom = await addSpan("wholes", days);
  if (!whole) return groups.rows();
  // What days have sums of their own is neither in quarters nor folded.
  const counted = days && days.to > wholeFrom ? { from: Math.max(days.from, wholeFrom), to: days.to } : null;
  const before = counted ? { from: whole.from, to: counted.from } : whole;
  for (const grain of ["quarters", "days", "ever"]) await addSpan(grain, before);
  if (counted) await addSpan("quarters", { from: counted.to, to: whole.to });
  return groups.rows();
}

function addRow(
  groups: ReturnType<typeof createGroups>,
  [bucket, endpointId, tags, basis, ...amounts]: string[],
): void {
  const [held, spent, saved, calls, charged, cached, joined, refused, unknown, estimated] = amounts as [
    string,
    ...string[],
  ];
  const sums: Sums = {
    held: BigInt(held),
    spent: BigInt(spent!),
    saved: BigInt(saved!),
    calls: Number(calls),
    charged: Number(charged),
    cached: Number(cached),
    joined: Number(joined),
    refused: Number(refused),
    unknown: Number(unknown),
    estimated: BigInt(estimated!),
  };
  groups.add({ bucket: Number(bucket), endpointId: endpointId!, tags: tags!, basis: basis! }, sums);
}
