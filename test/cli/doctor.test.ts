import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStore } from "fal-meter/sqlite";
import { describe, expect, it } from "vitest";
import { checkClock, checkKey, checkNode } from "../../src/cli/doctor-checks.ts";
import { loadDriver } from "../../src/store/sqlite-driver.ts";
import { makeReadOnly, newFolder, smallDisk } from "../store/sqlite-folder.ts";
import { emptyFolder, isPlain, run } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

const filled = () =>
  ledgerOf({ budgets: [{ name: "daily", limit: 1, per: "day" }] }, (client) =>
    client.run("fal-ai/flux/schnell", { input: { prompt: "a boat" } }),
  );

describe("fal-meter doctor", () => {
  it("finds nothing wrong with a sound ledger, and shows nothing of the key", async () => {
    const { folder } = await filled();
    const { code, out, err } = await run(["doctor"], { cwd: folder, env: { FAL_KEY: "id-0451:secret-0451" } });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const check of ["node", "fal-meter", "@fal-ai/client", "key", "store", "schema", "budgets", "prices", "clock"])
      expect(out).toMatch(new RegExp(`^ok\\s+${check}\\s`, "m"));
    expect(out).toContain("Nothing is wrong.");
    expect(out).not.toContain("0451");
    expect(isPlain(out)).toBe(true);
  });

  it("does without a ledger and without a key", async () => {
    const { code, out } = await run(["doctor", "--json"], { cwd: emptyFolder() });
    expect(code).toBe(0);
    const { healthy, findings } = JSON.parse(out);
    expect(healthy).toBe(true);
    expect(findings.find(({ check }: { check: string }) => check === "key").state).toBe("look");
  });

  it("ends with 1 for a ledger that is none, or of a later version", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "letter.db"), "this is a letter. ".repeat(100));
    const letter = await run(["doctor", "--store", "sqlite:letter.db"], { cwd });
    expect(letter.code).toBe(1);
    expect(letter.out).toMatch(/^wrong\s+store\s.*corrupt/m);
    const { folder, store } = await filled();
    const database = new (await loadDriver())(store.slice("sqlite:".length));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const later = await run(["doctor"], { cwd: folder });
    expect(later.code).toBe(1);
    expect(later.out).toContain("schema is 99");
  });

  it("ends with 1 for entries from the future and budgets that nobody can read", async () => {
    const { folder, store } = await filled();
    const opened = await openSqliteStore(store.slice("sqlite:".length));
    const [entry] = await opened.entries({ limit: 1 });
    await opened.record({ ...entry!, id: "future", kind: "hit", outcome: "hit", at: entry!.at + 3_600_000 });
    await opened.putNote({ kind: "budget", key: "k", value: "{}", at: 0, expiresAt: null });
    await opened.close();
    const { code, out } = await run(["doctor"], { cwd: folder });
    expect(code).toBe(1);
    expect(out).toMatch(/^wrong\s+clock\s.*one of the clocks is wrong/m);
    expect(out).toMatch(/^wrong\s+budgets\s.*registered as k/m);
    expect(out).toContain("2 of these are wrong.");
  });

  it("ends with 1 where no ledger can be written", async () => {
    const cwd = smallDisk(1024 * 1024) ?? newFolder();
    makeReadOnly(cwd);
    const { code, out } = await run(["doctor"], { cwd });
    expect(code).toBe(1);
    expect(out).toContain("nothing can be written");
  });

  it("knows an old Node, a key with blanks in it, and a clock that is behind the ledger", () => {
    expect(checkNode("20.18.3").state).toBe("wrong");
    expect(checkNode("20.19.0").state).toBe("ok");
    expect(checkNode("24.0.0").state).toBe("ok");
    expect(checkKey({ FAL_KEY: "a:b\n" } as NodeJS.ProcessEnv).state).toBe("wrong");
    expect(checkKey({ FAL_KEY_ID: "a", FAL_KEY_SECRET: "b" } as NodeJS.ProcessEnv).state).toBe("ok");
    expect(checkClock(1_000_000, 1_200_000).state).toBe("ok");
    expect(checkClock(1_000_000, 1_400_000).state).toBe("wrong");
  });
});
