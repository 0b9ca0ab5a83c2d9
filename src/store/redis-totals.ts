import type { Connection, Reply } from "./redis-connection.ts";
import { scripts } from "./redis-scripts.ts";
import { createGroups, cutRange, type Sums } from "./rollup.ts";
import type { TotalsQuery, TotalsRow } from "./store.ts";

/** Rows of sums looked at in one script: some milliseconds of the server's time. */
const rowsPerPage = 5_000;

const grains = ["quarters", "days", "ever"] as const;

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
  for (const grain of grains) {
    let from = whole ? `${whole.from}` : "";
    do {
      const to = whole ? `(${whole.to}` : "";
      const values = [by.join(" "), spans, ...range, grain, from, to, `${rowsPerPage}`, first ? "1" : "0"];
      const [cursor, ...rows] = (await run(scripts.totals, [], values)) as Reply[];
      for (const row of rows) addRow(groups, row as string[]);
      first = false;
      from = cursor === "" ? "" : `(${cursor as string}`;
    } while (from !== "");
    if (!whole) break;
  }
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
