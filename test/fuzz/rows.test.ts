import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createMeter, isMeterError, type Meter } from "../../src/index.ts";
import { readReport, readStatement, readTrend } from "../../src/report/reading.ts";
import { render } from "../../src/report/render.ts";
import { reportDocument } from "../../src/report/report-document.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Database, Value } from "../../src/store/sqlite-driver.ts";
import type { Store } from "../../src/store/store.ts";
import { noon as reportNoon, utc } from "../report/ledger.ts";
import {
  charged,
  correction,
  entry,
  fixed,
  free,
  hit,
  hour,
  noon,
  note,
  request,
  result,
  rolling,
  usd,
} from "../store/samples.ts";
import { newFolder, withDatabase } from "../store/sqlite-folder.ts";
import { ended, quickRealm, SleepersClock } from "./realm.ts";
import { cases, withSeed } from "./seed.ts";

quickRealm();

const folder = newFolder();
const sound = join(folder, "sound.db");
const META: Record<string, readonly string[]> = {};

/** A ledger with something of everything in it. */
beforeAll(async () => {
  const store = await openSqliteStore(sound);
  const charges = [fixed("cap|a", usd(100)), rolling("cap|b", usd(100), hour)];
  const ways = ["charged", "free", "bound", "doubted", "held"] as const;
  for (const [index, way] of ways.entries()) {
    const id = `purchase-${index}`;
    await store.hold(request(id, { charges, purchase: { key: `key-${index}`, tags: { customer: "acme" } } }));
    if (way === "charged") await store.settle(id, charged(usd(0.04), { requestId: `job-${index}` }));
    if (way === "free") await store.settle(id, free({ requestId: `job-${index}` }));
    if (way === "bound" || way === "doubted") await store.bind(id, `job-${index}`);
    if (way === "doubted") await store.doubt(id, "lost", noon);
  }
  await store.record(hit("hit-1", { requestId: "job-0" }));
  await store.record(correction("correction-1", usd(0.01), { requestId: "job-0", about: "purchase-0", charges }));
  await store.record(entry("refusal-1", { kind: "refusal", outcome: "refused", about: "cap" }));
  await store.putResult(result("key-0", { requestId: "job-0", expiresAt: noon + 365 * 24 * hour }));
  for (const kind of ["budget", "learned", "price", "upload", "audit"]) await store.putNote(note(kind, "purchase-0"));
  await store.close();
  await withDatabase(sound, (database) => {
    for (const table of TABLES) {
      META[table] = database
        .prepare(`PRAGMA table_info(${table})`)
        .all()
        .map((row) => (row as { name: string }).name);
    }
  });
});

const TABLES = [
  "holds",
  "entries",
  "rollups",
  "counters",
  "members",
  "ordinals",
  "results",
  "result_bytes",
  "notes",
] as const;

const JSONS = [
  ...[
    "",
    "{",
    "null",
    "[]",
    "{}",
    "1",
    '"x"',
    "true",
    '{"estimate":null,"charges":[]}',
    '{"estimate":{},"charges":{}}',
  ],
  ...[
    '{"estimate":{"low":"x","expected":1.5,"high":[]},"charges":[null]}',
    '{"__proto__":{"a":1},"charges":[{}],"estimate":{}}',
  ],
  ...[
    '{"transport":9,"digest":{},"estimate":{"low":null,"expected":null,"high":null},"charges":[{"limit":"-1"}]}',
    "[".repeat(3_000),
  ],
];
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Value>(...JSONS) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Value>(
      null,
      0n,
      -1n,
      1n,
      -(2n ** 63n),
      2n ** 63n - 1n,
      10n ** 17n,
      0.5,
      -0.5,
      1e300,
      -1e300,
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Value>("9".repeat(400), "-5", "1e5", "held", "purchase", "\u0000", "x".repeat(100_000)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes): Value => bytes) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "binary", maxLength: 20 }).map((text): Value => text.replaceAll("\ud800", "")),
  },
);

