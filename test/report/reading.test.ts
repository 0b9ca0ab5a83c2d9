import { describe, expect, test } from "vitest";
import { readEntries, readHolds, readRecent } from "../../src/report/reading.ts";
import { buy, day, hour, noon, note, utc } from "./ledger.ts";
import { stores } from "./stores.ts";

describe.each(stores)("reading a %s store", (_name, open) => {
  test("goes through page after page, oldest first, and says when it stopped", async () => {
    const store = await open();
    for (let i = 0; i < 5_010; i += 1) await store.record(note("hit", { id: `h${i}`, at: noon + i, amount: 0 }));
    const all = await readEntries(store, {}, 50_000);
    expect(all.taken).toBe("all");
    expect(all.entries.map(({ id }) => id)).toEqual(Array.from({ length: 5_010 }, (_, i) => `h${i}`));
    expect((await readEntries(store, {}, 5_010)).taken).toBe("all");
    const some = await readEntries(store, {}, 5_005);
    expect([some.taken, some.entries.length, some.entries[0]!.id, some.entries.at(-1)!.id]).toEqual([
      "sample",
      5_005,
      "h5",
      "h5009",
    ]);
    await store.close();
  });

  test("finds every open hold", async () => {
    const store = await open();
    for (let i = 0; i < 5_010; i += 1) await buy(store, { id: `h${i}`, at: noon + i, outcome: "open" });
    const ids = (await readHolds(store, noon + 5_005)).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 5_005 }, (_, i) => `h${i}`));
    await store.close();
  });

  test("reads what is recent by its age", async () => {
    const store = await open();
    for (const [id, at] of [
      ["october", noon - day],
      ["morning", noon - 2 * hour],
      ["now", noon],
    ] as const)
      await buy(store, { id, at });
    const reading = { store, calendars: utc, now: noon };
    const ids = async (lastMs: number) => (await readRecent(reading, lastMs)).entries.map(({ id }) => id);
    expect(await ids(hour)).toEqual(["now"]);
    expect(await ids(2 * day)).toEqual(["october", "morning", "now"]);
    await store.close();
  });
});
