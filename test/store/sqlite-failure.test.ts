import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite.ts";
import { isBusy, storeFailure } from "../../src/store/sqlite-failure.ts";
import type { Store } from "../../src/store/store.ts";
import { charged, fixed, hit, minute, noon, request, result } from "./samples.ts";
import { makeReadOnly, newFolder, newPath, smallDisk, withDatabase } from "./sqlite-folder.ts";

describe("when the file cannot be used", () => {
  const refuses = async (opening: Promise<Store>, reason: string) => {
    await expect(opening).rejects.toMatchObject({ name: "StoreError", reason });
  };

  test("a file that is no database is corrupt, and is left as it was", async () => {
    const path = newPath();
    writeFileSync(path, "these are not the books you are looking for".repeat(100));
    await refuses(openSqliteStore(path), "corrupt");
    expect(readFileSync(path, "utf8")).toMatch(/^these are not/);
  });

  test("a damaged ledger is corrupt when the damage is met", async () => {
    const path = newPath();
    const store = await openSqliteStore(path);
    for (let i = 0; i < 200; i += 1) await store.record(hit(`h${i}`));
    await store.close();
    const copy = newPath();
    copyFileSync(path, copy);
    truncateSync(copy, statSync(copy).size - 40_960);
    const reading = openSqliteStore(copy).then((damaged) =>
      damaged.entries({ limit: 1_000 }).finally(() => damaged.close()),
    );
    await expect(reading).rejects.toMatchObject({ name: "StoreError", reason: "corrupt" });
  });

  test("pages that were overwritten are corrupt to every verb that meets them", async () => {
    const path = newPath();
    const store = await openSqliteStore(path);
    for (let i = 0; i < 200; i += 1) await store.record(hit(`h${i}`));
    await store.close();
    // The package keeps the file open until its statements are collected, and a log of what is there.
    const copy = newPath();
    const roots = await withDatabase(path, (database) =>
      database.prepare("SELECT rootpage AS page FROM sqlite_schema WHERE rootpage > 0").all(),
    );
    const bytes = readFileSync(path);
    for (const { page } of roots as { page: number }[]) bytes.fill(0xa5, (page - 1) * 4_096, page * 4_096);
    writeFileSync(copy, bytes);
    const damaged = await openSqliteStore(copy);
    const corrupt = { name: "StoreError", reason: "corrupt" };
    await expect(damaged.entries({ limit: 1_000 })).rejects.toMatchObject(corrupt);
    await expect(damaged.totals({ by: [] })).rejects.toMatchObject(corrupt);
    await expect(damaged.counters({ prefix: "", at: noon })).rejects.toMatchObject(corrupt);
    await expect(damaged.hold(request("a"))).rejects.toMatchObject(corrupt);
    await damaged.close();
  });

  test("a driver that leaves out SQLite's code is understood by SQLite's words", () => {
    const thrown = (message: string) => Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR" });
    expect(isBusy(thrown("database is locked"))).toBe(true);
    expect(isBusy(thrown("no such table: holds"))).toBe(false);
    expect(storeFailure("sqlite:a", thrown("database or disk is full"))).toMatchObject({ reason: "full" });
    expect(storeFailure("sqlite:a", thrown("no such table: holds"))).toMatchObject({ reason: "failed" });
  });

  test("another program's database is not written to", async () => {
    const path = newPath();
    await withDatabase(path, (database) => database.exec("CREATE TABLE theirs (x)"));
    await refuses(openSqliteStore(path), "corrupt");
    const tables = await withDatabase(path, (database) => database.prepare("SELECT name FROM sqlite_schema").all());
    expect(tables).toMatchObject([{ name: "theirs" }]);
  });

  test("a ledger of a later version is left alone", async () => {
    const path = newPath();
    await (await openSqliteStore(path)).close();
    await withDatabase(path, (database) => database.exec("PRAGMA user_version = 999"));
    await refuses(openSqliteStore(path), "newer-schema");
  });

  test("a path that is a folder, or that leads through a file, is out of reach", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "ledger.db"));
    await refuses(openSqliteStore(join(folder, "ledger.db")), "unreachable");
    writeFileSync(join(folder, "file"), "");
    await refuses(openSqliteStore(join(folder, "file", "ledger.db")), "unreachable");
  });

  test("a read-only place is told at opening, with a ledger in it and without", async () => {
    const folder = smallDisk(8 * 1024 * 1024) ?? newFolder();
    const path = newPath();
    await (await openSqliteStore(path)).close();
    copyFileSync(path, join(folder, "ledger.db"));
    makeReadOnly(folder);
    await refuses(openSqliteStore(join(folder, "ledger.db")), "read-only");
    await refuses(openSqliteStore(join(folder, "other.db")), "read-only");
    await refuses(openSqliteStore(join(folder, "deep", "ledger.db")), "read-only");
  });

  /** Holds until the store is full, and then looks at the books. */
  async function fill(path: string, options: SqliteStoreOptions): Promise<void> {
    const store = await openSqliteStore(path, options);
    const charges = [fixed("day", null)];
    const note = "x".repeat(2_000);
    let settled = 0;
    const filling = (async () => {
      for (; settled < 10_000; settled += 1) {
        await store.hold(request(`h${settled}`, { amount: 1n, charges }));
        await store.settle(`h${settled}`, charged(1n, { note }));
      }
    })();
    await expect(filling).rejects.toMatchObject({ name: "StoreError", reason: "full" });
    expect(settled).toBeGreaterThan(10);
    const open = await store.openHolds({ limit: 10 });
    const [day] = await store.counters({ prefix: "day", at: noon });
    expect(day).toMatchObject({ spent: BigInt(settled), held: BigInt(open.length) });
    expect(await store.totals({ by: [] })).toMatchObject([{ spent: BigInt(settled), calls: settled }]);
    expect(await store.entries({ limit: 10_000 })).toHaveLength(settled);
    await store.close();
  }

  test("a file at its own bound is full, with nothing half-written", async () => {
    await fill(newPath(), { maxFileBytes: 512 * 1024 });
  });

  test("a full disk is full, with nothing half-written", async () => {
    const disk = smallDisk(2 * 1024 * 1024);
    if (disk) await fill(join(disk, "ledger.db"), {});
    // Where no disk may be mounted, the file's own bound raises the same SQLITE_FULL.
    else await fill(newPath(), { maxFileBytes: 300 * 1024 });
  });

  test("a file that another process keeps locked is busy after the time given, and works again afterwards", async () => {
    const path = newPath();
    let now = 0;
    const slept: number[] = [];
    const clock: Clock = {
      now: () => now,
      async sleep(ms) {
        slept.push(ms);
        now += ms;
      },
    };
    const store = await openSqliteStore(path, { retryForMs: 100, clock });
    await withDatabase(path, async (database) => {
      database.exec("BEGIN IMMEDIATE");
      await expect(store.hold(request("a"))).rejects.toMatchObject({ name: "StoreError", reason: "busy" });
      expect(await store.findHold({ id: "a" })).toBeUndefined();
      database.exec("ROLLBACK");
    });
    expect(slept.length).toBeGreaterThan(3);
    expect(Math.max(...slept)).toBeLessThanOrEqual(27);
    expect(await store.hold(request("a"))).toMatchObject({ outcome: "held" });
    await store.close();
  });

  test("a result is still read while another process writes", async () => {
    const path = newPath();
    const store = await openSqliteStore(path, { retryForMs: 1 });
    await store.putResult(result("k"));
    await withDatabase(path, async (database) => {
      database.exec("BEGIN IMMEDIATE");
      expect(await store.getResult({ key: "k" }, noon + minute)).toBeDefined();
      database.exec("ROLLBACK");
    });
    await store.close();
  });
});

