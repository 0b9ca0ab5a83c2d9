import { copyFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { openConnection } from "../../src/store/sqlite-connection.ts";
import { createSqliteCounters, createSqliteOrdinals } from "../../src/store/sqlite-counters.ts";
import { loadDriver } from "../../src/store/sqlite-driver.ts";
import { migrate } from "../../src/store/sqlite-schema.ts";
import { createSqliteStore } from "../../src/store/sqlite-store.ts";
import { describeStore } from "./contract.ts";
import { charged, correction, day, fixed, hit, hour, noon, request, result, rolling, usd } from "./samples.ts";
import { newFolder, newPath, withDatabase } from "./sqlite-folder.ts";

let files = 0;
const shared = newFolder();
describeStore("sqlite", (bounds) => openSqliteStore(join(shared, `ledger-${++files}.db`), bounds));

describe("the file", () => {
  test("a folder made for it keeps itself out of version control; one that was there is left alone", async () => {
    const folder = newFolder();
    await (await openSqliteStore(join(folder, "a", ".fal-meter", "ledger.db"))).close();
    expect(readFileSync(join(folder, "a", ".fal-meter", ".gitignore"), "utf8")).toBe("*\n");
    await (await openSqliteStore(join(folder, "ledger.db"))).close();
    expect(existsSync(join(folder, ".gitignore"))).toBe(false);
  });

  test("only its owner may read it, and the log beside it", async () => {
    const path = newPath();
    const store = await openSqliteStore(path);
    await store.record(hit("a"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test("everything is there again after closing and opening", async () => {
    const path = newPath();
    const first = await openSqliteStore(path);
    const charges = [fixed("day", usd(5)), rolling("roll", usd(5), hour)];
    await first.hold(request("a", { charges }));
    await first.hold(request("b", { charges }));
    await first.settle("a", charged(usd(0.04)));
    await first.putResult(result("k"));
    await first.close();
    const second = await openSqliteStore(path);
    const counter = { spent: usd(0.04), held: usd(0.04) };
    expect(await second.counters({ prefix: "", at: noon })).toMatchObject([counter, counter]);
    expect(await second.findHold({ id: "b" })).toMatchObject({ charges });
    expect(await second.totals({ by: [] })).toMatchObject([{ ...counter, calls: 1 }]);
    expect(await second.getResult({ key: "k" }, noon)).toEqual(result("k"));
    await second.close();
  });

  test("one of the first version is brought to this one, with everything in it", async () => {
    const path = newPath();
    const before = await openSqliteStore(path);
    const charges = [fixed("day", usd(5))];
    await before.hold(request("a", { charges }));
    await before.hold(request("b", { at: noon - 3 * day }));
    await before.settle("b", charged(usd(0.04)));
    await before.close();
    await withDatabase(path, (database) =>
      database.exec("DROP TABLE permits; DROP TABLE day_rollups; PRAGMA user_version = 1"),
    );
    const after = await openSqliteStore(path);
    expect(await after.findHold({ id: "a" })).toMatchObject({ charges });
    expect(await after.totals({ by: ["endpoint"] })).toMatchObject([{ spent: usd(0.04), calls: 1 }]);
    const paces = [{ pace: "p", count: 1, endsInMs: hour }];
    expect(await after.take({ id: "x", at: noon, paces })).toEqual({ outcome: "taken" });
    await after.close();
  });

  test.each([1, 2, 3, 4])(
    "one that another process makes before the %d. thing asked of it is opened as ours",
    async (nth) => {
      const path = newPath();
      const Driver = await loadDriver();
      let asked = 0;
      class Interrupted extends Driver {
        override prepare(sql: string) {
          asked += 1;
          if (asked === nth) {
            const other = new Driver(path);
            migrate(other, "sqlite:other");
            other.close();
          }
          return super.prepare(sql);
        }
      }
      const options = { store: "sqlite:interrupted", path, clock: systemClock, retryForMs: 1_000, fileBytesMax: 1e9 };
      const connection = await openConnection(Interrupted, options);
      expect(connection.query("SELECT count(*) AS holds FROM holds").get()).toEqual({ holds: 0n });
      expect(asked).toBeGreaterThanOrEqual(nth);
      connection.close();
    },
  );

  test("two stores on one file in one process see each other's holds", async () => {
    const path = newPath();
    const [one, two] = [await openSqliteStore(path), await openSqliteStore(path)];
    const charges = [fixed("day", 100n)];
    const asked = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? one : two).hold(request(`h${i}`, { amount: 10n, charges })),
    );
    const held = (await Promise.all(asked)).filter(({ outcome }) => outcome === "held");
    expect(held).toHaveLength(10);
    await one.close();
    await two.close();
  });

  test("the name tells the path as it was given", async () => {
    const path = newPath();
    const store = await openSqliteStore(path);
    expect(store.name).toBe(`sqlite:${path}`);
    await store.close();
  });

  test("an option out of its bounds is refused by name", async () => {
    for (const [option, value] of Object.entries({
      maxResultBytes: 0,
      maxNotes: 1.5,
      retryForMs: -1,
      maxFileBytes: 0,
    })) {
      const opening = openSqliteStore(newPath(), { [option]: value });
      await expect(opening).rejects.toMatchObject({ name: "OptionsError", option });
    }
    await expect(openSqliteStore(newPath(), { fullSyncAbove: -1 })).rejects.toMatchObject({ option: "fullSyncAbove" });
    await expect(openSqliteStore("")).rejects.toMatchObject({ option: "path" });
  });

  test("money above fullSyncAbove is on the disk before the answer, and small money does not wait for it", async () => {
    const Driver = await loadDriver();
    const modes: string[] = [];
    class Heard extends Driver {
      override exec(sql: string): void {
        const mode = /synchronous = (\w+)/.exec(sql)?.[1];
        if (mode) modes.push(mode);
        super.exec(sql);
      }
    }
    const path = newPath();
    const options = { store: "heard", path, clock: systemClock, retryForMs: 100, fileBytesMax: 2 ** 30 };
    const connection = await openConnection(Heard, options);
    const bounds = { fullSyncAbove: usd(1), resultBytesMax: 1_000, notesKept: 10 };
    const store = createSqliteStore("heard", connection, bounds);
    const syncOf = async (work: Promise<unknown>) => {
      await work;
      return modes.at(-1);
    };
    expect(await syncOf(store.hold(request("a", { amount: usd(1) })))).toBe("NORMAL");
    expect(await syncOf(store.hold(request("b", { amount: usd(1.01) })))).toBe("FULL");
    expect(await syncOf(store.bind("b", "r"))).toBe("NORMAL");
    expect(await syncOf(store.settle("a", charged(usd(1.01))))).toBe("FULL");
    expect(await syncOf(store.settle("b", charged(null)))).toBe("NORMAL");
    expect(await syncOf(store.record(correction("c", -usd(2))))).toBe("FULL");
    const tiers = [{ from: 1, amount: usd(2), percent: 0 }];
    await store.hold(request("d"));
    expect(
      await syncOf(store.settle("d", charged(1n, { post: { amount: 1n, ordinal: { counter: "n", tiers } } }))),
    ).toBe("FULL");
    await store.close();
  });

  test("a closed ledger is whole in its one file, and a copy of it opens", async () => {
    const path = newPath();
    const store = await openSqliteStore(path);
    await store.hold(request("a"));
    await store.close();
    const copy = newPath();
    copyFileSync(path, copy);
    const copied = await openSqliteStore(copy);
    expect(await copied.findHold({ id: "a" })).toMatchObject({ amount: usd(0.04) });
    await copied.close();
  });
});

test("amounts of any size within the bounds are kept to the nano-dollar", async () => {
  const store = await openSqliteStore(newPath());
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.bigInt(0n, 10n ** 18n), async (amount) => {
      const id = `h${++n}`;
      await store.hold(request(id, { amount }));
      expect((await store.findHold({ id }))?.amount).toBe(amount);
    }),
  );
  await store.close();
});

test("purchases are numbered for a bounded number of tariffs", async () => {
  const options = { store: "s", path: newPath(), clock: systemClock, retryForMs: 100, fileBytesMax: 2 ** 30 };
  const connection = await openConnection(await loadDriver(), options);
  const ordinals = createSqliteOrdinals(connection);
  const numbered = await connection.write(() => {
    for (let i = 0; i < 10_001; i += 1) ordinals.next(`month ${i}`, noon + i);
    return [ordinals.next("month 1", noon), ordinals.next("month 0", noon)];
  });
  expect(numbered).toEqual([2, 1]);
  connection.close();
});

test("a transaction that fails half-way has changed nothing", async () => {
  const options = { store: "s", path: newPath(), clock: systemClock, retryForMs: 100, fileBytesMax: 2 ** 30 };
  const connection = await openConnection(await loadDriver(), options);
  const counters = createSqliteCounters(connection);
  const failing = connection.write(() => {
    counters.hold(fixed("day", null), "a", noon, 5n);
    throw new Error("our own mistake");
  });
  await expect(failing).rejects.toThrow("our own mistake");
  expect(await connection.read(() => counters.list("", noon))).toEqual([]);
  connection.close();
});
