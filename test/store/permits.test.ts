import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { minute, noon } from "./samples.ts";
import { newPath, withDatabase } from "./sqlite-folder.ts";

const one = (id: string, at: number) => ({ id, at, paces: [{ pace: "p", count: 1, endsInMs: minute }] });

/** Stores that go by their callers' clocks. */
describe.each([
  ["memory", async () => createMemoryStore()],
  ["SQLite", () => openSqliteStore(newPath())],
])("permits in the %s store", (_, open) => {
  test("end at their end, to the millisecond", async () => {
    const store = await open();
    await store.take(one("a", noon));
    expect(await store.take(one("b", noon + minute - 1))).toEqual({ outcome: "full", pace: "p", freeInMs: 1 });
    expect(await store.take(one("b", noon + minute))).toEqual({ outcome: "taken" });
    await store.close();
  });

  test("do not end sooner for a caller that read the clock a while ago", async () => {
    const store = await open();
    await store.take(one("a", noon));
    expect(await store.take(one("b", noon - 5_000))).toMatchObject({ outcome: "full" });
    expect(await store.take(one("b", noon + minute - 1))).toEqual({ outcome: "full", pace: "p", freeInMs: 1 });
    await store.close();
  });

  test("do not end sooner for one that was asleep for an hour since it read the clock", async () => {
    const store = await open();
    await store.take(one("a", noon));
    expect(await store.take(one("b", noon - 60 * minute))).toEqual({ outcome: "full", pace: "p", freeInMs: minute });
    expect(await store.take(one("b", noon + 1))).toEqual({ outcome: "full", pace: "p", freeInMs: minute - 1 });
    expect(await store.take(one("b", noon - 59 * minute))).toMatchObject({ outcome: "full" });
    expect(await store.take(one("b", noon + minute - 1))).toEqual({ outcome: "full", pace: "p", freeInMs: 1 });
    expect(await store.keep([{ id: "a", pace: "p", endsInMs: minute }], noon + minute - 1)).toBe(1);
    await store.close();
  });

  test("last as long as they were meant to where the clock is set back by a day", async () => {
    const store = await open();
    await store.take(one("a", noon));
    const yesterday = noon - 24 * 60 * minute;
    expect(await store.take(one("b", yesterday))).toEqual({ outcome: "full", pace: "p", freeInMs: minute });
    expect(await store.take(one("b", yesterday + minute))).toEqual({ outcome: "taken" });
    await store.close();
  });

  test("last no longer where the clock is set back once more", async () => {
    const store = await open();
    await store.take(one("a", noon));
    const back = (hours: number, passed = 0) => noon - hours * 60 * minute + passed;
    expect(await store.take(one("b", back(1)))).toEqual({ outcome: "full", pace: "p", freeInMs: minute });
    expect(await store.take(one("b", back(2)))).toEqual({ outcome: "full", pace: "p", freeInMs: minute });
    expect(await store.take(one("b", back(2, minute - 1)))).toEqual({ outcome: "full", pace: "p", freeInMs: 1 });
    expect(await store.take(one("b", back(2, minute)))).toEqual({ outcome: "taken" });
    await store.close();
  });
});

test("a SQLite file keeps no permit of a pace that nobody asks for any more", async () => {
  const path = newPath();
  const store = await openSqliteStore(path);
  for (let index = 0; index < 50; index++)
    await store.take({ ...one("a", noon), paces: [{ pace: `p${index}`, count: 1, endsInMs: minute }] });
  await store.take(one("b", noon + minute));
  await store.close();
  const rows = await withDatabase(path, (database) => database.prepare("SELECT count(*) AS kept FROM permits").get());
  expect(rows).toEqual({ kept: 1 });
});