/** One stroke of a vandal's pen. `where` picks a column, or a row. */
type Stroke =
  | { kind: "write"; table: string; where: number; value: Value }
  | { kind: "delete"; table: string; where: number }
  | { kind: "schema"; sql: string };

const table = fc.constantFrom(...TABLES);
const stroke: fc.Arbitrary<Stroke> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("write" as const), table, where: fc.nat(40), value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), table, where: fc.nat(40) }) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        table.map((name) => `DROP TABLE ${name}`),
        table.map((name) => `ALTER TABLE ${name} ADD COLUMN vandal TEXT DEFAULT 'was here'`),
        fc.constantFrom(
          "ALTER TABLE holds DROP COLUMN doubt",
          "ALTER TABLE entries RENAME COLUMN actual TO real",
          "PRAGMA user_version = 0",
        ),
        fc.constantFrom(
          "PRAGMA user_version = 99",
          "PRAGMA application_id = 7",
          "DROP INDEX entries_id",
          "DROP INDEX notes_at",
        ),
      )
      .map((sql) => ({ kind: "schema" as const, sql })),
  },
);

function vandalise(database: Database, strokes: readonly Stroke[]): void {
  for (const each of strokes) {
    try {
      if (each.kind === "schema") database.exec(each.sql);
      else if (each.kind === "delete") database.exec(`DELETE FROM ${each.table} WHERE ${each.where} % 2 = 0`);
      else {
        const columns = META[each.table]!;
        const column = columns[each.where % columns.length]!;
        database.prepare(`UPDATE ${each.table} SET ${column} = ?`).run(each.value);
      }
    } catch {
      // The file itself forbids it, or the table is gone by now.
    }
  }
}

const at = noon + hour;

/** Every verb of the store. What reads comes before what writes over it. */
const VERBS: Record<string, (store: Store) => Promise<unknown>> = {
  counters: (store) => store.counters({ prefix: "cap", at }),
  entries: (store) => store.entries({ limit: 100 }),
  newest: (store) => store.entries({ limit: 100, newest: true, kinds: ["purchase"], endpoint: "fal-ai/*" }),
  totals: (store) => store.totals({ by: ["endpoint", "tags", "bucket", "basis"] }),
  totalsOfRange: (store) => store.totals({ by: [], since: noon - 1_000_000, until: noon + 1 }),
  openHolds: (store) => store.openHolds({ limit: 100 }),
  findHold: (store) => store.findHold({ id: "purchase-4" }),
  findBound: (store) => store.findHold({ requestId: "job-2" }),
  findByKey: (store) => store.findHold({ key: "key-2" }),
  findEntry: (store) => store.findEntry({ id: "purchase-0" }),
  findEntryOfJob: (store) => store.findEntry({ requestId: "job-0" }),
  getResult: (store) => store.getResult({ key: "key-0" }, at),
  getResultOfJob: (store) => store.getResult({ requestId: "job-0" }, at),
  getNote: (store) => store.getNote("budget", "purchase-0", at),
  listNotes: (store) => store.listNotes("learned", at),
  share: (store) => store.share("job-2"),
  unshare: (store) => store.unshare("job-2"),
  joining: (store) => store.hold(request("new-1", { joinSince: 0, purchase: { key: "key-2" } })),
  holding: (store) =>
    store.hold(request("new-2", { at, charges: [fixed("cap|a", usd(100)), rolling("cap|b", usd(100), hour)] })),
  binding: (store) => store.bind("purchase-4", "job-9"),
  doubting: (store) => store.doubt("purchase-2", "lost", at),
  settling: (store) =>
    store.settle(
      "purchase-3",
      charged(1n, {
        post: { amount: 1n, ordinal: { counter: "month", tiers: [{ from: 1, amount: 1n, percent: 0 }] } },
      }),
    ),
  settlingAgain: (store) => store.settle("purchase-0", charged(1n)),
  recording: (store) => store.record(correction("correction-2", 5n, { charges: [fixed("cap|a", null)] })),
  putResult: (store) => store.putResult(result("key-7")),
  putNote: (store) => store.putNote(note("budget", "b")),
  deleteNote: (store) => store.deleteNote("budget", "purchase-0"),
  deleteResults: (store) => store.deleteResults({ tag: { name: "a", value: "b" } }),
};