describe("what SQLite or the file system throws", () => {
  const thrown = (rest: object) => Object.assign(new Error("why"), rest);
  const reasonOf = (error: unknown) => (storeFailure("sqlite:/a", error) as { reason?: string }).reason;

  test.each([
    [3, "read-only"],
    [5, "busy"],
    [6, "busy"],
    [8, "read-only"],
    [11, "corrupt"],
    [13, "full"],
    [14, "unreachable"],
    [26, "corrupt"],
    [261, "busy"],
    [1_032, "read-only"],
    [4_874, "full"],
    [10, "failed"],
    [1, "failed"],
  ])("with the code %i is %s", (errcode, reason) => {
    const error = thrown({ errcode, code: "ERR_SQLITE_ERROR" });
    expect(reasonOf(error)).toBe(reason);
    expect(storeFailure("sqlite:/a", error)).toMatchObject({ name: "StoreError", store: "sqlite:/a" });
    expect((storeFailure("sqlite:/a", error) as Error).message).toContain("why");
    expect(isBusy(error)).toBe(reason === "busy");
  });

  test.each([
    [{ code: "EROFS", syscall: "open" }, "read-only"],
    [{ code: "EACCES", syscall: "access" }, "read-only"],
    [{ code: "EPERM", syscall: "mkdir" }, "read-only"],
    [{ code: "ENOSPC", syscall: "write" }, "full"],
    [{ code: "EDQUOT", syscall: "write" }, "full"],
    [{ code: "ENOTDIR", syscall: "mkdir" }, "unreachable"],
    [{ code: "ERR_SQLITE_ERROR" }, "failed"],
  ])("as %j is %s", (rest, reason) => {
    expect(reasonOf(thrown(rest))).toBe(reason);
  });

  test("of neither is handed on as it is", () => {
    for (const error of [thrown({}), thrown({ code: "EROFS" }), thrown({ code: 5, syscall: "open" }), "words", null])
      expect(storeFailure("s", error)).toBe(error);
  });

  test.each([TypeError, SyntaxError, RangeError])("while a row is read is damage, and quotes nothing: %s", (Kind) => {
    const failure = storeFailure("s", new Kind("Cannot convert a secret prompt to a BigInt")) as Error;
    expect(failure).toMatchObject({ name: "StoreError", reason: "corrupt" });
    expect(failure.message).not.toContain("secret");
  });

  test("of the kind of a damaged row, with a code, is what its code says", () => {
    const error = Object.assign(new TypeError("why"), { errcode: 13 });
    expect(reasonOf(error)).toBe("full");
  });
});