/** Every read side over it, and a call. */
const READS: Record<string, (meter: Meter) => Promise<unknown>> = {
  spend: (meter) => meter.spend(),
  spendBy: (meter) => meter.spend({ by: ["endpoint", "tag:customer", "day", "basis"], since: noon - 5 }),
  budgets: (meter) => meter.budgets(),
  receiptOfJob: (meter) => meter.receipt("job-0"),
  receiptOfHold: (meter) => meter.receipt("purchase-4"),
  receiptOfLost: (meter) => meter.receipt("job-3"),
  invalidate: (meter) => meter.invalidate({ endpoint: "fal-ai/*" }),
  reconcile: (meter) => meter.reconcile({ olderThan: 1 }),
  estimate: (meter) => meter.estimate("fal-ai/flux/dev", { prompt: "a cat" }),
  call: (meter) =>
    meter.fetch("https://fal.run/fal-ai/flux/dev", { method: "POST", body: '{"prompt":"a cat","seed":1}' }),
  result: (meter) => meter.fetch("https://queue.fal.run/fal-ai/flux/requests/job-0"),
  status: (meter) => meter.fetch("https://queue.fal.run/fal-ai/flux/requests/job-2/status"),
  cancel: (meter) => meter.fetch("https://queue.fal.run/fal-ai/flux/requests/job-2/cancel", { method: "PUT" }),
};

const REPORTS: Record<string, (store: Store) => Promise<unknown>> = {
  report: async (store) => {
    const made = await readReport(
      { store, calendars: utc, now: reportNoon },
      { per: "day", by: ["endpoint", "tag:customer"] },
    );
    return render(reportDocument(made, utc), "html");
  },
  statement: (store) => readStatement({ store, calendars: utc, now: at }, { at, discounts: { mode: "off" } as never }),
  trend: (store) => readTrend({ store, calendars: utc, now: at }, []),
};

/** What an ordinary program may meet: an answer, or an error that says what is wrong with the ledger. */
async function wrongIn<T>(doors: Record<string, (opened: T) => Promise<unknown>>, opened: T): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, open] of Object.entries(doors)) {
    try {
      await ended(open(opened));
    } catch (error) {
      if (!isMeterError(error)) wrong.push(`${name}: ${(error as Error).stack?.split("\n").slice(0, 3).join(" ")}`);
    }
  }
  return wrong;
}

let made = 0;

async function check(strokes: readonly Stroke[]): Promise<void> {
  const path = join(folder, `case-${made++}.db`);
  copyFileSync(sound, path);
  await withDatabase(path, (database) => vandalise(database, strokes));
  const opened = await openSqliteStore(path).catch((error: unknown) => error);
  if (opened instanceof Error) {
    expect(isMeterError(opened), opened.stack).toBe(true);
    return;
  }
  const store = opened as Store;
  const fetch = async () =>
    new Response('{"status":"COMPLETED","request_id":"job-2"}', {
      headers: { "content-type": "application/json", "x-fal-billable-units": "1" },
    });
  const meter = createMeter({
    store,
    fetch,
    clock: new SleepersClock(at),
    cache: { ttl: "1h" },
    budgets: [{ limit: 100, per: "day" }],
  });
  const wrong = [
    ...(await wrongIn(READS, meter)),
    ...(await wrongIn(REPORTS, store)),
    ...(await wrongIn(VERBS, store)),
  ];
  await meter.close();
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  expect(wrong).toEqual([]);
}

describe(`malformed rows in a ledger ${withSeed}`, () => {
  test("are answered, or refused with an error that says so, by every verb and every report", {
    timeout: 120_000,
  }, async () => {
    const some = fc.array(stroke, { minLength: 1, maxLength: 3 });
    await fc.assert(fc.asyncProperty(some, check), cases(150));
  });
});
